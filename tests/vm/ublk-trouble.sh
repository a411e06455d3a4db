# ublk-trouble - targets that are away, engines that hang or die at the worst
# moment: a ublk device is there, or it is gone; nobody waits for ever.
VM_LIMIT=${VM_LIMIT:-600}
. tests/vm/lib.sh
MAY_DIE=1

modprobe -q ublk_drv || skip_all "the kernel $(uname -r) has no ublk_drv"
port=$(free_port)
start_target() {
	"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
		--control "$T/control" --pidfile "$T/target.pid" \
		--target "$IQN:a" --lun "0:file:$T/disk.img" \
		>>"$T/target.log" 2>&1 &
	wait_for 20 listening "$port"
}
truncate -s 64M "$T/disk.img"
start_target || exit 1
configure <<C
Export=ublk
DiscoveryAddress=127.0.0.1:$port
C
zero=$(disk 0 0 0)
engine() {
	pgrep -x iscsid-engine
}
no_devices() {
	! ls /dev/ublkb* /dev/ublkc* 2>/dev/null
}
fill_random "$T/data" 4M

# ---- an engine dies while its device is made -----------------------------

start_iscsid -e 1 -d
for n in 1 2 3; do
	wait_for 60 eval '[ -c /dev/ublkc0 ] && [ -n "$(engine)" ]'
	kill -KILL "$(engine)"
done
need "engines that die while a device is made leave no half of it" \
	appears 60 "$zero"
check "the device works" put "$T/data" "$zero"
check "there is one device" test "$(ls /dev/ublkb?)" = "$(readlink "$zero")"

# ---- an engine hangs -----------------------------------------------------

kill -STOP "$(engine)"
LIMIT=100 check "an engine that hangs is replaced, and a reader just waits" \
	holds "$zero" "$T/data"
check "the log says so" will_log 10 'does not answer for 20 s'

# ---- the target is away --------------------------------------------------

stop_target() {
	kill -KILL "$(cat "$T/target.pid")"
	wait_for 10 not listening "$port"
}
check "the target goes away" stop_target
dd if="$T/data" of="$zero" bs=64k oflag=direct conv=notrunc,nocreat \
	status=none 2>"$T/dd.log" &
writer=$!
check "who writes waits" not wait_for 5 ended $writer
kill -KILL "$(engine)"
check "the engine dies meanwhile, the next is there" \
	wait_for 60 eval '[ -n "$(engine)" ]'
start_target
check "the target comes back, and the writer ends" wait_for 60 ended $writer
wait $writer
check "without an error" test $? = 0
check "its data are there" holds "$zero" "$T/data"

check "the target goes away again" stop_target
dd if="$T/data" of="$zero" bs=64k oflag=direct conv=notrunc,nocreat \
	status=none 2>"$T/dd.log" &
writer=$!
check "who writes waits again" not wait_for 3 ended $writer
kill "$ISCSID"
check "a stop waits for the writer" will_log 20 'is open in process [0-9]* .dd.'
kill "$ISCSID"
LIMIT=100 check "a stop by force ends all the same" \
	wait_for 90 ended "$ISCSID"
check "the writer got an error" wait_for 20 ended $writer
wait $writer
check "and its status says so" test $? != 0
check "no device is left" wait_for 20 no_devices
check "and no process" wait_for 20 eval '[ -z "$(engine)" ]'
