#!/bin/bash
# Another version hands over to this one and gets everything back, under load.
#
# UPGRADE_FROM is a build directory of the other version.  Three targets: one
# portal group, two of them, and Debian's tgt.  Each disk is written and
# verified by fio and by the probe of tests/crash, which measures the pauses.
. tests/lib.sh
MAY_DIE=1
OLD=${UPGRADE_FROM:-}
NEW=$B
[ "$OLD" ] || skip_all "UPGRADE_FROM names no build of another version"
[ -x "$OLD/src/iscsid/iscsid" ] || skip_all "$OLD has no iscsid"

: >"$T/events"
event() { # NAME: something happens now
	echo "$EPOCHREALTIME $1" >>"$T/events"
}

# ---- targets -------------------------------------------------------------

one=$(free_port) two=$(free_port) three=$(free_port) four=$(free_port)
truncate -s 64M "$T/one.img" "$T/two.img"
serve() { # NAME PORTAL...
	local name=$1 portals=() p
	shift
	for p in "$@"; do
		portals+=(--portal "$p")
	done
	"$B/target/iscsi-demo-target" "${portals[@]}" --target "$IQN:$name" \
		--lun "0:file:$T/$name.img" >/dev/null 2>>"$T/target.log" &
}
serve one "127.0.0.1:$one,1"
serve two "127.0.0.1:$two,1" "127.0.0.1:$three,2"
tgt_serves() {
	start_tgtd "127.0.0.1:$four" && tgt_target 1 tgt && tgt_disk 1 1 64M
}
need "tgtd serves a disk" tgt_serves
# Login requests alone: RFC 7143 11.12, with I, and version 0.
login='(tcp[((tcp[12]>>4)*4)]=0x43 and tcp[((tcp[12]>>4)*4)+2:2]=0'
login+=' and tcp[((tcp[12]>>4)*4)+4]=0)'
start_logins() {
	dumpcap -q -i lo -s 256 -w "$T/wire" -f "tcp and $login and
		(dst port $one or dst port $two or dst port $three or dst port $four)" \
		>"$T/dumpcap.log" 2>&1 &
	DUMPCAP=$!
}
# Bytes 8 to 13 (RFC 7143 11.12) of the first request of sessions of disks.
seen_isids() { # PORT...
	local p
	for p in "$@"; do
		tshark -r "$T/wire" -Y "tcp.dstport == $p &&
			tcp.payload contains \"InitiatorName\" &&
			!(tcp.payload contains \"=Discovery\")" \
			-T fields -e tcp.payload 2>>"$T/tshark.log"
	done | cut -c 17-28 | sort | uniq -c
}
start_logins
need "logins are watched" wait_for 20 test -s "$T/wire"
DISKS=("$(disk 0 0 0)" "$(disk 0 1 0)" "$(disk 0 2 1)")

# ---- the driver, in a place of its own -----------------------------------

configure <<END
DiscoveryAddress=127.0.0.1:$one
DiscoveryAddress=127.0.0.1:$two
DiscoveryAddress=127.0.0.1:$four
END
printf '0\t%s\n' "0	$IQN:one" "1	$IQN:two" "2	$IQN:tgt" >"$T/iscsi.bindings"
mkdir "$T/bin"
replace() { # BUILD: as a package does, other files of those names
	local f
	for f in iscsid/iscsid engine/iscsid-engine tools/iscsictl \
		tools/iscsi-ls; do
		cp "$1/src/$f" "$T/bin/new" &&
			mv "$T/bin/new" "$T/bin/${f##*/}" || return
	done
}
start_own() {
	[ ! -e "$T/iscsid.log" ] || mv "$T/iscsid.log" "$T/iscsid.log.$((++starts))"
	echo "InitiatorName=$ME" >"$T/initiatorname.iscsi"
	"$T/bin/iscsid" -n -e 2 -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
		-I "$T/initiatorname.iscsi" -l "$L" -R "$T/run" \
		>>"$T/iscsid.log" 2>&1 &
	ISCSID=$!
}
starts=0
ctl() {
	"$T/bin/iscsictl" -R "$T/run" "$@"
}
engines() {
	local p
	for p in $(pgrep -x iscsid-engine); do
		tr '\0' '\n' 2>/dev/null <"/proc/$p/environ" |
			grep -qxF "SOFTHBA_TEST=$T" && echo "$p"
	done
	return 0
}

# ---- load ----------------------------------------------------------------

write_verified() { # N
	local rounds=0
	while [ ! -e "$T/stop" ]; do
		fio --name="x$1" --filename="${DISKS[$1]}" --rw=randwrite \
			--bs=4k --offset=4M --size=16M --iodepth=16 \
			--ioengine=libaio --direct=1 --verify=crc32c \
			--do_verify=1 --verify_fatal=1 \
			--randseed=$RANDOM$RANDOM --output="$T/fio.$1" || return
		echo $((++rounds)) >"$T/rounds.$1"
	done
}
probed() { # N: how many requests of its probe have ended
	local n=0
	read -r n <"$T/count.$1"
	echo "$n"
}
# All disks do so many more requests.
move() {
	local from=() i
	for i in "${!DISKS[@]}"; do
		from[i]=$(probed "$i")
	done
	for i in "${!DISKS[@]}"; do
		wait_for 40 eval "[ \$(probed $i) -ge $((from[i] + 20)) ]" || {
			echo "disk $i stands still"
			return 1
		}
	done
}

# ---- what stays the same -------------------------------------------------

isids() {
	"$T/bin/iscsi-ls" -R "$T/run" -l | sed -n 's/.*\(ISID [0-9a-f]*\).*/\1/p'
}
links() {
	find "$L" -type l -printf '%P -> %l\n' | sort
}
three_sessions() {
	[ "$(isids | wc -l)" = 3 ] &&
		ctl status | grep -q '^disks .* 3 of them online' # of tgt's 0 not
}
online() {
	wait_for 60 three_sessions || {
		ctl status
		isids
		return 1
	}
}
keeps() { # what remembered() says
	remembered >"$T/now" && diff -u "$T/before" "$T/now"
}
remembered() {
	isids && links && cat "$T/iscsi.bindings" && ls "$T/run/held"
}
runs() { # BUILD: the daemon, and with "all" its engines too
	local p
	cmp "$1/src/iscsid/iscsid" "/proc/$ISCSID/exe" || return
	[ "${2:-}" ] || return 0
	for p in $(engines); do
		cmp "$1/src/engine/iscsid-engine" "/proc/$p/exe" || return
	done
}
shows_fence() {
	local got
	got=$("$T/bin/iscsi-ls" -R "$T/run" -l | grep FENCE)
	echo "$got"
	[ "$(grep -c 'ends the old one (seen' <<<"$got")" = 3 ]
}
go_on() { # WORDS BUILD [all]
	LIMIT=90 check "all disks are online after $1" online
	LIMIT=130 check "I/O goes on after $1" move
	check "what should run after $1 runs" runs "$2" "${@:3}"
	check "ISIDs, links, bindings and records stay after $1" keeps
}
fences() { # WORDS
	LIMIT=30 check "each target's fence is shown after $1" \
		wait_for 20 shows_fence
	"$T/bin/iscsi-ls" -R "$T/run" -l | sed -n 's/.*FENCE/# FENCE/p'
}
upgraded() { # WORDS BUILD: by the tools of the new program, as packages do
	local lines
	replace "$2"
	lines=$(wc -l <"$T/iscsid.log")
	event "$1"
	LIMIT=90 check "$1 works" ctl upgrade
	go_on "$1" "$2" all
	[ "$2" != "$NEW" ] ||
		check "no login is ended by $1" drops_no_login "$lines"
}
drops_no_login() { # LINES of the log before
	! tail -n "+$(($1 + 1))" "$T/iscsid.log" | grep "ended on request"
}
adopted() { # WORDS BUILD
	replace "$2"
	event "$1"
	kill -KILL "$ISCSID"
	wait "$ISCSID" 2>/dev/null
	start_own
	go_on "$1" "$2"
}
engines_killed() { # WORDS BUILD
	local p
	event "$1"
	for p in $(engines); do
		kill -KILL "$p"
	done
	go_on "$1" "$2" all
}

short_pauses() { # REPORT
	sed -n 's/.*longest-ms //p' "$1" |
		{ read -r ms && [ "$ms" -le 15000 ]; }
}

replace "$OLD"
start_own
for i in 0 1 2; do
	need "disk $i appears" appears 20 "${DISKS[i]}"
	write_verified $i >"$T/fio.$i.log" 2>&1 &
	FIO[i]=$!
	"$B/tests/crash/crash-probe" "${DISKS[i]}" 5 "$T/count.$i" \
		"$T/events" >"$T/report.$i" 2>"$T/probe.$i.log" &
	PROBE[i]=$!
	need "the probe of disk $i works" wait_for 20 test -s "$T/count.$i"
done
need "three sessions stand" online
remembered >"$T/before"

upgraded upgrade "$NEW"
fences upgrade
engines_killed engines-after-upgrade "$NEW"
upgraded downgrade "$OLD"
engines_killed engines-after-downgrade "$OLD"
adopted new-manager-old-engines "$NEW"
engines_killed new-engines-after-old "$NEW"
fences "new manager, new engines"
adopted old-manager-new-engines "$OLD"
engines_killed old-engines-after-new "$OLD"
adopted new-manager-again "$NEW"
upgraded upgrade-of-old-engines "$NEW"
fences "the last upgrade"
event end

: >"$T/stop"
for i in 0 1 2; do
	LIMIT=120 check "fio on disk $i ends" wait_for 110 ended ${FIO[i]}
	wait ${FIO[i]}
	check "saw no error, and read what it wrote" test $? = 0
	kill ${PROBE[i]}
	LIMIT=60 check "the probe of disk $i ends" wait_for 50 ended ${PROBE[i]}
	wait ${PROBE[i]}
	check "saw no error and nothing wrong" test $? = 0
	echo "# figure: disk $i: $(cat "$T/rounds.$i") rounds of fio"
	sed "s/^/# figure: disk $i: /" "$T/report.$i"
	check "no pause is near FenceTimeout" short_pauses "$T/report.$i"
done
kill $DUMPCAP
wait_for 10 ended $DUMPCAP
one_isid() { # NUMBER PORT...: on the wire it is as it was shown at first
	local want seen
	want=$(sed -n "s/^ISID //p" "$T/before" | sed -n "$1p")
	seen=$(seen_isids "${@:2}")
	echo "$want:" $seen
	[ "$(wc -l <<<"$seen")" = 1 ] && [ "${seen##* }" = "$want" ]
}
check "target one saw its ISID alone" one_isid 1 "$one"
check "target two saw its ISID alone" one_isid 2 "$two" "$three"
check "tgt saw its ISID alone" one_isid 3 "$four"
stops_clean
