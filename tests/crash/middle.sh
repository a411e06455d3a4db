# middle - a box on the path keeps what it has acknowledged, and hands it on to
# the target when the session is another one already; half-open connections.
# No acknowledged write may give way to an older one.
. tests/crash/common.sh
. tests/crash/net.sh
. tests/crash/late.sh
PORT=3261

start_middle() { # PATH
	"${IN[@]}" "$B/tests/crash/middle" "$(far_end "$1")" $FRONT $PORT \
		"$T/middle.$1" >>"$T/middle.out" 2>>"$T/middle.log" &
	wait_for 10 test -p "$T/middle.$1"
}

say() { # PATH WORD...
	printf '%s\n' "${@:2}" >"$T/middle.$1"
}

# What became of what was kept: "N of M bytes delivered".
kept() {
	awk '{ k += $2; d += $4 } END { print d + 0, "of", k + 0,
		"kept bytes delivered" }' "$T/middle.out"
}

lose() { # the initiator's side is reset
	say "$at" lose
}

lose_and_shut() { # and nobody else is let in there
	say "$at" shut lose
}

engine_kill() {
	kill_engine
}

# late WHAT SECONDS: by how much
late() {
	local at from took
	LIMIT=60 need "a path is in use" wait_for 50 eval '[ "$(path_in_use)" ]'
	at=$(path_in_use)
	: >"$T/middle.out"
	event "late-$2s-$1"
	from=$(clock_ms)
	say "$at" hold
	sleep 0.3 # so long it keeps
	$1
	sleep "$2"
	say "$at" release
	LIMIT=10 check "the box hands on what it kept" \
		wait_for 5 test -s "$T/middle.out"
	took=$(($(clock_ms) - from))
	goes_on "$1, the old bytes come $2 s later"
	say "$at" open cut
	# The old portal group could not be reached for so long.
	ALLOWED=
	[ "$1" != lose_and_shut ] || ! has_two_groups ||
		! is_later_than_fence $took || ALLOWED=1
	judge_round "$1, $2 s ($took ms), $(kept)"
	goes_on "the box forgets its connections"
}

start_middle 0 && start_middle 1 || {
	echo "not ok - there is a box on each path"
	exit 1
}
begin_late
for s in ${DELAYS:-0 0.5 1 2 3 4 6 $((W - 2)) $((W + 1)) $((W + 5))}; do
	for what in lose lose_and_shut engine_kill; do
		late $what "$s"
	done
done
finish_late
