# hba - the HBA file on its real mount, and iscsictl: both ask for the same
# things, so the words of the one are checked with the other.
. tests/lib.sh
EXPORT=

one=$(SOFTHBA_PORTS=13650 free_port)
two=$(SOFTHBA_PORTS=13650 free_port)
"$B/target/iscsi-demo-target" --portal 127.0.0.1:$one,1 \
	--portal 127.0.0.2:$two,1 \
	--target $IQN:a --lun 0:mem:32M --lun 1:mem:16M \
	--target $IQN:b --lun 0:mem:8M >"$T/target.log" 2>&1 &
target=$!
wait_for 10 listening $one
configure <<C
DiscoveryAddress=127.0.0.1:$one
OutgoingUsername=me
ConnFailTimeout=33
C
start_iscsid
need "the disks appear" appears 20 "$(disk 0 0 1)"
need "all of them" appears 20 "$(disk 0 1 0)"
H=$T/run/hba/0

ctl() {
	"$B/src/tools/iscsictl" -R "$T/run" "$@"
}
lines() { # what the file shows, but for its head
	grep -v '^#' "$H"
}
shows() { # REGEX
	lines >"$T/lines"
	grep -qE "$1" "$T/lines" || {
		echo "not shown: $1"
		cat "$T/lines"
		return 1
	}
}
shows_not() {
	! shows "$1" >/dev/null
}
tell() { # WORDS: written in one write
	echo "$*" >"$H"
}
# refused ERROR WORDS - the write fails with this error.
refused() {
	local error=$1
	shift
	! tell "$@" 2>"$T/refusal" || {
		echo "taken: $*"
		return 1
	}
	grep -qF "$error" "$T/refusal" || {
		cat "$T/refusal"
		return 1
	}
}
# fails STATUS REGEX VERB... - iscsictl says why.
fails() {
	local want=$1 re=$2 got=0
	shift 2
	ctl "$@" >"$T/said" 2>&1 || got=$?
	[ $got = "$want" ] && grep -qE -e "$re" "$T/said" || {
		echo "status $got, says:"
		cat "$T/said"
		return 1
	}
}
says() { # REGEX VERB...
	local re=$1
	shift
	ctl "$@" >"$T/said" 2>&1 && grep -qE -e "$re" "$T/said" || {
		cat "$T/said"
		return 1
	}
}

# ---- reading -------------------------------------------------------------

golden() {
	local at
	at=$(printf '%15s  %5s  ' 127.0.0.1 $one)
	cat >"$T/golden" <<G
#
# SCSI:               iSCSI:
# Bus Tgt LUN         IP address   Port  TargetName
    0   0   0    $at$IQN:a
    0   0   1    $at$IQN:a
    0   1   0    $at$IQN:b
G
	tail -n +2 "$H" | diff "$T/golden" -
}
check "it reads as the original's" golden
check "its first line names the version" \
	grep -q '^# iSCSI driver version: [0-9.]* (..-...-....)$' "$H"
tear() { # a reader of single bytes sees the state of its open
	{
		head -c 1 >"$T/bytes"
		ctl remove 0 1 0 >/dev/null
		dd bs=1 status=none >>"$T/bytes"
	} <"$H"
	ctl add 0 1 0 >/dev/null && cmp "$T/bytes" "$H"
}
check "what is open does not change" tear

# ---- commands ------------------------------------------------------------

check "what is unknown is refused" refused "Invalid argument" frobnicate
check "words count with their case" refused "Invalid argument" Shutdown
check "the log says what and why" \
	will_log 5 'hba/0: "frobnicate" is refused: unknown command'
check "a target that is not there is no device" \
	refused "No such device" target 0 9 portal 0
check "numbers are decimal" refused "Invalid argument" target 0x0 0 portal 1
check "an address moves the session" tell target 0 0 address 127.0.0.2
moved() {
	shows "127.0.0.2 +$two +$IQN:a"
}
check "to that portal" wait_for 10 moved
check "an index moves it back" tell target 0 0 portal 0
back() {
	shows "127.0.0.1 +$one +$IQN:a"
}
check "to where it was" wait_for 10 back
check "an address of nobody is refused" \
	refused "No such file" target 0 0 address 192.0.2.1
check "a time changes for all" tell connfailtimeout - - 44
check "and is seen" says '^ConnFailTimeout=44s' config $IQN:b
check "a disk's time too" tell diskcommandtimeout 0 0 5
check "log settings are told" tell log login on
check "with the original's bits" will_log 5 'log settings 200'
tell log none

check "a disk is removed" tell scsi remove-single-device 0 0 0 1
check "and gone when that ends" not test -e "$(disk 0 0 1)"
check "from the file, too" shows_not "^ +0 +0 +1 "
check "it is added again" tell scsi add-single-device 0 0 0 1
check "and there when that ends" test -b "$(disk 0 0 1)"
check "another host is refused" \
	refused "Invalid argument" scsi add-single-device 1 0 0 1
check "a LUN that is not there cannot be added" \
	refused "No such device or address" scsi add-single-device 0 0 0 7
exec 8<"$(disk 0 0 0)"
check "a disk in use stays" refused "busy" scsi remove-single-device 0 0 0 0
check "iscsictl says who uses it" fails 1 'in use: .*open in' remove 0 0 0
check "and it goes on working" dd if="$(disk 0 0 0)" of=/dev/null bs=1M count=1
exec 8<&-

# ---- iscsictl ------------------------------------------------------------

check "status tells the disks" says '^disks +3, 3 of them online' status
check "config tells lines" says '^ConnFailTimeout=33s .*iscsi.conf:3' config
check "rescan starts" says 'discovery begins again' rescan
check "reload reads the file" says 'is read again' reload
check "the present portal needs no switch" says 'already the current' \
	portal 0 0 127.0.0.1
check "an unknown verb is a mistake" fails 2 'no such verb' frobnicate
check "so are missing words" fails 2 'usage: iscsictl add' add 0 0
check "no daemon is trouble" fails 1 'does not run' -R "$T/nowhere" status

# ---- the end -------------------------------------------------------------

kill $target
lost() {
	shows "^    0   1   0                  \?      \?  $IQN:b"
}
check "without connection there are question marks" wait_for 20 lost
again_up() {
	"$B/target/iscsi-demo-target" --portal 127.0.0.1:$one,1 \
		--portal 127.0.0.2:$two,1 \
		--target $IQN:a --lun 0:mem:32M --lun 1:mem:16M \
		--target $IQN:b --lun 0:mem:8M >>"$T/target.log" 2>&1 &
	wait_for 30 connected
}
connected() {
	shows "^    0   1   0  +127.0.0.[12] +[0-9]+  $IQN:b"
}
check "with it they are gone" again_up
check "shutdown is taken" tell shutdown
check "and ends the daemon" wait_for 30 ended "$ISCSID"
check "nothing is left of it" nothing_left
