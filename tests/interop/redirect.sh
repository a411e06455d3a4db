# redirect - targets that say they moved (RFC 7143 11.13.5): for now and for
# good, to numbers and to names, to nowhere and in a circle.
. tests/lib.sh

front=$(free_port) back=$(free_port) hub=$(free_port)
wheres=(temporary permanent six name nowhere circle)

serve() { # NAME OPTION... - both sides have the same disks
	local name=$1
	shift
	"$B/target/iscsi-demo-target" --control "$T/$name.fifo" "$@" \
		>>"$T/$name.log" 2>&1 &
}

target_options() { # NAME...
	local name
	OPTIONS=()
	for name; do
		OPTIONS+=(--target "$IQN:$name" --lun "1:mem:8M")
	done
}

start_front() {
	target_options temporary
	local temporary=("${OPTIONS[@]}" --redirect 127.0.0.1:$back)
	target_options permanent
	local permanent=("${OPTIONS[@]}" --redirect-permanent 127.0.0.1:$back)
	target_options six
	local six=("${OPTIONS[@]}" --redirect "[::1]:$back")
	target_options name
	local name=("${OPTIONS[@]}" --redirect localhost:$back)
	target_options nowhere
	local nowhere=("${OPTIONS[@]}" --redirect no-such-host.invalid:$back)
	target_options circle
	local circle=("${OPTIONS[@]}" --redirect 127.0.0.1:$back)

	serve front --portal 127.0.0.1:$front "${temporary[@]}" \
		"${permanent[@]}" "${six[@]}" "${name[@]}" "${nowhere[@]}" \
		"${circle[@]}"
}

start_back() {
	target_options "${wheres[@]}"
	serve back --portal 127.0.0.1:$back --portal "[::1]:$back" \
		"${OPTIONS[@]}" --redirect 127.0.0.1:$front
	BACK=$!
	wait_for 10 listening $back
}

# A discovery portal that sends everybody to this address.
start_hub() { # ADDRESS
	PYTHONPATH=tests/engine python3 -c '
import sys, threading
from test_sessions import Listener, redirect_to
Listener(redirect_to(sys.argv[2], 0x0101), int(sys.argv[1]))
threading.Event().wait()' $hub "$1" >>"$T/hub.log" 2>&1 &
	wait_for 10 listening $hub
}

established() { # NAME ADDRESS
	list | grep -A 30 -F "$IQN:$1" | sed '1!{/TARGET NAME/q}' |
		grep -qF "ESTABLISHED AT" &&
		logged "established session to $IQN:$1, address $2"
}

sessions() { # NAME: how often it came up
	count_logged "established session to $IQN:$1,"
}

failures() { # NAME: warnings that it has no session
	count_logged "no session to $IQN:$1,.*trying again in"
}


start_front
start_back
start_hub localhost:$front
wait_for 10 listening $front
configure <<C
DiscoveryAddress=127.0.0.1:$hub
C
start_iscsid

need "a discovery follows a redirection to a name" \
	will_log 20 "6 targets found"
need "a temporary redirection is followed" \
	wait_for 10 established temporary 127.0.0.1:$back
check "a permanent redirection is followed" \
	wait_for 10 established permanent 127.0.0.1:$back
check "a redirection to an IPv6 number is followed" \
	wait_for 10 established six "\\[::1\\]:$back"
check "a redirection to a name is followed" \
	wait_for 10 established name "(127.0.0.1|\\[::1\\]):$back"
check "the log says which address a name has" \
	logged "moved: localhost:$back, that is (127.0.0.1|::1)"
check "a disk behind a name appears" appears 20 "$(disk 0 3 1)"

check "a name that does not resolve is told" will_log 60 \
	"no session to $IQN:nowhere, portal 127.0.0.1:$front" \
	"no-such-host.invalid:$back, a name without address: [a-z]"
check "a circle is told" will_log 20 "no session to $IQN:circle," \
	"after too many redirections in a row; trying again in"
sleep 5
check "a circle is told in one line" test "$(failures circle)" = 1
check "a name that does not resolve is told in one line" \
	test "$(failures nowhere)" = 1
check "a circle is not run through without rest" \
	test "$(grep -c . "$T/back.log")" -lt 60

kill $BACK && wait_for 5 ended $BACK
before=$(sessions permanent)
start_back
back_again() {
	wait_for 20 eval '[ $(sessions permanent) -gt '$before' ] &&
		[ $(sessions temporary) -gt 1 ] && [ $(sessions name) -gt 1 ]'
}
check "all come back after the target was away" back_again
again_by() { # NAME: the way it took back, after the session was lost
	tac "$T/iscsid.log" | sed "/session to $IQN:$1 dropped/q" |
		grep -q "no session to $IQN:$1, portal 127.0.0.1:$front.*moved"
}
check "who moved for now is asked at the old portal again" again_by temporary
check "who moved for good is not" not again_by permanent

echo "redirect $IQN:nowhere off" >"$T/front.fifo"
check "the portal is asked again after a name was not found" \
	wait_for 40 established nowhere 127.0.0.1:$front
stops_clean
