# peer - the driver on this machine, and Linux's own target in a guest.
. tests/lib.sh

[ -c /dev/fuse ] && [ -c /dev/loop-control ] ||
	skip_all "this machine has no FUSE or no loop devices"
missing=$(tests/vm/run --prepare) || {
	echo "$missing"
	exit 0
}
port=$(SOFTHBA_PORTS=13990 free_port)
mkdir -p "$T/vm"
env -u SOFTHBA_DIR tests/vm/run --timeout 280 --forward $port:3260 \
	--share "$T/vm" bash tests/vm/peer-lio "$T/vm" >"$T/vm.log" 2>&1 &
vm=$!
export LIMIT=120
need "LIO starts in a guest" wait_for 120 test -e "$T/vm/ready"

configure <<C
TargetName=$IQN:peer
	TargetIPAddress=127.0.0.1:$port
	OutgoingUsername=alice
	OutgoingPassword=alices-long-secret
	IncomingUsername=store
	IncomingPassword=the-stores-secret
	HeaderDigest=always
	DataDigest=always
C
start_iscsid
d=$(disk 0 0 0)
need "its disk appears here, after CHAP both ways" appears 60 "$d"
fill_random "$T/data" 4M
check "the disk keeps what is written, with digests" eval \
	'put "$T/data" "$d" && holds "$d" "$T/data"'

told() { # WORD: the guest did it
	: >"$T/vm/$1"
	wait_for 60 test -e "$T/vm/$1.done"
}
restart() {
	fio --name=load --filename="$d" --direct=1 --ioengine=io_uring \
		--rw=randrw --bs=4k --iodepth=8 --size=4M --io_size=16M \
		--verify=crc32c --verify_backlog=64 --verify_fatal=1 \
		--rate_iops=200 >"$T/fio.log" 2>&1 &
	fio=$!
	told down && will_log 30 'session.*dropped' && told up &&
		wait $fio
}
check "a target that stops and starts under load costs no error" restart
stops_clean
check "the guest does as told" told end
check "the guest ends" wait_for 60 ended $vm
