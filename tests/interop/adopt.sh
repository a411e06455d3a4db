#!/bin/bash
# The manager dies; its engines go on, and the next manager goes on with them.
. tests/lib.sh
MAY_DIE=1

port=$(free_port)
truncate -s 128M "$T/a.img" "$T/b.img"
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
	--target "$IQN:a" --lun "0:file:$T/a.img" --lun "1:file:$T/b.img" \
	--pidfile "$T/target.pid" >"$T/target.log" 2>&1 &
configure <<END
DiscoveryAddress=127.0.0.1:$port
END
start_iscsid -e 1
need "disk 0 appears" appears 20 "$(disk 0 0 0)"
need "disk 1 appears" appears 20 "$(disk 0 0 1)"
dev=$(readlink "$(disk 0 0 0)")

engine() { # the process of the engine
	pgrep -x iscsid-engine | while read -r p; do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qxF "SOFTHBA_TEST=$T" && echo "$p"
	done
}

kill_manager() {
	kill -KILL "$ISCSID"
	wait "$ISCSID" 2>/dev/null
	return 0
}

next_manager() {
	mv "$T/iscsid.log" "$T/iscsid.log.$((++starts))"
	start_iscsid -e 1
}

goes_on() {
	will_log 20 "2 disks go on" && wait_for 20 list &&
		will_log 20 "2 of 2 disks are back"
}

verified() {
	fio --name=x --filename="$(disk 0 0 1)" --rw=randwrite --bs=4k \
		--size=64M --io_size=192M --iodepth=16 \
		--ioengine=libaio --direct=1 --verify=crc32c \
		--do_verify=1 --verify_fatal=1 --output="$T/fio.out"
}

need "mkfs" mkfs.ext4 -q "$(disk 0 0 0)"
need "mount" mount "$(disk 0 0 0)" "$T/mnt"
fill_random "$T/random" 8M
want=$(sum "$T/random")
before=$(engine)
starts=0

kill_manager
cp "$T/random" "$T/mnt/file"
check "without it data reach the disk" sync -f "$T/mnt"
check "and come back" same_sum "$T/mnt/file" "$want"
next_manager
check "the next manager goes on with both disks" goes_on
check "the engine is the same" test "$(engine)" = "$before"
check "the device is the same" test "$(readlink "$(disk 0 0 0)")" = "$dev"
check "the list shows them" \
	sh -c "'$B/src/tools/iscsi-ls' -R '$T/run' -l | grep -c Device: | grep -qx 2"
check "it has no second session" test "$(ss -Htn state established \
	"dport = :$port" | wc -l)" -le 2

verified >"$T/fio.log" 2>&1 &
FIO=$!
for n in 1 2 3; do
	kill_manager
	next_manager
	check "manager $n dies under load, the next goes on" goes_on
done
check "fio saw no error" wait_for 120 ended $FIO
wait $FIO
check "and all it wrote is there" test $? = 0

check "an engine that dies afterwards is replaced" \
	sh -c "kill -KILL $(engine)"
check "and its disks go on" put "$T/random" "$(disk 0 0 1)"
check "with their data" holds "$(disk 0 0 1)" "$T/random"

kill_manager
kill -KILL $(engine)
fails() {
	! dd if=/dev/zero of="$1" bs=4k count=1 oflag=direct status=none
}
check "with both dead I/O fails and does not hang" \
	fails "$(disk 0 0 1)"
umount "$T/mnt"
mv "$T/iscsid.log" "$T/iscsid.log.last"
start_iscsid -e 1 -R "$T/mnt/../run/" # spelled otherwise, it is the same
check "the next start clears what they left" \
	will_log 20 "loop.* of a former run cleared"
check "and the disks come back" appears 20 "$(disk 0 0 1)"
check "with their data" holds "$(disk 0 0 1)" "$T/random"
sound() { # as after any crash: once its journal is replayed
	fsck.ext4 -y -E journal_only "$1" && fsck.ext4 -f -n "$1"
}
check "the file system is sound" sound "$(disk 0 0 0)"
stops_clean

start_iscsid -e 1
need "the disks come back once more" appears 20 "$(disk 0 0 1)"
kill_manager
blockdev --flushbufs "$(readlink "$(disk 0 0 1)")"
kill -STOP "$(cat "$T/target.pid")"
next_manager
check "the next manager goes on while the target is silent" \
	will_log 20 "2 disks go on"
check "says which disk is not back, and what it waits for" \
	will_log 20 "lun 1: is not back yet: it waits for"
kill "$ISCSID"
check "and is stopped while it looks at a disk" \
	will_log 10 "finishing what is under way .parsing"
kill -CONT "$(cat "$T/target.pid")"
check "it ends" wait_for 20 ended "$ISCSID"
check "and leaves nothing that its predecessor made" nothing_left
check "no record is left" sh -c "! ls '$T/run/held' 2>/dev/null | grep ."
