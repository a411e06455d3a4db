# free - "iscsid -F" takes away what an earlier run left, in order where that can
# be, and touches nothing else.
. tests/lib.sh
MAY_DIE=1

port=$(free_port)
truncate -s 64M "$T/disk"
target() {
	"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
		--target "$IQN:a" --lun "0:file:$T/disk" \
		--pidfile "$T/target.pid" >>"$T/target.log" 2>&1 &
	target=$!
}
target
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
one=$(disk 0 0 0)
begin() {
	start_iscsid -e 1
	need "$1" appears 20 "$one"
	dev=$(readlink "$one")
}
free() {
	"$B/src/iscsid/iscsid" -F -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
		-I "$T/initiatorname.iscsi" -l "$L" -R "$T/run" \
		>"$T/free.log" 2>&1
}
frees() { # STATUS
	free
	status=$?
	cat "$T/free.log"
	[ $status = "$1" ]
}
kill_manager() {
	kill -KILL "$ISCSID"
	wait "$ISCSID" 2>/dev/null
	return 0
}
engines() {
	local p
	for p in $(pgrep -x iscsid-engine); do
		{ tr '\0' '\n' <"/proc/$p/environ"; } 2>/dev/null | grep -qx "SOFTHBA_TEST=$T" &&
			echo "$p"
	done
}

begin "a disk gets its link"
check "with a daemon it is refused" frees 1
check "and says how to end that one" grep -q 'iscsictl shutdown' "$T/free.log"
check "the disk stays" test -b "$one"

fill_random "$T/data" 4M
dd if="$T/data" of="$dev" bs=1M conv=notrunc status=none
kill_manager
check "the daemon dies, its engine goes on" test -n "$(engines)"
check "it is freed" frees 0
check "what was cached reached the target" cmp -n $((4 << 20)) "$T/data" "$T/disk"
check "nothing is left" nothing_left
check "and no engine" test -z "$(engines)"

begin "the disk comes back"
exec 8<"$dev"
kill_manager
check "one that is in use is taken away in the end" frees 0
check "its user is named" grep -q "$(basename "$dev") is open in process" \
	"$T/free.log"
exec 8<&-
check "nothing is left of it" nothing_left

begin "it comes back again"
kill_manager
kill -STOP "$target"
timeout 60 dd if="$dev" of=/dev/null bs=4k count=1 iflag=direct \
	>"$T/dd.log" 2>&1 &
reader=$!
LIMIT=90 check "with a reader whose target is away it is freed, too" frees 0
check "who waited goes on" wait_for 10 ended $reader
check "nothing is left of that" nothing_left
kill -CONT "$target"

begin "and again"
: >"$T/other"
truncate -s 8M "$T/other"
other=$(losetup -f --show "$T/other")
kill_manager
kill -KILL $(engines)
check "with all dead it is freed" frees 0
check "a loop device of somebody else stays" test \
	"$(losetup -n -O BACK-FILE "$other")" = "$T/other"
losetup -d "$other"
check "nothing else is left" nothing_left
check "where nothing is left it does nothing" frees 0
