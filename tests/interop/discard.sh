# discard - what the host gives up, the target's sparse file gives up too.
. tests/lib.sh

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 256M
	tgt_disk_param 1 1 thin_provisioning=1
	tgt_disk 1 2 64M
} || exit 1
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid

one=$(disk 0 0 1)
stored() { # MiB in the target's file
	echo $(($(stat -c %b "$T/disk.1.1") / 2048))
}
at_least() { # COMMAND NUMBER
	local got
	got=$($1)
	[ "$got" -ge "$2" ] || { echo "$got, not $2 or more"; return 1; }
}
at_most() {
	local got
	got=$($1)
	[ "$got" -le "$2" ] || { echo "$got, not $2 or less"; return 1; }
}
need "a thin LUN gets its link" appears 20 "$one"
fill_random "$T/data" 128M
check "data fill the target's file" put "$T/data" "$one"
check "the target stores them" at_least stored 120
check "the first half is discarded" blkdiscard -o 0 -l $((64 << 20)) "$one"
check "the target gave its space back" at_most stored 72
head -c 64M /dev/zero >"$T/zero"
check "what was discarded reads as zeros" holds "$one" "$T/zero"
rest_holds() {
	dd if="$one" bs=1M skip=64 count=64 iflag=direct status=none |
		cmp - <(tail -c 64M "$T/data")
}
check "the other half is untouched" rest_holds
zero_out() {
	blkdiscard -z -o $((64 << 20)) -l $((16 << 20)) "$one" &&
		dd if="$one" bs=1M skip=64 count=16 iflag=direct status=none |
		cmp - <(head -c 16M /dev/zero)
}
check "zeroing a range makes it read as zeros" zero_out

trims() {
	mkfs.ext4 -q "$one" && mount "$one" "$T/mnt" &&
		cp "$T/data" "$T/mnt/data" && sync -f "$T/mnt" &&
		at_least stored 120 && rm "$T/mnt/data" && sync -f "$T/mnt" &&
		fstrim "$T/mnt" && umount "$T/mnt" && at_most stored 40
}
check "fstrim of a file system frees a removed file's space" trims

two=$(disk 0 0 2)
need "a thick LUN gets its link" appears 20 "$two"
head -c 4M /dev/zero >"$T/zero"
zeroes_anyhow() {
	put "$T/data" "$two" 2>/dev/null
	blkdiscard -z -l $((4 << 20)) "$two" && holds "$two" "$T/zero"
}
check "a LUN that cannot discard can still be zeroed" zeroes_anyhow
stops_clean
