# fio - ten seconds of random writes, 32 in flight, each read back and
# compared by its CRC32C.
. tests/lib.sh

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 store
	tgt_disk 1 1 256M 512
	tgt_disk 1 2 256M 4096
} || exit 1
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid

verify() { # DISK
	(cd "$T" && fio --name=verify --filename="$1" --ioengine=libaio \
		--direct=1 --rw=randwrite --bsrange=4k-128k --iodepth=32 \
		--verify=crc32c --verify_backlog=256 --verify_fatal=1 \
		--do_verify=1 --time_based --runtime=10 --randseed=$$)
}
for n in 1 2; do
	dev=$(disk 0 0 $n)
	need "LUN $n gets its link" appears 20 "$dev"
	LIMIT=60 check "LUN $n keeps random writes at queue depth 32" \
		verify "$dev"
done
stops_clean
