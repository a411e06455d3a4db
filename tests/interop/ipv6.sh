# ipv6 - the same over [::1].
. tests/lib.sh
ip -6 addr show dev lo | grep -q ::1 || skip_all "lo has no IPv6 address"

port=$(free_port)
{
	start_tgtd "[::1]:$port"
	tgt_target 1 store
	tgt_disk 1 1 64M
} || exit 1
configure <<C
DiscoveryAddress=[::1]:$port
C
start_iscsid

one=$(disk 0 0 1)
fill_random "$T/data" 32M
need "a disk behind an IPv6 portal gets its link" appears 20 "$one"
check "it takes data" put "$T/data" "$one"
check "it gives them back" holds "$one" "$T/data"
check "iscsi-ls shows the address in brackets" eval \
	'list | grep -qF "[::1]:$port"'
stops_clean
