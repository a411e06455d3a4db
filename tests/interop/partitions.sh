# partitions - a table with two partitions: both get links and are usable,
# also where the kernel cannot read partition tables.
. tests/lib.sh

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 256M 512
	tgt_disk 1 2 256M 4096
} || exit 1
printf '%s\n' 'label: dos' 'size=96MiB' 'size=64MiB' |
	sfdisk -q "$T/disk.1.1" || exit 1
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid

use() { # PARTITION DIR
	mkdir -p "$2" && mkfs.ext4 -q "$1" && mount "$1" "$2" &&
		cp "$T/data" "$2/data" && forget_cache "$2" &&
		same_sum "$2/data" "$want" && umount "$2"
}
parted_disk() { # LUN
	local n size dev
	for n in 1 2; do
		size=$((n == 1 ? 96 : 64))
		dev=$(disk 0 0 "$1" part$n)
		need "partition $n of LUN $1 gets its link" appears 20 "$dev"
		check "partition $n of LUN $1 has its size" test \
			"$(blockdev --getsize64 "$dev")" = $((size << 20))
		check "partition $n of LUN $1 holds a file system" \
			use "$dev" "$T/mnt/$1.$n"
	done
	check "there is no third partition of LUN $1" \
		not test -e "$(disk 0 0 "$1" part3)"
}
fill_random "$T/data" 16M
want=$(sum "$T/data")
need "the disk gets its link" appears 20 "$(disk 0 0 1)"
parted_disk 1

two=$(disk 0 0 2)
need "a second disk gets its link" appears 20 "$two"
table() {
	printf '%s\n' 'label: gpt' 'size=96MiB' 'size=64MiB' |
		sfdisk -q --no-reread "$two" && blockdev --flushbufs "$two"
}
check "a disk of 4096-byte blocks takes a GPT" table
check "the daemon stops" stop_iscsid
start_iscsid
need "the disk with the GPT comes back" appears 20 "$two"
parted_disk 2
stops_clean
