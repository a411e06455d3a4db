# devices - many ublk disks: manager and engines die at once, idle and under
# load, and the next start gives every disk back.
#
# SOFTHBA_DISKS says how many (32), SOFTHBA_ENGINES how many engines (1).
VM_LIMIT=${VM_LIMIT:-280} VM_OPTIONS=${VM_OPTIONS:---mem 2048}
. tests/vm/lib.sh
MAY_DIE=1
DISKS=${SOFTHBA_DISKS:-32} ENGINES=${SOFTHBA_ENGINES:-1}

modprobe -q ublk_drv || skip_all "the kernel $(uname -r) has no ublk_drv"
port=$(free_port)
luns=()
for ((n = 0; n < DISKS; n++)); do
	luns+=(--lun "$n:mem:4M")
done
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" --target "$IQN:a" \
	"${luns[@]}" --control "$T/control" >"$T/target.log" 2>&1 &
target=$!
configure <<C
Export=ublk
DiscoveryAddress=127.0.0.1:$port
C

all_there() {
	[ "$(ls -d "$L"/bus0/target0/lun*/disk 2>/dev/null | wc -l)" = "$DISKS" ]
}
kill_all() {
	kill -KILL "$ISCSID" $(pgrep -x iscsid-engine)
	wait "$ISCSID" 2>/dev/null
	return 0
}
starts=0
next_manager() {
	mv "$T/iscsid.log" "$T/iscsid.log.$((++starts))"
	start_iscsid -e "$ENGINES" -d
}
recovered() {
	[ "$(count_logged 'was recovered')" = "$DISKS" ]
}
read_all() {
	local n
	for ((n = 0; n < DISKS; n++)); do
		dd if="$(disk 0 0 $n)" of=/dev/null bs=4k count=1 iflag=direct \
			status=none || return
	done
}
back() { # WHAT
	local from=$SECONDS
	LIMIT=70 need "$1: all $DISKS disks are recovered" \
		wait_for 60 recovered
	echo "# figure: $DISKS disks, $1: $((SECONDS - from)) s"
	LIMIT=60 check "$1: each can be read" read_all
}

# Each disk is written and read back all the time, without an error.
load() {
	local n jobs=()
	for ((n = 0; n < DISKS; n += STRIDE)); do
		jobs+=(--name="d$n" --filename="$(disk 0 0 $n)")
	done
	fio --rw=randwrite --bs=4k --iodepth=4 --ioengine=libaio --direct=1 \
		--size=1M --verify=crc32c --verify_fatal=1 --rate_iops=20 \
		--time_based --runtime="$1" --output="$T/fio.out" "${jobs[@]}"
}
STRIDE=$(((DISKS + 15) / 16)) # 16 of them at most

start_iscsid -e "$ENGINES" -d
LIMIT=130 need "$DISKS disks appear" wait_for 120 all_there
kill_all
sleep 1 # as one who starts it by hand
next_manager
back "killed while idle"

load "${LOAD:-30}" >"$T/fio.log" 2>&1 &
loading=$!
sleep 5 # it begins
kill_all
next_manager
back "killed under load"
# Somewhere in the start the next one dies, too.
for n in ${KILL_AT:-0.2 0.7 1.5}; do
	kill_all
	next_manager
	sleep "$n"
	kill_all
	next_manager
	back "killed again $n s after a start"
done
LIMIT=200 check "the load ends" wait_for 180 ended $loading
wait $loading
check "without an error, and all it wrote was there" test $? = 0 ||
	tail -n 30 "$T/fio.out"

# Each third disk hangs: what reads it waits, and nothing else does.
read_well() { # all that do not hang
	local n
	for ((n = 0; n < DISKS; n++)); do
		[ $((n % 3)) = 0 ] || dd if="$(disk 0 0 $n)" of=/dev/null \
			bs=4k count=1 iflag=direct status=none || return
	done
}
echo "fault scsi read@/3 all delay 3600000" >"$T/control"
kill_all
next_manager
LIMIT=60 check "each third disk hangs: within 10 s a start says how many are back" \
	wait_for 15 grep -q "[0-9]* of $DISKS disks* .* back after [0-9]\.[0-9] s" \
	"$T/iscsid.log"
grep -o "[0-9]* of [0-9]* disk.* back after.*" "$T/iscsid.log" |
	sed 's/^/# figure: a third hangs: /'
LIMIT=100 check "those that do not hang can be read" read_well
echo "fault-clear" >"$T/control"
kill -KILL $(pgrep -x iscsid-engine) # its commands would hang for 30 s more
LIMIT=100 check "when none hangs any more all are back" wait_for 90 grep -q \
	"$DISKS of $DISKS disks* .* back after" "$T/iscsid.log"
LIMIT=60 check "and each can be read" read_all

# A run directory of the same name in another mount namespace is another one.
: >"$T/empty.conf"
chmod 600 "$T/empty.conf"
unshare -m sh -c 'mount -t tmpfs tmpfs "$1/run" && exec "$2" -n \
	-f "$1/empty.conf" -b "$1/other.bindings" -I "$1/initiatorname.iscsi" \
	-l "$1/other.dev" -R "$1/run" -e 1' sh "$T" "$B/src/iscsid/iscsid" \
	>"$T/other.log" 2>&1 &
other=$!
check "another daemon has a run directory of the same name elsewhere" \
	wait_for 30 grep -q 'nothing to do' "$T/other.log"
LIMIT=60 check "it takes no disk away" read_all
kill $other
LIMIT=60 check "nor does its end" eval 'wait_for 30 ended $other && read_all'

# Nobody will serve them any more: iscsid(8) has the way out.
kill_all
dd if="$(disk 0 0 0)" of=/dev/null bs=4k count=1 iflag=direct \
	>"$T/dd.log" 2>&1 &
reader=$!
kill $target
LIMIT=90 check "a disk that no daemon and no target serves is freed" \
	"$B/src/iscsid/iscsid" -F -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
	-I "$T/initiatorname.iscsi" -l "$L" -R "$T/run" -e "$ENGINES"
check "who waited for one goes on" wait_for 10 ended $reader
check "no device is left" nothing_left
check "nor any ublk device" not ls /dev/ublkb*
