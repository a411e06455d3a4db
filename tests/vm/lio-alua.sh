# lio-alua - access states of Linux's own target (SPC-4 5.16.2): a group that
# does not serve a disk is left for one that does.
. tests/vm/lib.sh
. tests/vm/configfs

need "LIO starts" start_lio
lio_disk one 64M
state() { # GROUP 0|1|2|3|15: optimized, not, standby, unavailable, in transition
	echo "$2" >"$LIO/core/fileio_0/one/alua/group$1/alua_access_state"
}
lio_access_group() { # GROUP of the target store, with states of its own
	local dir=$LIO/core/fileio_0/one/alua/group$1
	mkdir "$dir" && echo "$1" >"$dir/tg_pt_gp_id" &&
		echo 1 >"$dir/alua_access_type" &&
		echo "group$1" >"$(group store "$1")/lun/lun_0/alua_tg_pt_gp"
}
need "a target has two portal groups with states of their own" eval \
	'lio_group store 1 127.0.0.1:3260 && lio_lun store 1 0 one &&
	lio_group store 2 127.0.0.2:3260 && lio_lun store 2 0 one &&
	lio_access_group 1 && lio_access_group 2 && state 1 2'
configure <<C
DiscoveryAddress=127.0.0.1:3260
C
start_iscsid
d=$(disk 0 0 0)
at() { # PORTAL is in use
	list | grep "^TARGET ADDRESS" | grep -F "$1"
}
check "a disk on standby is found by the other portal group" eval \
	'appears 60 "$d" && at 127.0.0.2'

# State 14 cannot be set: "offline" is a secondary state, of a group's port.
offline() { # GROUP 0|1
	echo "$2" >"$(group store "$1")/lun/lun_0/alua_tg_pt_offline"
}

moves() { # GROUP STATE PORTAL: where the session goes
	state "$1" "$2" && wait_for 60 at "$3" && state "$1" 0
}
state 1 0
check "when its group goes on standby the session moves, without an error" \
	under_load "$d" moves 2 2 127.0.0.1
check "when its group is unavailable it moves, without an error" \
	under_load "$d" moves 1 3 127.0.0.2
moves_offline() { # GROUP PORTAL
	offline "$1" 1 && wait_for 60 at "$2" && offline "$1" 0
}
check "when its group is offline it moves, without an error" \
	under_load "$d" moves_offline 2 127.0.0.1
nothing_serves() {
	state 1 2 && state 2 2 && wait_for 20 logged 'trying another' &&
		state 2 0
}
check "when no group serves the disk its I/O waits until one does" \
	under_load "$d" nothing_serves
slow() {
	state 1 1 && state 2 1 && holds "$d" "$T/data"
}
fill_random "$T/data" 1M
put "$T/data" "$d"
check "groups that are not optimized serve it, too" slow
check "the moves were few" test "$(count_logged 'established session')" -lt 20

check "the daemon stops" stop_iscsid 60
mv "$T/iscsid.log" "$T/iscsid.log.before"
offline 1 1 && offline 2 1
start_iscsid
back() { # there is no disk while no group is, and there is when one is
	wait_for 60 logged 'does not serve a LUN' && ! [ -e "$d" ] && offline 2 0 &&
		appears 60 "$d" && at 127.0.0.2
}
check "a disk that is offline everywhere at first is there when one group is" \
	back
offline 1 0
stops_clean
