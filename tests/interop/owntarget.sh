# owntarget - the basics against iscsi-demo-target, which the demo uses.
. tests/lib.sh

port=$(free_port)
"$B/target/iscsi-demo-target" --portal 127.0.0.1:$port \
	--target $IQN:own --lun "0:file:$T/disk:256M,thin" \
	--lun 1:mem:64M,bs=4096 --digest prefer >"$T/target.log" 2>&1 &
target=$!
wait_for 10 listening $port
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid

one=$(disk 0 0 0)
fill_random "$T/data" 64M
want=$(sum "$T/data")
need "the disk of our own target gets its link" appears 20 "$one"
fill() {
	mkfs.ext4 -q "$one" && mount "$one" "$T/mnt" &&
		cp "$T/data" "$T/mnt/data" && forget_cache "$T/mnt"
}
need "it takes a file system and data" fill
check "it gives the same data back" same_sum "$T/mnt/data" "$want"
check "the file system unmounts" umount "$T/mnt"
check "it discards" blkdiscard -l $((16 << 20)) "$one"
check "the target lives" kill -0 $target
stops_clean
