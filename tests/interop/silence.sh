# silence - addresses where no proper target is: one clear line each, and
# nothing else is disturbed.
. tests/lib.sh

port=$(free_port) refusing=$(free_port)
silent=$(free_port) garbage=$(free_port) http=$(free_port)
closing=$(free_port) full=$(free_port)
peers="silent garbage http closing full"
for mode in $peers; do
	tests/interop/peer $mode "${!mode}" >"$T/peer.$mode.log" 2>&1 &
done
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 64M
} || exit 1
for mode in $peers; do
	wait_for 10 listening "${!mode}" || exit 1
done
# A link-local address on lo, which has none of them: no route leads there.
configure <<C
LoginTimeout=3
DiscoveryAddress=[fe80::1%lo]:3260
DiscoveryAddress=127.0.0.1:$full
DiscoveryAddress=127.0.0.1:$refusing
DiscoveryAddress=127.0.0.1:$silent
DiscoveryAddress=127.0.0.1:$garbage
DiscoveryAddress=127.0.0.1:$http
DiscoveryAddress=127.0.0.1:$closing
DiscoveryAddress=no-such-host.invalid
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid

one=$(disk 0 0 1)
need "the good target among them gets its disk" appears 20 "$one"
fill_random "$T/data" 16M
check "the disk works meanwhile" eval \
	'put "$T/data" "$one" && holds "$one" "$T/data"'
next='again|retry|retries|retrying|next'
check "an unreachable portal is one clear line" \
	will_log 20 'fe80::1%lo' 'unreachable|no route|cannot assign' "$next"
check "a portal that takes no connection is one clear line" \
	will_log 20 "127.0.0.1:$full" 'no answer|timed out' "$next"
check "a refusing portal is one clear line" \
	will_log 20 "127.0.0.1:$refusing" 'refused' "$next"
check "a silent portal is one clear line" \
	will_log 20 "127.0.0.1:$silent" 'timed out|no answer|not answer|silent' "$next"
check "a portal that speaks garbage is one clear line" \
	will_log 20 "127.0.0.1:$garbage" 'not speak iSCSI' "$next"
check "a web server is one clear line" \
	will_log 20 "127.0.0.1:$http" 'not speak iSCSI' "$next"
check "a portal that hangs up is one clear line" \
	will_log 20 "127.0.0.1:$closing" 'closed' "$next"
check "a name that does not resolve is one clear line" \
	will_log 20 'no-such-host.invalid' "$next"
few() { # at most a handful of lines a portal: back-off, not a flood
	local p n
	for p in "$refusing" "$silent" "$garbage" "$http" "$closing"; do
		n=$(count_logged "127.0.0.1:$p")
		[ "$n" -le 12 ] || { echo "$n lines about port $p"; return 1; }
	done
}
check "the log is not flooded" few
check "the daemon lives" kill -0 "$ISCSID"
check "the disk still works" holds "$one" "$T/data"

second() { # a target comes up where connections were refused
	TGT_CONTROL=$((TGT_CONTROL + 1))
	start_tgtd 127.0.0.1:$refusing && tgt_target 1 late &&
		tgt_disk 1 3 64M
}
check "a target starts where connections were refused" second
LIMIT=90 check "it is found without anybody's help" \
	appears 80 "$(disk 0 1 3)"
stops_clean
