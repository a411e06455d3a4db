# many - many disks through FUSE: manager and engines die at once, idle, under load
# and at several steps of the next start, with the handles in the service
# manager's store; each start gives every disk back.
#
# SOFTHBA_DISKS says how many (32), SOFTHBA_ENGINES how many engines (2).
. tests/lib.sh
MAY_DIE=1
DISKS=${SOFTHBA_DISKS:-32} ENGINES=${SOFTHBA_ENGINES:-2}
TARGETS=$((DISKS < 4 ? 1 : 4)) # so that each engine has some
EACH=$((DISKS / TARGETS))
STRIDE=$(((EACH + 3) / 4)) # 16 disks are written to at most

port=$(free_port)
args=()
for ((t = 0; t < TARGETS; t++)); do
	args+=(--target "$IQN:t$t")
	for ((n = 0; n < EACH; n++)); do
		args+=(--lun "$n:mem:4M")
	done
done
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" "${args[@]}" \
	--control "$T/control" --pidfile "$T/target.pid" >"$T/target.log" 2>&1 &
configure <<C
Export=fuse
DiscoveryAddress=127.0.0.1:$port
C

mkdir -p "$L"
tests/service-manager "$T/iscsid.log" "$B/src/iscsid/iscsid" -n -d -c 5000 -e "$ENGINES" \
	-f "$T/iscsi.conf" -b "$T/iscsi.bindings" -I "$T/initiatorname.iscsi" \
	-l "$L" -R "$T/run" >"$T/manager.log" 2>&1 &
ISCSID=$!
all_there() {
	[ "$(ls -d "$L"/bus0/target*/lun*/disk 2>/dev/null | wc -l)" = "$DISKS" ]
}
ours() { # NAME
	local p
	for p in $(pgrep -x "$1"); do
		{ tr '\0' '\n' <"/proc/$p/environ"; } 2>/dev/null |
			grep -qx "SOFTHBA_TEST=$T" && echo "$p"
	done
}
killed=0
kill_all() { # the next start has a log of its own
	mv "$T/iscsid.log" "$T/iscsid.log.killed.$((++killed))"
	kill -KILL $(ours iscsid) $(ours iscsid-engine) 2>/dev/null
	return 0
}
back() { # WHAT
	local from=$SECONDS
	LIMIT=190 need "$1: all $DISKS disks are back" wait_for 180 eval \
		'grep -q "$DISKS of $DISKS disks* [ai]*[rs]*e* *back after" "$T/iscsid.log"'
	grep -o "[0-9]* of [0-9]* disk.* back after.*" "$T/iscsid.log" | tail -n 1 |
		sed "s/^/# figure: $1: /"
	LIMIT=60 check "$1: each can be read" read_all
}
read_all() {
	local d
	for d in "$L"/bus0/target*/lun*/disk; do
		dd if="$d" of=/dev/null bs=4k count=1 iflag=direct \
			status=none || return
	done
}
load() {
	local t n jobs=()
	for ((t = 0; t < TARGETS; t++)); do
		for ((n = 0; n < EACH; n += STRIDE)); do
			jobs+=(--name="d$t.$n" --filename="$(disk 0 $t $n)")
		done
	done
	fio --rw=randwrite --bs=4k --iodepth=4 --ioengine=libaio --direct=1 \
		--size=1M --verify=crc32c --verify_fatal=1 --rate_iops=20 \
		--time_based --runtime="$1" --output="$T/fio.out" "${jobs[@]}"
}

LIMIT=190 need "$DISKS disks appear" wait_for 180 all_there
sleep 1 # all handles are kept
kill_all
back "killed while idle"
load "${LOAD:-20}" >"$T/fio.log" 2>&1 &
loading=$!
sleep 3 # it begins
kill_all
back "killed under load"
for n in ${KILL_AT:-0.2 0.6}; do
	kill_all
	wait_for 10 test -n "$(ours iscsid)"
	sleep "$n"
	kill_all
	back "killed again $n s after a start"
done
LIMIT=120 check "the load ends" wait_for 100 ended $loading
wait $loading
check "without an error, and all it wrote was there" test $? = 0 ||
	tail -n 30 "$T/fio.out"

# Each third disk hangs: what reads it waits, and nothing else does.
hanging() { # LUN
	[ $(($1 % 3)) = 0 ]
}
read_well() { # all that do not hang
	local t n
	for ((t = 0; t < TARGETS; t++)); do
		for ((n = 0; n < EACH; n++)); do
			hanging $n || dd if="$(disk 0 $t $n)" of=/dev/null bs=4k \
				count=1 iflag=direct status=none || return
		done
	done
}
well=$((TARGETS * (EACH - (EACH + 2) / 3)))
echo "fault scsi read@/3 all delay 3600000" >"$T/control"
kill_all
LIMIT=60 check "each third disk hangs: within 10 s a start says how many are back" \
	wait_for 15 grep -q "$well of $DISKS disks* .* back after [0-9]\.[0-9] s" \
	"$T/iscsid.log"
grep -o "[0-9]* of [0-9]* disk.* back after.*" "$T/iscsid.log" |
	sed 's/^/# figure: a third hangs: /'
check "and what others wait for" will_log 5 \
	'lun 0: is not back yet: it waits for an answer to a read'
LIMIT=60 check "those that do not hang can be read" read_well
[ $well = 0 ] || check "one of them can be removed" \
	"$B/src/tools/iscsictl" -R "$T/run" remove 0 0 1
[ $well = 0 ] || check "and added" "$B/src/tools/iscsictl" -R "$T/run" add 0 0 1
echo "fault-clear" >"$T/control"
LIMIT=120 check "when none hangs any more all are back" wait_for 100 grep -q \
	"$DISKS of $DISKS disks* .* back after" "$T/iscsid.log"
LIMIT=60 check "and can be read" read_all

kill "$ISCSID"
LIMIT=90 check "it stops" wait_for 80 ended "$ISCSID"
check "and leaves nothing" nothing_left
