# ublk-crash - engines, managers and both die under load, and an upgrade comes:
# no I/O error; what a dead run left is found, and nobody else's.
VM_LIMIT=${VM_LIMIT:-600}
. tests/vm/lib.sh
MAY_DIE=1

modprobe -q ublk_drv || skip_all "the kernel $(uname -r) has no ublk_drv"
port=$(free_port)
truncate -s 64M "$T/a.img" "$T/b.img"
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
	--target "$IQN:a" --lun "0:file:$T/a.img" --lun "1:file:$T/b.img" \
	>"$T/target.log" 2>&1 &
configure <<C
Export=ublk
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid -e 1 -d
zero=$(disk 0 0 0) one=$(disk 0 0 1)
need "a disk appears" appears 60 "$zero"
need "and another" appears 60 "$one"
dev=$(readlink "$zero")

engine() {
	pgrep -x iscsid-engine
}
recovered() { # COUNT
	[ "$(count_logged 'was recovered')" -ge "$1" ]
}
kill_manager() {
	kill -KILL "$ISCSID"
	wait "$ISCSID" 2>/dev/null
	return 0
}
starts=0
next_manager() {
	mv "$T/iscsid.log" "$T/iscsid.log.$((++starts))"
	start_iscsid -e 1 -d
}
goes_on() {
	will_log 60 "2 disks go on" && wait_for 20 list
}
verified() {
	fio --name=x --filename="$one" --rw=randwrite --bs=4k --size=4M \
		--iodepth=32 --ioengine=libaio --direct=1 --verify=crc32c \
		--do_verify=1 --verify_fatal=1 --output="$T/fio.out"
}
# Writes and verifies again and again until it is enough.
load() {
	until [ -e "$T/enough" ]; do
		verified || return
	done
}
written() {
	attribute "$one" stat | awk '{ print $7 }'
}
more_than() {
	[ "$(written)" -gt "$1" ]
}
# Some of it is always on its way when something dies.
goes() {
	wait_for 60 more_than $(($(written) + 1024))
}
fill_random "$T/data" 4M

load >"$T/fio.log" 2>&1 &
loading=$!
for n in 1 2 3; do
	check "the load runs" goes
	kill -KILL "$(engine)"
	check "the engine dies under load, time $n: the next takes over" \
		wait_for 60 recovered $((2 * n))
done
for n in 1 2; do
	check "it goes on" goes
	kill_manager
	check "without a manager, too" goes
	next_manager
	check "manager $n dies under load, the next goes on" goes_on
done
# The manager is somewhere in the recovery when it dies, too.
for n in 0 1 2 3 4 5; do
	kill -KILL "$(engine)"
	sleep 0.$n # any moment will do
	kill_manager
	next_manager
	check "engine, then manager die: $n" goes_on
	check "and the load runs" goes
done
check "the engine is upgraded under load" \
	"$B/src/tools/iscsictl" -R "$T/run" upgrade
check "both disks are the next engine's" wait_for 60 recovered 2
touch "$T/enough"
LIMIT=130 check "the load ends" wait_for 120 ended $loading
wait $loading
check "without an error, and all it wrote was there" test $? = 0
check "the device is the same all the time" \
	test "$(readlink "$zero")" = "$dev"

check "a file system is there" eval \
	'mkfs.ext4 -q "$zero" && mount "$zero" "$T/mnt"'
kill_manager
kill -KILL "$(engine)"
cp "$T/data" "$T/mnt/data" && sync -f "$T/mnt" &
writer=$!
next_manager
check "with both dead the next start goes on with the devices" goes_on
check "who wrote meanwhile waited for that" wait_for 60 ended $writer
wait $writer
check "and saw no error" test $? = 0
check "the data are there" eval \
	'forget_cache "$T/mnt" && cmp "$T/data" "$T/mnt/data"'

# A device whose records are gone is a leftover; one of others is not ours.
foreign=$("$B/tests/export/other_ublk")
check "somebody else has a ublk device" test -c "$foreign"
umount "$T/mnt"
kill_manager
kill -KILL "$(engine)"
rm -f "$T/run/held/"*
next_manager
check "what has no record is cleared at the next start" \
	will_log 60 'ublkb.* of a former run cleared'
check "and made anew" appears 60 "$zero"
check "with its data" eval \
	'mount "$zero" "$T/mnt" && cmp "$T/data" "$T/mnt/data"; umount "$T/mnt"'
check "somebody else's device is still there" test -c "$foreign"
stops_clean
check "the stop leaves that one alone, too" test -c "$foreign"
check "and none of ours" test "$(ls /dev/ublkb* 2>/dev/null)" = ""
