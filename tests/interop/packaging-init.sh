# packaging-init - the init script with the whole driver and our own target,
# in a run directory of its own.
. tests/lib.sh

export TMPDIR=$T
B=$(realpath "$B")
port=$(SOFTHBA_PORTS=13500 free_port)
target() {
	"$B/target/iscsi-demo-target" --portal 127.0.0.1:$port --target $IQN:one \
		--lun "0:file:$T/disk0:64M,thin" \
		--lun "1:file:$T/disk1:64M,thin" >>"$T/target.log" 2>&1 &
	TARGET=$!
	wait_for 10 listening $port
}

# An installation in $T: the programs of the build, settings of the test.
mkdir -p "$T/sbin" "$T/mnt2"
for name in iscsid/iscsid tools/iscsictl tools/iscsi-rescan tools/iscsi-ls tools/iscsi-device \
	tools/iscsi-mountall tools/iscsi-umountall; do
	ln -s "$B/src/$name" "$T/sbin/"
done
export ISCSI_DEFAULT=$T/default
cat >"$ISCSI_DEFAULT" <<D
SBINDIR=$T/sbin
LIBEXECDIR=$B/packaging
RUNDIR=$T/run
FSTAB=$T/fstab.iscsi
LOG=$T/iscsi.log
SUBSYS=$T/subsys/iscsi
ISCSID_OPTIONS="-f $T/iscsi.conf -b $T/iscsi.bindings -I $T/name -l $L"
TERM_WAIT=2 KILL_WAIT=2 UMOUNT_TRIES=2 UMOUNT_TIMEOUT=3
STOP_TIMEOUT=1
STOP_WAIT=3 FORCE_WAIT=40
D
sed -i "s/^TERM_WAIT/export &/; s/^STOP_WAIT/export &/" "$ISCSI_DEFAULT"
echo "InitiatorName=$ME" >"$T/name"
mkdir "$T/subsys"

rc() { # VERB
	"$B/packaging/iscsi" "$@" >"$T/said" 2>&1
}
gives() { # STATUS VERB [REGEX]
	local got=0
	rc "$2" || got=$?
	[ $got = "$1" ] || {
		echo "$2: status $got, not $1"
		cat "$T/said"
		return 1
	}
	[ -z "${3:-}" ] || grep -qE -e "$3" "$T/said" || {
		echo "$2 does not say: $3"
		cat "$T/said"
		return 1
	}
}
is_mounted() { # DIR
	grep -qF " $1 " /proc/self/mountinfo || {
		echo "$1 is not mounted"
		cat "$T/iscsi.log"
		return 1
	}
}
daemon() {
	cat "$T/run/iscsid.pid"
}
device() {
	"$T/sbin/iscsi-device" -R "$T/run" "$@"
}
seen_by_device() { # DEVICE WORDS
	[ "$(device "$1")" = "$2" ] || {
		device "$1"
		return 1
	}
}

check "without a verb there is a usage" gives 3 "" ^usage:
check "status says that it does not run" gives 3 status "is not running"
check "a reload of nothing is 7" gives 7 reload "not running"
check "a stop of nothing is fine" gives 0 stop "not running"

target || exit 1
one=$(disk 0 0 0) two=$(disk 0 0 1)
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
need "the driver starts" gives 0 start
check "the devices are there when the start returns" test -b "$one" -a -b "$two"
check "what it said is in the log" grep -q "Attached\|Detected\|SCSI device" \
	"$T/iscsi.log"
check "status says that it runs" gives 0 status "is running \(process"
check "a second start is fine" gives 0 start "running already"
check "a lock file is made where there are such" test -e "$T/subsys/iscsi"

# ---- whose device is it? -----------------------------------------------------

