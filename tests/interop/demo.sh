# demo - the README's command: a disk of our own target, mounted; and its end.
. tests/lib.sh
[ "$B" = build ] || skip_all "the demo builds into build/"
[ ! -d /run/softhba-demo ] || skip_all "a demo is running"
! compgen -G '/dev/iscsi/bus*' >/dev/null ||
	skip_all "another iscsid serves /dev/iscsi"

# Whatever happens, a demo of ours does not outlive the test.
trap 's=$?; ./demo stop >/dev/null 2>&1; leave $s' EXIT

run_demo() {
	./demo "$@" >"$T/demo.log" 2>&1
}
LIMIT=120 need "the demo runs" run_demo
check "the disk has its stable name" test -b \
	/dev/iscsi/bus0/target0/lun0/disk
check "it is mounted" mountpoint -q /run/softhba-demo/mnt
check "data came back the same" grep -q 'the same: sha256' "$T/demo.log"
check "the listing is shown" grep -q '^TARGET NAME  *: iqn' "$T/demo.log"
check "it says how to stop" grep -q 'demo stop' "$T/demo.log"
check "a second demo says that it is running" eval \
	'./demo | grep -q "running already"'
busy() (
	cd /run/softhba-demo/mnt && ! "$OLDPWD/demo" stop >"$T/busy.log" 2>&1 &&
		grep -q 'in use' "$T/busy.log"
)
check "a stop while somebody is in there says who" busy
check "the disk is still mounted then" mountpoint -q /run/softhba-demo/mnt
LIMIT=90 check "the demo stops" ./demo stop
gone() {
	[ ! -e /run/softhba-demo ] &&
		! grep -F /run/softhba-demo /proc/self/mountinfo &&
		! grep -lF /run/softhba-demo /sys/block/loop*/loop/backing_file &&
		! "$B/tests/export/ublk_left" /run/softhba-demo/iscsid | grep . &&
		! compgen -G '/dev/iscsi/bus*' &&
		! grep -lzxF SOFTHBA_DEMO=/run/softhba-demo \
			/proc/[0-9]*/environ 2>/dev/null
}
check "it leaves nothing behind" gone
check "stopping what does not run is no error" ./demo stop

# Nobody serves the disk then, and no request for it ends by itself.
all_die() {
	local pid
	pid=$(cat /run/softhba-demo/iscsid.pid) &&
		kill -KILL "$pid" $(pgrep -P "$pid" iscsid-engine)
}
LIMIT=120 check "it runs again" run_demo
check "all of its driver is killed" all_die
LIMIT=90 check "the demo stops all the same" ./demo stop
check "it leaves nothing behind then, too" gone

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 foreign
	tgt_disk 1 1 64M
} || exit 1
before=$(sum "$T/disk.1.1")
LIMIT=120 check "the demo looks at a foreign target" run_demo 127.0.0.1:$port
check "it shows the foreign disk" grep -q 'lun1/disk, 64 MiB' "$T/demo.log"
check "it mounts nothing" not mountpoint -q /run/softhba-demo/mnt
LIMIT=90 check "it stops" ./demo stop
check "it has not written to the foreign disk" same_sum "$T/disk.1.1" "$before"
LIMIT=120 check "with --write it uses the foreign disk" \
	run_demo 127.0.0.1:$port --write
LIMIT=90 check "it stops again" ./demo stop
check "the foreign disk holds a file system now" eval \
	'[ "$(blkid -p -o value -s TYPE "$T/disk.1.1")" = ext4 ]'
tgt --mode target --op delete --force --tid 1
closed=$(free_port)
no_target() {
	! ./demo 127.0.0.1:$closed >"$T/demo.log" 2>&1 &&
		grep -qi 'refused' "$T/demo.log" && gone
}
LIMIT=120 check "where no target is it says why and clears up" no_target
