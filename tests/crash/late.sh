# late.sh - what lanes share in which old writes arrive late: a target with two
# paths, a writer that numbers its sectors, rounds, and the verdict.
#
# A lane sources it after common.sh and net.sh, makes the paths, calls
# begin_late, then plays rounds, each ended by judge_round, and calls
# finish_late.  FenceTimeout is W.
. tests/crash/judges.sh
W=${FENCE_TIMEOUT:-$(as_many 8 10)}
ROUNDS=0 LOST=0 BEYOND=0
ALLOWED=	# set where a round may lose what docs/ghost-writes.md names

if ! new_namespace FARM || ! new_path 0 || ! new_path 1; then
	echo "not ok - there are two paths to another namespace"
	exit 1
fi
IN=(nsenter -t "$FARM" -n)

count() {
	"$B/tests/crash/seqwrite" --count "$T/ledger"
}

# busy [N]: do so many more requests end within a while?
busy() {
	local from
	from=$(count)
	wait_for "${LIMIT:-60}" eval "[ \$(count) -ge $((from + ${1:-1500})) ]"
}

# figure_of NAME < the line of figures
figure_of() {
	sed -n "s/.*\\b$1 \\([0-9]*\\).*/\\1/p"
}

ctl() {
	timeout 100 "$B/src/tools/iscsictl" -R "$T/run" -t 90 "$@"
}

begin_late() {
	need "the target starts" true
	begin_judge || exit 1
	{
		echo "FenceTimeout=$W"
		echo "TargetName=$IQN:stall"
		printf '\tTargetIPAddress=%s\n' \
			"$(far_end 0):$FRONT,${TAGS[0]}" \
			"$(far_end 1):$FRONT,${TAGS[1]}"
		printf '\t%s\n' "${CONF[@]}"
	} | configure
	start_iscsid -e 1
	d=$(disk 0 0 $LUN)
	need "the disk appears" appears 30 "$d"
	"$B/tests/crash/seqwrite" "$d" "$T/ledger" \
		>"$T/figures" 2>"$T/seqwrite.log" &
	WRITER=$!
	need "sectors are written and read" wait_for 20 test -s "$T/ledger"
	need "many of them" busy
}

# What may be late by longer than the fence waits, a busy machine included.
clock_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

is_later_than_fence() { # MS
	[ "$1" -ge $((W * 1000)) ]
}

goes_on() { # SENTENCE
	LIMIT=$((MOST / 1000 + W + 30)) need "$1, then the disk goes on" busy
}

# judge_round NAME: what is new in the figures
judge_round() {
	local line lost
	line=$("$B/tests/crash/seqwrite" --figures "$T/ledger")
	lost=$(($(figure_of lost <<<"$line") - LOST - BEYOND))
	echo "# $1: $lost lost, pause $(figure_of pause-ms <<<"$line") ms"
	ROUNDS=$((ROUNDS + 1))
	if [ "$ALLOWED" ]; then
		BEYOND=$((BEYOND + lost))
	else
		LOST=$((LOST + lost))
		check "no sector became older" test "$lost" = 0
	fi
}

medium_fits() {
	local line
	line=$("$B/tests/crash/seqwrite" --verify "$MEDIUM" "$T/ledger")
	echo "$line"
	[ "$(figure_of wrong <<<"$line")" = 0 ] &&
		[ "$(figure_of lost <<<"$line")" -le $BEYOND ]
}

finish_late() {
	local line seen
	seen=$(seen_fence)
	kill $WRITER
	LIMIT=110 check "the writer ends" ends_well $WRITER
	line=$(tail -n 1 "$T/figures")
	check "nothing was lost" test "$(figure_of lost <<<"$line")" = $BEYOND
	check "nothing came that nobody wrote" \
		test "$(figure_of wrong <<<"$line")" = 0
	check "no request failed" test "$(figure_of errors <<<"$line")" = 0
	check "all of them ended" test "$(figure_of stuck <<<"$line")" = 0
	check "the daemon stops on SIGTERM" stop_iscsid
	check "the medium has what was acknowledged" medium_fits
	end_judge
	check "nothing is left" nothing_left
	echo "# figure: $KIND: $line"
	echo "# row: $(basename "$0" .sh).$KIND | $seen | $ROUNDS | $(figure_of writes <<<"$line") | $LOST | $BEYOND | $(figure_of longest-ms <<<"$line")"
}
