# stall - a path stalls and later delivers what it kept, in order, while the
# session is on another path already; with engine kills, switches by hand and
# upgrades in the middle.  No acknowledged write may give way to an older one.
. tests/crash/common.sh
. tests/crash/net.sh
. tests/crash/late.sh

tame_path 0 && tame_path 1 || skip_all "this kernel has no tbf queue"

# What happens in the middle of a stall; the answers to those who ask may take
# until the path is back.
nothing() {
	true
}

engine_kill() {
	kill_engine
}

switch() {
	ctl portal 0 0 "$(far_end $((1 - at))):$FRONT" >"$T/switch.log" 2>&1 &
	asked=$!
}

upgrade() {
	ctl upgrade >"$T/upgrade.log" 2>&1 &
	asked=$!
}

part() { # N SECONDS: N thirds of it
	awk "BEGIN { print $1 * $2 / 3 }"
}

# stall SECONDS WHAT
stall() {
	local kept at from took asked=
	LIMIT=60 need "a path is in use" wait_for 50 eval '[ "$(path_in_use)" ]'
	at=$(path_in_use)
	event "stall-$1s-$2"
	from=$(clock_ms)
	stall_path "$at"
	sleep "$(part 1 "$1")" # so long it lasts
	$2
	sleep "$(part 2 "$1")"
	kept=$(queued "$at")
	LIMIT=20 check "the queue drains" drain_path "$at"
	took=$(($(clock_ms) - from))
	goes_on "a stall of $1 s, $2"
	[ -z "$asked" ] || LIMIT=100 check "what was asked for ends" \
		wait_for 90 ended $asked
	# The old portal group could not be reached for so long.
	ALLOWED=
	! has_two_groups || ! is_later_than_fence $took || ALLOWED=1
	judge_round "stall of $1 s ($took ms), $2, $kept in the queue of path $at"
}

# SECONDS WHAT: without --long
short_rounds() {
	case $KIND in
	slow) # what runs in the target then, not what is in the network
		printf '0 %s\n' engine_kill switch engine_kill switch
		;;
	lio*) # is the whole of it there
		printf '%s\n' "6 nothing" "3 engine_kill" "3 switch" "1 upgrade"
		;;
	*)
		printf '%s\n' "6 nothing" "3 engine_kill"
		;;
	esac
}

long_rounds() {
	local s
	for s in ${STALLS:-0 1 2 3 6 20 $((W - 2)) $((W + 5))}; do
		printf "$s %s\n" nothing engine_kill switch upgrade
	done
}

begin_late
rounds=$("$(as_many short long)_rounds")
while read -r s what; do
	stall "$s" "$what"
done <<<"$rounds"
finish_late
