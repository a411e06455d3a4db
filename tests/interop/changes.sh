# changes - what changes behind a disk that is open: write protection, both
# ways, and which disk it is.
. tests/lib.sh
set -o pipefail

port=$(free_port)
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" --target "$IQN:a" \
	--lun 0:mem:64M,id=1 --lun 1:mem:64M,ro,id=2 --control "$T/control" \
	--pidfile "$T/target.pid" >"$T/target.log" 2>&1 &
tell() {
	echo "$*" >"$T/control"
}
ctl() {
	"$B/src/tools/iscsictl" -R "$T/run" "$@"
}
shows() { # REGEX
	"$B/src/tools/iscsi-ls" -R "$T/run" -l | grep -E "$1"
}
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid
one=$(disk 0 0 0) two=$(disk 0 0 1)
need "the disk gets its link" appears 20 "$one"
need "so does the one that is read-only" appears 20 "$two"
dev=$(readlink "$one") dev2=$(readlink "$two")
writes() { # DEVICE BYTE
	head -c 4096 /dev/zero | tr '\0' "$2" |
		dd of="$1" bs=4k oflag=direct conv=notrunc status=none
}
reads() { # DEVICE BYTE
	local rest
	rest=$(dd if="$1" bs=4k count=1 iflag=direct status=none |
		tr -d "$2" | wc -c) && [ "$rest" = 0 ]
}

check "the disk is writable" attribute_is "$dev" ro 0
check "the other is not" attribute_is "$dev2" ro 1
check "a write to it is refused" not writes "$dev2" b
exec 8<"$dev2" # it stays open all the time
tell read-only "$IQN:a" 1 off
check "the target lets it be written, and its device follows" wait_for 15 \
	eval 'dd if="$dev2" of=/dev/null bs=4k count=1 iflag=direct && attribute_is "$dev2" ro 0'
check "it is the same device" test "$(readlink "$two")" = "$dev2"
check "a write reaches it" writes "$dev2" b
check "and is there" reads "$dev2" b
exec 8<&-

check "a file system is made" mkfs.ext4 -q "$dev"
check "it is mounted" mount "$dev" "$T/mnt"
tell read-only "$IQN:a" 0 on
check "the target protects the disk, and its device follows" wait_for 15 \
	eval 'dd if="$dev" of=/dev/null bs=4k count=1 iflag=direct && attribute_is "$dev" ro 1'
check "iscsi-ls shows it" shows 'read-only|write protected|Read-only'
tell read-only "$IQN:a" 0 off
check "it is writable again" wait_for 15 \
	eval 'dd if="$dev" of=/dev/null bs=4k count=1 iflag=direct && attribute_is "$dev" ro 0'
check "under its file system" eval \
	'echo data >"$T/mnt/file" && sync -f "$T/mnt" && umount "$T/mnt"'

# A loop device's number must not stay read-only for whoever gets it next.
tell read-only "$IQN:a" 1 on
check "the other is protected again" wait_for 15 \
	eval 'dd if="$dev2" of=/dev/null bs=4k count=1 iflag=direct && attribute_is "$dev2" ro 1'
check "it is removed" ctl remove 0 0 1
check "its number is not read-only after that" \
	not grep -q 1 "/sys/block/$(basename "$dev2")/ro"
check "it comes back" ctl add 0 0 1
check "and is protected" attribute_is "$(readlink "$two")" ro 1

writes "$dev" a
exec 8<"$dev"
tell identity "$IQN:a" 0 77
tell attention "$IQN:a" 0 inquiry
check "another disk is noticed, and nothing is read of it" wait_for 15 eval \
	'! dd if="$dev" of=/dev/null bs=4k count=1 iflag=direct && shows "another disk: expected"'
check "a rescan leaves the device that is open" ctl rescan
check "the log says who has it" will_log 15 \
	"is made anew when nobody uses it: it is open in process"
check "adding it is refused for that reason" eval \
	'! ctl add 0 0 0 2>"$T/said" && grep "in process" "$T/said"'
check "it fails all the time" not reads "$dev" a
check "iscsi-ls shows the cause" shows 'another disk: expected'
exec 8<&-
check "with its last user it is made anew" wait_for 20 reads "$one" a
check "for the disk that is there now" eval '! shows "another disk"'
check "it can be written" writes "$(readlink "$one")" c

tell identity "$IQN:a" 0 78
tell attention "$IQN:a" 0 inquiry
check "another disk once more" wait_for 15 eval \
	'! dd if="$one" of=/dev/null bs=4k count=1 iflag=direct && shows "another disk: expected"'
check "nobody uses it, and a rescan makes it anew" eval \
	'ctl rescan 0 0 && wait_for 10 reads "$one" c'

# The right disk is given back: whether its device was made anew by then or not.
for i in 1 2 3; do
	tell identity "$IQN:a" 0 7a
	tell attention "$IQN:a" 0 inquiry
	check "a wrong disk for a while ($i)" wait_for 15 eval \
		'! dd if="$one" of=/dev/null bs=4k count=1 iflag=direct && shows "another disk: expected"'
	tell identity "$IQN:a" 0 78
	check "and a rescan that finds the right one again" eval \
		'ctl rescan 0 0 && wait_for 15 reads "$one" c && ! shows "another disk"'
done

# What a removal waits for is said, and one that somebody gets in the way of
# is given up.
dev2=$(readlink "$two")
target=$(cat "$T/target.pid")
tell read-only "$IQN:a" 1 off
check "the other is writable" wait_for 15 \
	eval 'dd if="$dev2" of=/dev/null bs=4k count=1 iflag=direct && attribute_is "$dev2" ro 0'
dirty() {
	fill_random "$T/data" 4M
	dd if="$T/data" of="$dev2" bs=1M conv=notrunc status=none
}
dirty
kill -STOP "$target"
"$B/src/tools/iscsictl" -R "$T/run" remove 0 0 1 >"$T/removed" 2>&1 &
removal=$!
check "a removal with the target away says what it waits for" wait_for 10 \
	grep -q "lun 1: the target has not taken the last writes yet" "$T/removed"
kill -CONT "$target"
check "when it is back the removal ends" wait_for 20 ended $removal
wait $removal
check "well" test $? = 0
check "and its link is gone" test ! -e "$two"
ctl add 0 0 1 >/dev/null
need "it is there again" appears 10 "$two"
dev2=$(readlink "$two")
dirty
kill -STOP "$target"
check "another removal is not over when its caller's time is" \
	not ctl -t 3 remove 0 0 1
check "which it says, and that it goes on" eval \
	'! ctl -t 2 remove 0 0 1 2>"$T/removed" && grep "it goes on" "$T/removed"'
exec 8<"$dev2"
kill -CONT "$target"
check "who asked for it is gone, and somebody has opened the disk: it stays" \
	will_log 20 "lun 1: is not removed: it is open in process"
check "with its link" appears 10 "$two"
check "and its data" eval 'cmp -n 4194304 "$T/data" "$dev2"'
exec 8<&-
check "it stays after that, too" eval 'sleep 1; test -b "$two"'
stops_clean
