# stop - a stop in the middle of work: it ends, and nothing stays behind.
. tests/lib.sh

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 256M
	tgt_disk 1 2 64M
} || exit 1
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid
one=$(disk 0 0 1)
need "the disk gets its link" appears 20 "$one"

# Links that are not ours stay.
mkdir -p "$L/bus9" && ln -s /dev/null "$L/mine"
fill_random "$T/data" 16M
check "data that were written and not yet synchronised" \
	dd if="$T/data" of="$one" bs=1M conv=notrunc status=none
check "the daemon stops on SIGTERM" stop_iscsid
check "they reached the target by the stop" \
	cmp -n $((16 << 20)) "$T/data" "$T/disk.1.1"
check "the stop leaves what it did not make" test -L "$L/mine" -a -d "$L/bus9"
rm -r "$L/mine" "$L/bus9"
check "the stop leaves nothing else" nothing_left
connections() {
	ss -Htn state established "dport = :$port" | grep .
}
check "the stop leaves no connection to the target" not connections

start_iscsid
need "the disk comes back under the same name" appears 20 "$one"

# A stop waits for whoever uses a disk: nobody loses data by it.
overwrite() {
	exec 9<"$one" # also between two of them
	while [ ! -e "$T/enough" ]; do
		dd if=/dev/zero of="$one" bs=64k count=256 oflag=direct \
			conv=notrunc,nocreat status=none || return
	done
}
written() { # sectors so far
	attribute "$one" stat | awk '{ print $7 }'
}
more_than() {
	[ "$(written)" -gt "$1" ]
}
overwrite >"$T/dd.log" 2>&1 &
writer=$!
check "somebody writes to the disk" wait_for 10 more_than 2048
kill "$ISCSID"
check "a stop meanwhile names who uses the disk" \
	will_log 10 'is open in process [0-9]+ \((dd|bash)\)' # a dd begins or runs
check "the writer goes on" wait_for 10 more_than $(($(written) + 32768))
touch "$T/enough"
wait "$writer"
status=$?
check "the writer ends without an error" test $status = 0
check "then the stop ends" wait_for 20 ended "$ISCSID"
check "it leaves nothing" nothing_left

start_iscsid
need "the disk comes back again" appears 20 "$one"
check "it is mounted" eval 'mkfs.ext4 -q "$one" && mount "$one" "$T/mnt"'
kill "$ISCSID"
check "a stop names the file system" will_log 10 "loop.* mounted .*$T/mnt"
check "the file system still works" eval \
	'cp "$T/data" "$T/mnt/" && forget_cache "$T/mnt" &&
	cmp "$T/data" "$T/mnt/data"'
check "it unmounts" umount "$T/mnt"
check "then the stop ends, too" wait_for 20 ended "$ISCSID"
check "it leaves nothing either" nothing_left
