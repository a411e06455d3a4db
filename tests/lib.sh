# lib.sh - what the scripts of tests/interop share.
#
# A script begins with ". tests/lib.sh" (the working directory is the top of
# the checkout).  It has a directory of its own, $T; everything it starts
# inherits SOFTHBA_TEST=$T, which is how tests/clean-up finds it again.
# Every wait has a deadline.  A line "ok - ..." or "not ok - ..." comes from
# check, need or differs, one for each behaviour.

set -u
B=${SOFTHBA_BUILD:-build}
T=${SOFTHBA_DIR:-/run/softhba-test/$(basename "$0" .sh).$$}
export SOFTHBA_TEST=$T
FAILED=0
IQN=iqn.2026-01.org.softhba.test
ME=$IQN:initiator.$$ # daemons of one name mind each other
TGT_CONTROL=$(($$ % 30000))
export TGT_IPC_SOCKET=$T/tgtd

# The leak sanitizer traces its process, which a sandbox forbids.
export ASAN_OPTIONS=detect_leaks=0

mkdir -p "$T/mnt"
trap 'leave $?' EXIT
trap 'exit 124' TERM INT HUP

# What a sanitizer found, or how a process of the driver ended; MAY_DIE=1 for
# scripts that kill some.
no_mishap() {
	local bad='Sanitizer|runtime error:'
	[ "${MAY_DIE:-}" ] || bad+='|was ended by signal|exited with status'
	! grep -E -A 12 "$bad" "$T"/iscsid.log* 2>/dev/null
}

