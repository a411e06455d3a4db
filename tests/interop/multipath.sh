# multipath - a target of two portals, reached by both: each has a session and
# a disk of its own, and the same numbers after a restart.
. tests/lib.sh

one=$(SOFTHBA_PORTS=13690 free_port)
two=$(SOFTHBA_PORTS=13690 free_port)
"$B/target/iscsi-demo-target" --portal 127.0.0.1:$one,1 \
	--portal 127.0.0.2:$two,2 --target $IQN:both --lun 0:mem:64M \
	>"$T/target.log" 2>&1 &
need "the target listens" wait_for 10 listening $one
configure_paths() { # HOW
	configure <<C
DiscoveryAddress=127.0.0.1:$one
Multipath=$1
C
}
bound() { # KEY...: the targets of bus 0, in this order
	awk '$1 == 0 { print $3 }' "$T/iscsi.bindings" >"$T/bound"
	printf '%s\n' "$@" | cmp - "$T/bound" || {
		cat "$T/iscsi.bindings"
		return 1
	}
}
sessions() { # NUMBER of them that are up
	[ "$(list | grep -c '^SESSION STATUS *: ESTABLISHED')" = "$1" ]
}

configure_paths portal
start_iscsid
need "the first path has its disk" appears 20 "$(disk 0 0 0)"
need "the second path has its disk" appears 20 "$(disk 0 1 0)"
check "there are two sessions" wait_for 10 sessions 2
check "each portal has its binding" \
	bound "$IQN:both,127.0.0.1:$one" "$IQN:both,127.0.0.2:$two"
fill_random "$T/data" 8M
check "what one path writes" put "$T/data" "$(disk 0 0 0)"
check "the other path reads" holds "$(disk 0 1 0)" "$T/data"
check "the daemon stops" stop_iscsid
start_iscsid
check "after a restart both are there again" appears 20 "$(disk 0 1 0)"
check "with the same numbers" \
	bound "$IQN:both,127.0.0.1:$one" "$IQN:both,127.0.0.2:$two"
check "it stops again" stop_iscsid

rm "$T/iscsi.bindings"
configure_paths portalgroup
start_iscsid
check "each portal group has its disk" appears 20 "$(disk 0 1 0)"
check "and its binding" bound "$IQN:both,1" "$IQN:both,2"
check "the last stop" stop_iscsid

rm "$T/iscsi.bindings"
configure_paths no
start_iscsid
check "without Multipath there is one disk" appears 20 "$(disk 0 0 0)"
check "and one session" wait_for 10 sessions 1
check "and one binding" bound "$IQN:both"
