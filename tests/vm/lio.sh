# lio - the driver and Linux's own target, the most common one: discovery, a
# file system, digests, and a target that is stopped and started under load.
. tests/vm/lib.sh
. tests/vm/configfs

target_up() {
	lio_group store 1 127.0.0.1:3260 && lio_lun store 1 0 one &&
		lio_set "$(group store 1)/param" HeaderDigest=CRC32C
}

need "LIO starts" start_lio
lio_disk one 64M
need "it has a target" target_up
configure <<C
DiscoveryAddress=127.0.0.1:3260
DataDigest=always
C
start_iscsid
d=$(disk 0 0 0)
need "a disk of LIO is found and attached" appears 60 "$d"
check "header digests are what LIO insists on, data digests what we do" \
	eval '[ "$(list -c | grep -c "Digest.*CRC32C")" = 2 ]'
fill_random "$T/data" 8M
check "it takes a file system" eval \
	'mkfs.ext4 -q "$d" && mount "$d" "$T/mnt" && cp "$T/data" "$T/mnt"'
check "the file is there after the cache is forgotten" eval \
	'forget_cache "$T/mnt" && cmp "$T/data" "$T/mnt/data"'
check "the file system unmounts" umount "$T/mnt"

restart() {
	remove_target store && wait_for 20 logged 'session.*dropped' &&
		target_up &&
		wait_for 60 eval '[ $(count_logged "established session") = 2 ]'
}
LIMIT=120 check "a target that stops and starts under load costs no error" \
	under_load "$d" restart
stops_clean