leave() {
	trap - EXIT TERM INT HUP
	[ ! -e "$T/iscsid.log" ] ||
		check "no process of the driver came to grief" no_mishap
	if [ "$1" != 0 ] || [ $FAILED != 0 ]; then
		local f
		for f in "$T"/*.log; do
			[ -s "$f" ] || continue
			echo "# --- the end of $(basename "$f")"
			tail -n 40 "$f" | sed 's/^/#   /'
		done
	fi
	# A guest ends with all that is in it.
	[ "${IN_VM:-}" ] || env -u SOFTHBA_TEST tests/clean-up "$T"
	[ $FAILED = 0 ] || exit 1
	exit "$1"
}

# ---- behaviours ----------------------------------------------------------

# check SENTENCE COMMAND... - one behaviour; at most $LIMIT seconds.  Runs
# beside us, so that a hung device costs the deadline and not the run.
check() {
	local sentence=$1 limit=${LIMIT:-60} pid status
	shift
	"$@" >"$T/out" 2>&1 </dev/null &
	pid=$!
	if ! wait_for "$limit" ended $pid; then
		echo "not ok - $sentence"
		echo "# no end after $limit seconds: $*"
		FAILED=1
		kill -KILL $pid 2>/dev/null
		return 1
	fi
	wait $pid
	status=$?
	if [ $status = 0 ]; then
		echo "ok - $sentence"
		return 0
	fi
	echo "not ok - $sentence"
	echo "# status $status of: $*"
	tail -n 30 "$T/out" | sed 's/^/#   /'
	FAILED=1
	return 1
}

# The same; without it the rest of the script makes no sense.
need() {
	check "$@" || exit 1
}

skip() { # SENTENCE REASON
	echo "ok - $1 # SKIP $2"
}

skip_all() { # REASON
	echo "1..0 # SKIP $1"
	exit 0
}

not() {
	! "$@"
}

ended() {
	! kill -0 "$1" 2>/dev/null
}

# wait_for SECONDS COMMAND... - polls until it succeeds; where a second is short,
# SOFTHBA_PATIENCE times as long.
wait_for() {
	local end=$((SECONDS + $1 * ${SOFTHBA_PATIENCE:-1}))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $end ] || return 1
		sleep 0.05
	done
}

# ---- small things --------------------------------------------------------

listening() { # PORT
	ss -Hltn "sport = :$1" | grep -q .
}

# A port nobody listens on, from SOFTHBA_PORTS upwards.
free_port() {
	local p
	for ((p = ${SOFTHBA_PORTS:-13400}; p < 65000; p++)); do
		if ! listening $p && [ ! -e "$T/port.$p" ]; then
			: >"$T/port.$p"
			echo $p
			return
		fi
	done
}

sum() {
	sha256sum <"$1" | cut -d' ' -f1
}

same_sum() { # FILE SUM
	local got
	got=$(sum "$1")
	[ "$got" = "$2" ] || {
		echo "$1: $got, not $2"
		return 1
	}
}

forget_cache() {
	sync -f "$1" && echo 3 >/proc/sys/vm/drop_caches
}

attribute() { # LINK NAME: a file below /sys/block/loopN
	cat "/sys/block/$(basename "$(readlink -f "$1")")/$2"
}

attribute_is() { # LINK NAME VALUE
	local got
	got=$(attribute "$1" "$2")
	[ "$got" = "$3" ] || {
		echo "$2 is $got, not $3"
		return 1
	}
}

fill_random() { # FILE SIZE
	head -c "$2" /dev/urandom >"$1"
}

# Write FILE to the start of a disk, to stable storage.
put() { # FILE DISK
	dd if="$1" of="$2" bs=1M oflag=direct conv=fsync,notrunc status=none
}

# Is the start of a disk what FILE is?  Asks the disk, not the cache.
holds() { # DISK FILE
	dd if="$1" bs=1M iflag=direct,count_bytes count="$(stat -c %s "$2")" \
		status=none | cmp - "$2"
}

# ---- Debian's tgt --------------------------------------------------------

tgt() {
	tgtadm -C $TGT_CONTROL --lld iscsi "$@"
}

# start_tgtd HOST:PORT - a daemon that listens there.
start_tgtd() {
	tgtd -f -C $TGT_CONTROL --iscsi "portal=$1" >>"$T/tgtd.log" 2>&1 &
	TGTD=$!
	wait_for 10 tgt --mode sys --op show
}

# tgt_target TID SUFFIX - a target everybody may log in to.
tgt_target() {
	tgt --mode target --op new --tid "$1" -T "$IQN:$2" &&
		tgt --mode target --op bind --tid "$1" -I ALL
}

# tgt_disk TID LUN SIZE [BLOCKSIZE] - a sparse file as a disk.
tgt_disk() {
	local file=$T/disk.$1.$2
	truncate -s "$3" "$file" &&
		tgt --mode logicalunit --op new --tid "$1" --lun "$2" \
			-b "$file" --blocksize "${4:-512}"
}

tgt_disk_param() { # TID LUN NAME=VALUE
	tgt --mode logicalunit --op update --tid "$1" --lun "$2" --params "$3"
}

# tgt_account USER SECRET TID [--outgoing]
tgt_account() {
	tgt --mode account --op show | grep -qw "$1" ||
		tgt --mode account --op new --user "$1" --password "$2"
	tgt --mode account --op bind --tid "$3" --user "$1" ${4:+"$4"}
}

# ---- what goes over the wire ---------------------------------------------

# dumpcap begins late and writes late, so both ends of a capture are found by
# a datagram with a word in it.
captured() { # WORD
	echo "$1" >/dev/udp/127.0.0.1/9
	grep -qa "$1" "$T/wire"
}

start_capture() { # PORT [BYTES of each packet]
	rm -f "$T/wire"
	dumpcap -q -i lo -f "tcp port $1 or udp port 9" -B 64 \
		-s "${2:-262144}" -w "$T/wire" >"$T/dumpcap.log" 2>&1 &
	DUMPCAP=$!
	CAPTURED=$1
	wait_for 20 captured "softhba-begin-$$"
}

stop_capture() {
	wait_for 20 captured "softhba-end-$$" && kill "$DUMPCAP" &&
		wait_for 10 ended "$DUMPCAP"
}

# seen FILTER [OPTION...] - what tshark says of the captured packets.
seen() {
	local filter=$1
	shift
	tshark -r "$T/wire" -d "tcp.port==$CAPTURED,iscsi" -Y "$filter" "$@" \
		2>>"$T/tshark.log"
}

# ---- the driver ----------------------------------------------------------

L=$T/dev # link directory

# The disks are loop devices, on every kernel; with SOFTHBA_EXPORT=Export=ublk
# the same script runs the other way.  EXPORT= keeps the line away from those
# who count.
EXPORT=${SOFTHBA_EXPORT-Export=fuse}
tests/exporters/words | grep -qx "${EXPORT#Export=}" || [ -z "$EXPORT" ] || {
	echo "lib.sh: there is no such exporter: $EXPORT" >&2
	exit 2
}

configure() { # the lines of iscsi.conf on standard input
	{
		[ -z "$EXPORT" ] || echo "$EXPORT"
		cat
	} >"$T/iscsi.conf"
	chmod 600 "$T/iscsi.conf"
}

start_iscsid() {
	[ -e "$T/initiatorname.iscsi" ] ||
		echo "InitiatorName=$ME" >"$T/initiatorname.iscsi"
	"$B/src/iscsid/iscsid" -n -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
		-I "$T/initiatorname.iscsi" -l "$L" -R "$T/run" "$@" \
		>>"$T/iscsid.log" 2>&1 &
	ISCSID=$!
}

# Does the log hold a line that matches all of these (regex, any case)?
logged() {
	local re lines
	lines=$(cat "$T/iscsid.log")
	for re; do
		lines=$(grep -i -E -e "$re" <<<"$lines") || return 1
	done
}

# will_log SECONDS REGEX...
will_log() {
	local limit=$1
	shift
	wait_for "$limit" logged "$@" || {
		echo "no line of the log matches: $*"
		return 1
	}
}

# How many lines match.
count_logged() {
	grep -c -i -E -e "$1" "$T/iscsid.log"
}

disk() { # BUS TARGET LUN [disk|partN]
	echo "$L/bus$1/target$2/lun$3/${4:-disk}"
}

appears() { # SECONDS LINK
	wait_for "$1" test -b "$2" || {
		echo "$2 did not appear; $L has:"
		find "$L" 2>&1
		return 1
	}
}

list() {
	"$B/src/tools/iscsi-ls" -R "$T/run" "$@"
}

# again - stops the daemon, forgets its log, starts it with the iscsi.conf on
# standard input.
again() {
	stop_iscsid || return
	mv "$T/iscsid.log" "$T/iscsid.log.before"
	configure
	start_iscsid
}

stop_iscsid() {
	kill "$ISCSID" && wait_for "${1:-20}" ended "$ISCSID"
}

nothing_left() {
	local left=0 p f
	if grep -F " $T/" /proc/self/mountinfo; then
		echo "is still mounted"
		left=1
	fi
	for f in /sys/block/loop*/loop/backing_file; do
		if grep -F "$T/" "$f" 2>/dev/null; then
			echo "is still behind $f"
			left=1
		fi
	done
	if [ -e "$L" ] && find "$L" -mindepth 1 | grep .; then
		echo "is still in the link directory"
		left=1
	fi
	for p in $(timeout 10 grep -lzxF "SOFTHBA_TEST=$T" \
		/proc/[0-9]*/environ 2>/dev/null); do
		p=${p%/environ}
		if grep -q '^iscsid' "$p/comm"; then
			echo "process ${p#/proc/} ($(cat "$p/comm")) still runs"
			left=1
		fi
	done
	[ $left = 0 ]
}

# The usual last two behaviours.
stops_clean() {
	check "the daemon stops on SIGTERM" stop_iscsid
	check "the stop leaves no mount, loop, link or process" nothing_left
}
