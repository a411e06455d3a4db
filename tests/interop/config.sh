# config - wrong lines in the files an administrator writes: all are named in
# one run, the good lines still work.
. tests/lib.sh
EXPORT=

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 64M
} || exit 1
configure <<C
# line 1
NoSuchKeyword=1
LoginTimeout=soon
DiscoveryAddress=127.0.0.1:$port
	HeaderDigest=sometimes
	MaxBurstLength=99999999999
DiscoveryAddress=127.0.0.1:99999
what is this
C
cat >"$T/iscsi.bindings" <<C
# bus target name
0 7 $IQN:store
0 seven $IQN:other
0 7 $IQN:third
C
start_iscsid

at() { # FILE LINE [REGEX]
	will_log 10 "$1:$2:" "${3:-.}"
}
one=$(disk 0 7 1)
need "the good lines work: the disk gets its link by its binding" \
	appears 20 "$one"
check "an unknown keyword is named with file and line" \
	at iscsi.conf 2 NoSuchKeyword
check "a bad time is named with file and line" at iscsi.conf 3
check "a bad digest is named with file and line" at iscsi.conf 5
check "a number out of range is named with file and line" at iscsi.conf 6
check "a bad port is named with file and line" at iscsi.conf 7
check "a line that is no setting is named with file and line" at iscsi.conf 8
check "a bad target id is named with file and line" at iscsi.bindings 3
check "a target id used twice is named with file and line" \
	at iscsi.bindings 4
check "good lines are not complained of" not logged 'iscsi\.conf:4:'
check "the bindings file keeps what an administrator wrote" \
	grep -q "^0 seven $IQN:other" "$T/iscsi.bindings"
check "the daemon stops" stop_iscsid

rm -f "$T/initiatorname.iscsi" "$T/iscsi.bindings"
touch "$T/initiatorname.iscsi.none"
start_without_name() {
	"$B/src/iscsid/iscsid" -n -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
		-I "$T/initiatorname.iscsi" -l "$L" -R "$T/run" \
		>>"$T/iscsid.log" 2>&1 &
	ISCSID=$!
}
start_without_name
check "a missing initiator name is made" wait_for 10 \
	grep -qE '^InitiatorName=(iqn|eui|naa)\.' "$T/initiatorname.iscsi"
check "the disk is there under it" appears 20 "$(disk 0 0 1)"
names_differ() {
	[ "$("$B/src/tools/iscsi-iname")" != "$("$B/src/tools/iscsi-iname")" ]
}
check "iscsi-iname never says the same name twice" names_differ
check "a second daemon on the same run directory is refused" not timeout 10 \
	"$B/src/iscsid/iscsid" -n -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
	-I "$T/initiatorname.iscsi" -l "$L" -R "$T/run"
check "the first is not disturbed by it" test -b "$(disk 0 0 1)"
stops_clean