node=$(readlink -f "$one")
check "iscsi-device knows a link" seen_by_device "$one" "bus 0 target 0 lun 0"
check "and the other disk" seen_by_device "$two" "bus 0 target 0 lun 1"
check "and the node" device -q "$node"
check "and its number" device "$(cat "/sys/block/${node##*/}/dev")"
check "and not the null device" not device /dev/null
check "and not what does not exist" not device "$T/nothing"
check "and not a disk of somebody else" not device \
	"$(lsblk -dno PATH | grep -v loop | head -n 1)"
check "and not with another run directory" not \
	"$T/sbin/iscsi-device" -R "$T" "$node"

check "iscsi-rescan has the targets asked again" \
	"$T/sbin/iscsi-rescan" -R "$T/run"
check "and says nothing" not test -s "$T/out"
check "without a daemon it fails" not "$T/sbin/iscsi-rescan" -R "$T"

# ---- file systems ------------------------------------------------------------

mkfs.ext4 -q "$one" && mkfs.ext4 -q "$two" || exit 1
cat >"$T/fstab.iscsi" <<F
$one	$T/mnt	ext4 defaults 0 2
F
configured=$(sum "$T/iscsi.conf")
first=$(daemon)
check "a reload" gives 0 reload
check "leaves the process" test "$(daemon)" = "$first"
check "force-reload is a reload, too" gives 0 force-reload
check "that leaves the process as well" test "$(daemon)" = "$first"

dies() {
	local pid
	pid=$(daemon) && kill -KILL "$pid" && wait_for 10 ended "$pid"
}
check "a daemon that dies" dies
check "is said to be dead" gives 1 status "is dead, its pid file exists"
check "and its disks are there" put "$T/iscsi.conf" "$two"
check "a start" gives 0 start "2 disks go on"
check "goes on with them" test -b "$one" -a -b "$two"
check "it dies again" dies
check "then a stop" gives 0 stop "starting it to stop in order"
check "leaves nothing of it" nothing_left
check "a start after that" gives 0 start
mkfs.ext4 -q "$two"
first=$(daemon)
check "a restart" gives 0 restart
check "starts another process" not test "$(daemon)" = "$first"
check "and mounts what is listed" is_mounted "$T/mnt"
check "iscsi.conf stays as it was" same_sum "$T/iscsi.conf" "$configured"
fill_random "$T/data" 8M
cp "$T/data" "$T/mnt/data"
(cd "$T/mnt" && exec sleep 1000) &
user=$!
check "the stop ends users, unmounts and logs out" gives 0 stop \
	"SIGTERM to process $user"
check "the user is gone" ended $user
check "status says that it does not run any more" gives 3 status
check "the stop leaves no mount, loop, link or process" nothing_left
check "the lock file is gone" not test -e "$T/subsys/iscsi"

# ---- a dead daemon -----------------------------------------------------------

sleep 1000 &
other=$!
mkdir -p "$T/run" && echo $other >"$T/run/iscsid.pid"
check "a pid file of a dead daemon is status 1" gives 1 status
check "a stop does not touch the process that has its number now" gives 0 stop
check "it lives" kill -0 $other
kill $other
rm -f "$T/run/iscsid.pid"

# ---- what is not listed ------------------------------------------------------

need "a start mounts at once" gives 0 start
check "what is listed" is_mounted "$T/mnt"
check "the data have reached the target" cmp "$T/data" "$T/mnt/data"
mount "$two" "$T/mnt2" && cp "$T/data" "$T/mnt2/data" || exit 1
start=$SECONDS
check "a stop names a mount that is not listed" gives 0 stop \
	"is mounted at $T/mnt2"
check "it ends within its bounds" test $((SECONDS - start)) -lt 30
check "it does not run" gives 3 status
check "the mount is not hung" timeout 10 umount "$T/mnt2"
check "nothing is left" nothing_left
need "it starts again" gives 0 start
check "the file system that was not listed is whole" \
	fsck.ext4 -f -n "$two"
mount "$two" "$T/mnt2"
check "and has what was written" cmp "$T/data" "$T/mnt2/data"
all_ours() {
	(cd "$B" && src/tools/iscsi-umountall -a -R "$T/run" -f /dev/null)
}
check "iscsi-umountall -a unmounts it" all_ours
check "it is away" not is_mounted "$T/mnt2"
mount "$two" "$T/mnt2"
check "when the system goes down, it is unmounted, too" \
	env RUNLEVEL=0 "$B/packaging/iscsi" stop
check "so nothing is mounted" nothing_left

# ---- a target that is gone ---------------------------------------------------

need "once more" gives 0 start
check "mounted" is_mounted "$T/mnt"
cp "$T/data" "$T/mnt/data2"
kill -KILL $TARGET
wait $TARGET 2>/dev/null
start=$SECONDS
LIMIT=120 check "a stop ends though the target is gone" rc stop
check "within its bounds" test $((SECONDS - start)) -lt 90
check "the daemon is gone" gives 3 status
check "no mount hangs" wait_for 20 nothing_left
start=$SECONDS
check "a start without any target ends" gives 0 start
check "in time" test $((SECONDS - start)) -lt 40
check "and says what is not mounted" grep -q \
	"fstab.iscsi:1: not mounted on $T/mnt after 10 tries" "$T/said"
check "a stop as well" gives 0 stop
check "nothing is left after all" nothing_left
