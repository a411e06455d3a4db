# lio-portals - Linux's own target by several portals and portal groups, and
# by redirection; the path in use fails under load.
. tests/vm/lib.sh
. tests/vm/configfs

a=10.1.1.1:3260 b=10.1.1.2:3260 c=10.1.1.3:3260
for host in $a $b $c; do
	ip addr add "${host%:*}/32" dev lo
done
need "LIO starts" start_lio
lio_disk one 64M
need "a target has two portals in one group and one in another" eval \
	'lio_group store 1 $a $b && lio_lun store 1 0 one &&
	lio_group store 2 $c && lio_lun store 2 0 one'
configure <<C
DiscoveryAddress=$a
C
start_iscsid
d=$(disk 0 0 0)
need "the disk appears" appears 60 "$d"
lists() { # PORTAL,GROUP
	list | grep -F "PORTAL ADDRESS" | grep -F "$1"
}
check "the first portal is known with its group" lists $a,1
check "so is the second" lists $b,1
check "and that of the other group" lists $c,2
at() { # PORTAL is in use
	list | grep "^TARGET ADDRESS" | grep -F "$1"
}
check "the first is in use" at $a

# Its address goes: nothing answers, and nothing is sent back.
lose() { # PORTAL TO: the session moves to one of those
	ip addr del "${1%:*}/32" dev lo && wait_for 90 at "$2"
}
LIMIT=150 check "when its portal is lost the session goes to the next" \
	under_load "$d" lose $a $b
LIMIT=150 check "and then to the other group, without an error" \
	under_load "$d" lose $b $c
ip addr add "${a%:*}/32" dev lo
switch() {
	"$B/src/tools/iscsictl" -R "$T/run" portal 0 0 $a && wait_for 30 at $a
}
check "it is switched back by hand" under_load "$d" switch

paths() { # HOW: a new daemon with Multipath=HOW
	ip addr add "${b%:*}/32" dev lo 2>/dev/null
	rm -f "$T/iscsi.bindings"
	again <<C
Multipath=$1
DiscoveryAddress=$a
C
}
paths portal
check "with Multipath=portal there is a disk for each portal" eval \
	'appears 60 "$(disk 0 2 0)" && appears 10 "$(disk 0 1 0)" &&
	appears 10 "$d"'
same() {
	fill_random "$T/data" 1M
	put "$T/data" "$d" && holds "$(disk 0 1 0)" "$T/data" &&
		holds "$(disk 0 2 0)" "$T/data"
}
check "and all are the same disk" same

# LIO itself redirects nobody: our own target does, to LIO.
"$B/target/iscsi-demo-target" --portal 127.0.0.1:3999 --target $IQN:store \
	--lun 0:mem:64M --redirect $c >"$T/target.log" 2>&1 &
wait_for 20 listening 3999
rm -f "$T/iscsi.bindings"
again <<C
TargetName=$IQN:store
	TargetIPAddress=127.0.0.1:3999
C
check "a redirection leads to LIO" appears 60 "$d"
check "with its data" holds "$d" "$T/data"
stops_clean
