# readonly - a LUN the target protects is a read-only device.
. tests/lib.sh

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 64M
	tgt_disk_param 1 1 readonly=1
	tgt_disk 1 2 64M
} || exit 1
fill_random "$T/data" 8M
dd if="$T/data" of="$T/disk.1.1" conv=notrunc status=none
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid

one=$(disk 0 0 1)
need "a read-only LUN gets its link" appears 20 "$one"
check "the device is read-only" attribute_is "$one" ro 1
check "it can be read" holds "$one" "$T/data"
check "a write is refused" not dd if=/dev/zero of="$one" bs=4k count=1 \
	oflag=direct status=none
check "nothing was written" cmp -n $((8 << 20)) "$T/data" "$T/disk.1.1"
need "its neighbour gets its link" appears 20 "$(disk 0 0 2)"
check "the neighbour is writable" attribute_is "$(disk 0 0 2)" ro 0
stops_clean
