# rundirs - a run directory is known by which one it is, not by how it is called:
# one of the same name in another mount namespace is somebody else's, and one that
# was renamed, or is reached by another way, is the same.
. tests/lib.sh
MAY_DIE=1

port=$(free_port)
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" --target "$IQN:a" \
	--lun 0:mem:64M --pidfile "$T/target.pid" >"$T/target.log" 2>&1 &
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
: >"$T/empty.conf"
chmod 600 "$T/empty.conf"
one=$(disk 0 0 0)
reads() {
	dd if="$one" of=/dev/null bs=4k count=1 iflag=direct status=none
}
daemon() { # RUNDIR OPTION...: a second one, in the foreground
	local dir=$1
	shift
	exec "$B/src/iscsid/iscsid" -n -b "$T/other.bindings" \
		-I "$T/initiatorname.iscsi" -l "$T/other.dev" -R "$dir" -e 1 "$@"
}
kill_all() {
	local p
	kill -KILL "$ISCSID"
	wait "$ISCSID" 2>/dev/null
	for p in $(pgrep -x iscsid-engine); do
		{ tr '\0' '\n' <"/proc/$p/environ"; } 2>/dev/null |
			grep -qx "SOFTHBA_TEST=$T" && kill -KILL "$p"
	done
	wait_for 10 not pgrep -x iscsid-engine -s 0
	return 0
}
devices() { # of ours, whoever serves them
	grep -l "$T/" /sys/block/loop*/loop/backing_file 2>/dev/null
	mount | grep "$T/.*/lun/.*fuse.iscsi"
}

start_iscsid -e 1
need "a disk gets its link" appears 20 "$one"
dev=$(readlink "$one")
check "it gets a partition" eval 'echo "start=2048, size=32768" |
	sfdisk -q "$dev" && appears 10 "$(disk 0 0 0 part1)"'

# ---- somebody else's -----------------------------------------------------

unshare -m sh -c 'mount -t tmpfs tmpfs "$1/run" && exec "$2" -n \
	-f "$1/empty.conf" -b "$1/other.bindings" -I "$1/initiatorname.iscsi" \
	-l "$1/other.dev" -R "$1/run" -e 1' sh "$T" "$B/src/iscsid/iscsid" \
	>"$T/other.log" 2>&1 &
other=$!
check "another daemon has a run directory of that name in another namespace" \
	wait_for 30 grep -q 'nothing to do' "$T/other.log"
check "it takes no disk away" reads
check "and claims none" not grep -E 'loop[0-9]|former run' "$T/other.log"
kill $other
check "it ends" wait_for 30 ended $other
check "the disk stays" reads
check "so does its partition" test -b "$(disk 0 0 0 part1)"
check "its device is the same" test "$(readlink "$one")" = "$dev"

# Both have a disk in the same place of their bus.
unshare -m sh -c 'mount -t tmpfs tmpfs "$1/run" && exec "$2" -n \
	-f "$1/iscsi.conf" -b "$1/other.bindings" -I "$1/other.name" \
	-l "$1/other.dev" -R "$1/run" -e 1' sh "$T" "$B/src/iscsid/iscsid" \
	>"$T/other2.log" 2>&1 &
other=$!
need "one in another namespace has a disk of its own" wait_for 30 \
	test -b "$T/other.dev/bus0/target0/lun0/disk"
theirs=$(readlink "$T/other.dev/bus0/target0/lun0/disk")
kill_all
start_iscsid -e 1
need "all of ours die, and the next start has its disk again" appears 30 "$one"
check "that is not the other's" test "$(readlink "$one")" != "$theirs"
check "the other's can be read" dd if="$theirs" of=/dev/null bs=4k count=1 \
	iflag=direct status=none
kill $other
check "the other ends" wait_for 30 ended $other
check "ours can be read" reads

# ---- the same by another name --------------------------------------------

kill -KILL "$ISCSID"
wait "$ISCSID" 2>/dev/null
mv "$T/iscsid.log" "$T/iscsid.log.1"
daemon "$T/run/../run/" -f "$T/iscsi.conf" -l "$L" -b "$T/iscsi.bindings" \
	>"$T/iscsid.log" 2>&1 &
ISCSID=$!
check "spelled another way it is the same: the disk goes on" \
	will_log 20 "$(basename "$(readlink "$one")") goes on"
check "and can be read" reads

kill_all
mkdir "$T/bound"
mount --bind "$T/run" "$T/bound"
daemon "$T/bound" -f "$T/empty.conf" >"$T/other3.log" 2>&1 &
other=$!
check "a daemon starts where it is mounted a second time" \
	wait_for 30 grep -q 'nothing to do' "$T/other3.log"
check "what the dead run left is cleared" not devices
kill $other
check "it ends, too" wait_for 30 ended $other
umount "$T/bound"

start_iscsid -e 1
need "the disk is back" appears 20 "$one"
kill_all
mv "$T/run" "$T/renamed"
daemon "$T/renamed" -f "$T/empty.conf" >"$T/other4.log" 2>&1 &
other=$!
check "a daemon starts where it was renamed to" \
	wait_for 30 grep -q 'nothing to do' "$T/other4.log"
check "what the dead run left is cleared there" not devices
kill $other
check "it ends as well" wait_for 30 ended $other

mkdir "$T/run"
mount -t tmpfs tmpfs "$T/run"
start_iscsid -e 1
need "a run directory may be a file system of its own" appears 20 "$one"
kill "$ISCSID"
check "it stops" wait_for 30 ended "$ISCSID"
check "and leaves no disk" not devices
umount "$T/run"
