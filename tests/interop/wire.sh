# wire - what another implementation thinks of our packets: tshark sees a
# whole session, no malformed packet and no error.
. tests/lib.sh
command -v tshark >/dev/null || skip_all "tshark is not installed"

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 64M
	tgt_disk_param 1 1 thin_provisioning=1
	tgt_account alice alices-long-secret 1
	tgt_account store the-stores-secret 1 --outgoing
	tgt --mode account --op bind --user alice
	tgt --mode account --op bind --user store --outgoing
} || exit 1
configure <<C
OutgoingUsername=alice
OutgoingPassword=alices-long-secret
IncomingUsername=store
IncomingPassword=the-stores-secret
DiscoveryAddress=127.0.0.1:$port
C
start_capture $port || exit 1
start_iscsid
one=$(disk 0 0 1)
fill_random "$T/data" 4M
need "the disk gets its link" appears 20 "$one"
work() {
	put "$T/data" "$one" && holds "$one" "$T/data" &&
		blkdiscard -l $((1 << 20)) "$one"
}
check "it is written, read and discarded" work
check "the daemon stops" stop_iscsid
check "the capture ends" stop_capture

check "a login is seen" eval 'seen "iscsi.opcode == 0x03" | grep -q .'
check "writes with their data are seen" eval \
	'seen "scsi_sbc.opcode == 0x2a or scsi_sbc.opcode == 0x8a" | grep -q .'
check "a logout is seen" eval 'seen "iscsi.opcode == 0x06" | grep -q .'
clean() {
	seen '_ws.malformed or _ws.expert.severity >= "error"' >"$T/bad"
	head -n 20 "$T/bad"
	[ ! -s "$T/bad" ]
}
check "no packet is malformed, none is an error" clean
