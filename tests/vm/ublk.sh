# ublk - disks as ublk devices: their limits, what they ask of the target, read
# only, another size, partitions, the stop.
VM_LIMIT=${VM_LIMIT:-500}
. tests/vm/lib.sh

modprobe -q ublk_drv || skip_all "the kernel $(uname -r) has no ublk_drv"
port=$(free_port)
truncate -s 64M "$T/plain.img" "$T/ro.img"
fill_random "$T/data" 4M
dd if="$T/data" of="$T/ro.img" conv=notrunc status=none
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
	--control "$T/control" --target "$IQN:a" \
	--lun "0:file:$T/plain.img,thin" --lun "1:file:$T/ro.img,ro" \
	--lun "2:mem:64M,bs=4096" >"$T/target.log" 2>&1 &
zero=$(disk 0 0 0) one=$(disk 0 0 1) two=$(disk 0 0 2)
configure <<C
Export=ublk
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid -e 1
need "a disk gets its link" appears 60 "$zero"
need "the next one, too" appears 20 "$one"
need "and the last" appears 20 "$two"

# ---- what the host sees --------------------------------------------------

check "it has the size of the disk" attribute_is "$zero" size $((64 << 11))
check "blocks of 512 bytes are that" \
	attribute_is "$zero" queue/logical_block_size 512
check "blocks of 4096 bytes are that" \
	attribute_is "$two" queue/logical_block_size 4096
check "a request is as large as a buffer" \
	attribute_is "$zero" queue/max_hw_sectors_kb 1024
check "the target's cache is known" \
	attribute_is "$zero" queue/write_cache "write back"
check "FUA is the target's" attribute_is "$zero" queue/fua 1
more_than_nothing() {
	[ "$(attribute "$zero" queue/discard_max_bytes)" -gt 0 ] &&
		[ "$(attribute "$zero" queue/write_zeroes_max_bytes)" -gt 0 ]
}
check "a thin disk can be discarded and zeroed" more_than_nothing
check "a thick one cannot be discarded" \
	attribute_is "$two" queue/discard_max_bytes 0
check "a read-only LUN is a read-only device" attribute_is "$one" ro 1
check "it can be read" holds "$one" "$T/data"
check "a write to it is refused" not dd if=/dev/zero of="$one" bs=4k count=1 \
	oflag=direct status=none

owner() {
	"$B/src/tools/iscsi-device" -R "$T/run" "$@"
}
check "iscsi-device knows whose it is" eval \
	'owner "$two" | grep -qx "bus 0 target 0 lun 2"'

# ---- what the target is asked --------------------------------------------

stored() { # KiB in the target's file
	echo $(($(stat -c %b "$T/plain.img") / 2))
}
zeros() { # OFFSET LENGTH in MiB
	cmp -n $(($2 << 20)) "$zero" /dev/zero -i $(($1 << 20)):0
}
start_capture "$port" || exit 1
check "data are written to stable storage" put "$T/data" "$zero"
check "and read back" holds "$zero" "$T/data"
check "a file system is made and used" eval '
	mkfs.ext4 -q -F -E nodiscard "$two" && mount "$two" "$T/mnt" &&
	cp "$T/data" "$T/mnt/data" && forget_cache "$T/mnt" &&
	cmp "$T/data" "$T/mnt/data" && umount "$T/mnt"'
check "zeroing a range keeps its space" eval '
	blkdiscard -z -o 0 -l $((1 << 20)) "$zero" && zeros 0 1 &&
	[ $(stored) -ge 4096 ]'
check "zeroing with a hole gives it back" eval '
	fallocate -p -o 0 -l $((1 << 20)) "$zero" && zeros 0 1 &&
	[ $(stored) -le 3072 ]'
check "so does a discard" eval '
	blkdiscard -o $((1 << 20)) -l $((1 << 20)) "$zero" &&
	[ $(stored) -le 2048 ]'
commands() { # the operation code of each, a tab, FUA; there may be lists
	seen 'scsi_sbc.opcode' -T fields -e scsi_sbc.opcode -e scsi_sbc.fua \
		>"$T/commands"
	grep -q . "$T/commands"
}
asked() { # REGEX
	sort "$T/commands" | uniq -c
	grep -qiE "$1" "$T/commands"
}
stop_capture || exit 1
LIMIT=120 check "the commands are there" commands
check "a flush is SYNCHRONIZE CACHE" asked '0x(35|91)'
check "a journal's commit is a write with FUA" \
	asked $'0x(2a|8a).*\t.*(1|true)'
check "a discard is UNMAP" asked '0x42'
check "zeroing is WRITE SAME" asked '0x(41|93)'

# ---- another size --------------------------------------------------------

resize() {
	echo "resize $IQN:a 2 96M" >"$T/control"
	"$B/src/tools/iscsictl" -R "$T/run" rescan
}
exec 8<"$two"
check "the target's disk grows" resize
features=$(sed -n 's/.*ublk devices work here (features \(0x[0-9a-f]*\)).*/\1/p' \
	"$T/iscsid.log")
if ((${features:-0} & 0x400)); then
	check "the device grows, too" wait_for 20 attribute_is "$two" size \
		$((96 << 11))
	exec 8<&-
else
	check "the log says that this kernel cannot follow" \
		will_log 20 'lun 2: .* is made anew when nobody uses it: it is open'
	check "the device stays as it is" attribute_is "$two" size \
		$((64 << 11))
	check "iscsi-ls says what it waits for" eval \
		'"$B/src/tools/iscsi-ls" -R "$T/run" -l | grep "taken over when"'
	exec 8<&-
	check "with its last user it takes the new size" wait_for 30 \
		attribute_is "$two" size $((96 << 11))
fi

# ---- partitions ----------------------------------------------------------

check "a partition table is read" eval \
	'echo "start=2048, size=32768" | sfdisk -q "$zero" &&
	appears 20 "$(disk 0 0 0 part1)"'
check "iscsi-device knows the partition" eval \
	'owner "$(disk 0 0 0 part1)" | grep -qx "bus 0 target 0 lun 0 partition 1"'
check "the partition holds data" put "$T/data" "$(disk 0 0 0 part1)"

# ---- the stop ------------------------------------------------------------

check "it is mounted" mount "$two" "$T/mnt"
kill "$ISCSID"
check "a stop names the file system" will_log 20 "ublkb.* mounted .*$T/mnt"
check "the file system still works" eval \
	'cp "$T/data" "$T/mnt/again" && sync -f "$T/mnt"'
check "it unmounts" umount "$T/mnt"
check "then the stop ends" wait_for 60 ended "$ISCSID"
check "it leaves nothing" nothing_left
check "and no ublk device" not ls /dev/ublkb* /dev/ublkc*

start_iscsid -e 1
need "the disks come back" appears 60 "$two"
check "one is mounted again" mount "$two" "$T/mnt"
kill "$ISCSID"
check "the stop waits" will_log 20 "ublkb.* mounted .*$T/mnt"
kill "$ISCSID"
check "a stop by force takes the disk away from its users" \
	wait_for 60 ended "$ISCSID"
check "no ublk device is left" not ls /dev/ublkb* /dev/ublkc*
umount -l "$T/mnt"
