# basic - two disks of tgt, of 512 and of 4096 bytes a block: found, attached,
# given a file system, written, read back, listed, and let go.
. tests/lib.sh

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 1G 512
	tgt_disk 1 2 1G 4096
} || exit 1
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid

one=$(disk 0 0 1) two=$(disk 0 0 2)
need "a disk of 512-byte blocks gets its link" appears 20 "$one"
need "a disk of 4096-byte blocks gets its link" appears 20 "$two"
check "512-byte blocks are 512-byte blocks for the host" \
	attribute_is "$one" queue/logical_block_size 512
check "4096-byte blocks are 4096-byte blocks for the host" \
	attribute_is "$two" queue/logical_block_size 4096
check "the host sees the size of the disk" \
	attribute_is "$one" size $((1 << 21))
case $(readlink "$one") in
/dev/loop*)
	check "the loop device uses direct I/O" attribute_is "$one" loop/dio 1
	;;
esac
check "LUN 0, which is no disk, gets no link" \
	not test -e "$(disk 0 0 0)"
check "the target gets a line in the bindings file" \
	grep -qE "^0[[:space:]]+0[[:space:]]+$IQN:store\$" "$T/iscsi.bindings"
check "the start names vendor, model and revision" \
	logged 'vendor: IET' 'model: VIRTUAL-DISK' 'rev: 0001'
check "the start names type and ANSI revision" \
	logged 'type: +direct-access' 'ansi scsi revision: 0'

fill_random "$T/data" 256M
want=$(sum "$T/data")

fill() { # DISK DIR
	mkdir -p "$2" && mkfs.ext4 -q "$1" && mount "$1" "$2" &&
		cp "$T/data" "$2/data" && forget_cache "$2"
}
for n in 1 2; do
	dev=$(disk 0 0 $n) dir=$T/mnt/$n
	LIMIT=120 need "LUN $n takes a file system and 256 MiB of random data" \
		fill "$dev" "$dir"
	LIMIT=120 check "LUN $n gives the same data back" \
		same_sum "$dir/data" "$want"
	check "the file system of LUN $n unmounts" umount "$dir"
	check "the file system of LUN $n is sound" e2fsck -fn "$dev"
done

check "iscsi-ls names the target and its session" eval \
	'list | grep -qE "^TARGET NAME +: $IQN:store\$" &&
	list | grep -qE "^SESSION STATUS +: ESTABLISHED AT "'
check "iscsi-ls -l lists each disk with its device" eval \
	'list -l | grep -A4 -E "LUN ID ?: ?1" | grep -q "Device:" &&
	list -l | grep -A4 -E "LUN ID ?: ?2" | grep -q "Device:"'
stops_clean
check "iscsi-ls without a daemon says so" eval \
	'list 2>&1 | grep -qi "not running\|not loaded\|no daemon\|cannot"'
check "the data reached the target: a second start finds them" eval '
	start_iscsid && appears 20 "$one" && mount -o ro "$one" "$T/mnt/1" &&
	same_sum "$T/mnt/1/data" $want && umount "$T/mnt/1"'
