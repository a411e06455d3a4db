# common.sh - what the lanes share: a target, the driver, load, and the verdict.
#
# A lane sources it, calls begin, lets things happen (each told to event), and
# calls finish.  Three disks: 0 has a file system whose files are written all
# the time, 1 is written and verified by fio, 2 is the probe's.  KIND says which
# target, own or tgt; LONG is set for the full counts.  Lines "# figure: ..."
# are for people; the bounds of checks are generous.
export LC_ALL=C
. tests/lib.sh
MAY_DIE=1
LONG=${CRASH_LONG:-}
KIND=${CRASH_TARGET:-own}
IN=() # what a command in the target's namespace begins with
MOST=15000 # ms: longer pauses fail
SIZE=128M # of disk 0
# What is done with its file system: the function that uses it until $T/stop
# is there, the one that prepares that, the one that ends what still uses it,
# and the one that looks whether all is there.
WRITER=write_files PREPARE=true REST=true VERIFY=files_are_there
: >"$T/events"

event() { # NAME: something happens now
	echo "$EPOCHREALTIME $1" >>"$T/events"
}

# as_many SHORT LONG: how often
as_many() {
	[ "$LONG" ] && echo "$2" || echo "$1"
}

# ---- the target ----------------------------------------------------------

port=$(SOFTHBA_PORTS=13800 free_port)
PORTALS=("127.0.0.1:$port")

start_own() {
	local args=() p n
	for p in "${PORTALS[@]}"; do
		args+=(--portal "$p")
	done
	args+=(--target "$IQN:crash")
	for n in 0 1 2; do
		args+=(--lun "$n:file:$T/disk.1.$((n + 1))")
	done
	rm -f "$T/own.ready"
	"${IN[@]}" "$B/target/iscsi-demo-target" "${args[@]}" \
		>"$T/own.ready" 2>>"$T/target.log" &
	TARGET=$!
	wait_for 10 test -s "$T/own.ready"
}

# As Debian's unit does it: offline until all is configured.
start_tgt() {
	local n p
	rm -f "$TGT_IPC_SOCKET".*
	"${IN[@]}" tgtd -f -C $TGT_CONTROL --iscsi "portal=${PORTALS[0]%,*}" \
		>>"$T/tgtd.log" 2>&1 &
	TARGET=$!
	wait_for 10 tgt --mode sys --op show
	tgt --mode sys --op update --name State -v offline &&
		tgt_target 1 crash || return
	for n in 1 2 3; do
		tgt_disk 1 $n "$(stat -c %s "$T/disk.1.$n")" || return
	done
	for p in "${PORTALS[@]:1}"; do
		tgt --mode portal --op new --param "portal=${p%,*}" || return
	done
	tgt --mode sys --op update --name State -v ready
}

start_target() {
	start_$KIND
}

kill_target() {
	kill -KILL $TARGET
	wait $TARGET 2>/dev/null
	return 0
}

lun() { # tgtd's own LUN 0 is no disk
	case $KIND in
	own) disk 0 0 "$1" ;;
	tgt) disk 0 0 $(($1 + 1)) ;;
	esac
}

# ---- the driver ----------------------------------------------------------

engine() { # its process
	pgrep -x iscsid-engine | while read -r p; do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qxF "SOFTHBA_TEST=$T" && echo "$p"
	done
}

kill_engine() {
	local p
	p=$(engine)
	event engine-kill
	kill -KILL $p
}

kill_manager() {
	event manager-kill
	kill -KILL "$ISCSID"
	wait "$ISCSID" 2>/dev/null
	return 0
}

# ---- load ----------------------------------------------------------------

probed() { # how many requests of the probe have ended
	local n=0
	read -r n <"$T/count"
	echo "$n"
}

# moves [N]: do so many more of the probe's requests end within a while?
moves() {
	local from
	from=$(probed)
	wait_for "${LIMIT:-60}" eval "[ \$(probed) -ge $((from + ${1:-20})) ]"
}

write_files() {
	local n=0 f
	while [ ! -e "$T/stop" ]; do
		f=$T/mnt/f.$((n++ % 20))
		head -c $((RANDOM * 64)) /dev/urandom >"$T/source"
		rm -f "$T/sums/${f##*/}"
		cp "$T/source" "$f" && sync "$f" || return
		sum "$T/source" >"$T/sums/${f##*/}"
		echo "$n files" >"$T/written"
	done
}

