# digests - CRC32C over headers, over data, over both.
. tests/lib.sh
command -v tshark >/dev/null || skip_all "tshark is not installed"

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 64M
} || exit 1
one=$(disk 0 0 1)
fill_random "$T/data" 32M

agreed() { # KEY=VALUE: the target said so in its login answer
	seen 'iscsi.opcode == 0x23' -T fields -e iscsi.keyvalue | grep "$1"
}
moves_data() {
	put "$T/data" "$one" && holds "$one" "$T/data" &&
		cmp -n $((32 << 20)) "$T/data" "$T/disk.1.1"
}
# tgt insists on what it is told here: CRC32C or None.
tgt_digests() { # HEADER DATA
	tgt --mode target --op update --tid 1 --name HeaderDigest --value "$1"
	tgt --mode target --op update --tid 1 --name DataDigest --value "$2"
}
round() { # WORDS HEADER DATA: as iscsi.conf says it, what tgt insists on
	local words=$1 header=$2 data=$3
	tgt_digests "${header#*/}" "${data#*/}"
	configure <<C
HeaderDigest=${header%/*}
DataDigest=${data%/*}
DiscoveryAddress=127.0.0.1:$port
C
	start_capture $port 400
	start_iscsid
	need "with $words the disk attaches" appears 20 "$one"
	check "with $words data come back as they went" moves_data
	stop_iscsid
	stop_capture
	check "with $words HeaderDigest is agreed" agreed \
		"HeaderDigest=${header#*/}"
	check "with $words DataDigest is agreed" agreed "DataDigest=${data#*/}"
	truncate -s 0 "$T/disk.1.1" && truncate -s 64M "$T/disk.1.1"
}
round "no digest" prefer-off/None prefer-off/None
round "header digests" always/CRC32C prefer-off/None
round "data digests" prefer-off/None prefer-on/CRC32C
round "both digests" always/CRC32C always/CRC32C

tgt_digests None None
configure <<C
HeaderDigest=always
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid
check "a target that will not have the digest we insist on is one clear line" \
	will_log 15 "$IQN:store" "127.0.0.1:$port" HeaderDigest 'given up'
stops_clean