write_verified() {
	local n=0
	while [ ! -e "$T/stop" ]; do
		fio --name=x --filename="$(lun 1)" --rw=randwrite --bs=4k \
			--size=32M --iodepth=16 --ioengine=libaio \
			--direct=1 --verify=crc32c --do_verify=1 \
			--verify_fatal=1 --randseed=$RANDOM$RANDOM \
			--output="$T/fio.out" || return
		echo $((++n)) >"$T/fio.rounds"
	done
}

start_probe() {
	"$B/tests/crash/crash-probe" "$(lun 2)" 5 "$T/count" \
		"$T/events" >"$T/report" 2>"$T/probe.log" &
	PROBE=$!
	need "the probe works" wait_for 20 test -s "$T/count"
}

begin_driver() {
	# tgtd names only the portal that is asked.
	{
		echo "FenceTimeout=${FENCE_TIMEOUT:-30}"
		printf 'DiscoveryAddress=%s\n' "${PORTALS[@]%,*}"
	} | configure
	start_iscsid -e 1
	need "the disks appear" eval 'appears 30 "$(lun 0)" &&
		appears 10 "$(lun 1)" && appears 10 "$(lun 2)"'
	need "a file system" eval \
		'mkfs.ext4 -q "$(lun 0)" && mount "$(lun 0)" "$T/mnt"'
}

begin() {
	mkdir "$T/sums"
	truncate -s $SIZE "$T/disk.1.1"
	truncate -s 32M "$T/disk.1.2"
	truncate -s 4M "$T/disk.1.3"
	need "the target starts" true
	start_target || exit 1
	begin_driver
	$PREPARE || exit 1
	$WRITER >"$T/writer.log" 2>&1 &
	FILES=$!
	write_verified >"$T/fio.log" 2>&1 &
	FIO=$!
	start_probe
}

# ---- the verdict ---------------------------------------------------------

pause_of() { # EVENT: "COUNT LONGEST MEDIAN", in ms
	awk -v e="$1" '$1 == "event" && $2 == e { print $3, $4, $5 }' \
		"$T/report"
}

# figure EVENT WORDS [AIM]
figure() {
	local count max median
	read -r count max median < <(pause_of "$1") || return 0
	echo "# figure: $KIND: $2: $count, longest pause $max ms, median $median ms${3:+ (aim < $3 ms)}"
	check "the pauses after $2 are short" test "$max" -le $MOST
}

every_file() {
	local f n=0
	for f in "$T"/sums/*; do
		[ -s "$f" ] || continue # was being written
		same_sum "$T/mnt/${f##*/}" "$(cat "$f")" || return
		n=$((n + 1))
	done
	[ $n -gt 0 ]
}

files_are_there() {
	check "and has every file that was written" every_file
}

ends_well() { # PID
	wait_for 100 ended "$1"
}

end_loads() {
	: >"$T/stop"
	LIMIT=110 check "the writer of the file system ends" ends_well $FILES
	wait $FILES
	check "and saw no error" test $? = 0
	LIMIT=110 check "fio ends" ends_well $FIO
	wait $FIO
	check "saw no error, and read what it wrote" test $? = 0
	kill $PROBE
	check "the probe ends" ends_well $PROBE
	wait $PROBE
	check "and saw no error" test $? = 0
	sed 's/^/# /' "$T/probe.log"
	echo "# figure: $KIND: probe: $(head -n 1 "$T/report")"
	echo "# figure: $KIND: load: fio rounds $(cat "$T/fio.rounds"), $(cat "$T/written")"
}

look_at_file_system() {
	$REST
	check "the file system unmounts" umount "$T/mnt"
	echo 3 >/proc/sys/vm/drop_caches
	check "is sound" fsck.ext4 -f -n "$(lun 0)"
	need "mounts again" mount "$(lun 0)" "$T/mnt"
	$VERIFY
	$REST
	check "the file system unmounts in the end" umount "$T/mnt"
}

finish() {
	end_loads
	look_at_file_system
	stops_clean
	kill_target
}
