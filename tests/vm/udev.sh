# udev - the names below /dev/disk of disks and partitions: by path, by id, by
# label and by UUID; as the kernel's initiator would have them.
VM_TOOLS=udev MAY_DIE=1
. tests/vm/lib.sh
. tests/vm/configfs

need "LIO starts" start_lio
lio_disk one 64M
need "a target has two portals" eval \
	'lio_group store 1 127.0.0.1:3260 127.0.0.2:3260 &&
	lio_lun store 1 3 one'
cp packaging/udev/59-softhba.rules /lib/udev/rules.d/
/lib/systemd/systemd-udevd --daemon >"$T/udevd.log" 2>&1
need "udev runs" wait_for 20 udevadm control --ping

mkdir -p /etc /run/iscsi
cat >"$T/iscsi.conf" <<C
DiscoveryAddress=127.0.0.1:3260
Export=fuse
C
echo "InitiatorName=$ME" >"$T/initiatorname.iscsi"
start() {
	"$B/src/iscsid/iscsid" -n -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
		-I "$T/initiatorname.iscsi" >>"$T/iscsid.log" 2>&1 &
	ISCSID=$!
}
start
d=/dev/iscsi/bus0/target0/lun3/disk
need "the disk appears" appears 60 $d

serial=$(cat $LIO/core/fileio_0/one/wwn/vpd_unit_serial)
serial=${serial##*: }
by=/dev/disk
path=ip-127.0.0.1:3260-iscsi-$IQN:store-lun-3
leads() { # NAME DEVICE: within 30 s
	wait_for 30 test "$2" -ef "$by/$1" || {
		echo "$by/$1 does not lead to $2"
		ls -l $by/by-*
		udevadm info "$(readlink -f "$2")"
		return 1
	}
}
check "it has a name by the path of the first portal" leads "by-path/$path" $d
check "and by that of the second" leads "by-path/${path/0.0.1/0.0.2}" $d
# What LIO makes of the serial number: 6001405 and 25 digits of it.
id=6001405$(tr -cd 0-9a-f <<<"$serial"000000000000000000000000 | head -c 25)
check "it has the name by id that scsi_id gives" leads "by-id/scsi-3$id" $d
check "and that of its world wide name" leads "by-id/wwn-0x$id" $d

partition() {
	sfdisk -q "$d" <<-S
	label: gpt
	size=16MiB, name=first
	size=16MiB, name=second
	S
}
p1=/dev/iscsi/bus0/target0/lun3/part1
check "it takes partitions" partition
check "they appear" appears 30 $p1
check "a partition has a name by path" leads "by-path/$path-part1" $p1
check "by id" leads "by-id/scsi-3$id-part1" $p1
check "and by its own label" leads by-partlabel/first $p1
uuid=2b0b8c9c-7f4e-4f0e-9a53-3f5a5d0c2f11
check "a file system gives names by label and UUID" eval \
	'mkfs.ext4 -q -L stuff -U $uuid $p1 && leads by-label/stuff $p1 &&
	leads by-uuid/$uuid $p1'
check "it mounts by path" mount "$by/by-path/$path-part1" "$T/mnt"
umount "$T/mnt"

kill -KILL $ISCSID
start
check "after the death of the manager the names are there" eval \
	'will_log 30 "1 disk goes on" && udevadm settle -t 20 &&
	leads "by-path/$path" $d && leads "by-path/$path-part1" $p1'
dev=$(readlink -f $d)
check "the daemon stops" stop_iscsid 60
check "its names are gone" wait_for 30 not test -e "$by/by-path/$path"
check "the next user of the loop device has none of them" eval \
	'truncate -s 8M "$T/other" && losetup "$dev" "$T/other" &&
	udevadm settle -t 20 && ! [ -e "$by/by-id/scsi-3$id" ]'
losetup -d "$dev"

modprobe -q ublk_drv || {
	skip "ublk devices have these names" "this kernel has no ublk"
	exit
}
sed -i 's/Export=fuse/Export=ublk/' "$T/iscsi.conf"
start
need "the disk appears as a ublk device" eval \
	'appears 60 $d && [[ $(readlink $d) = /dev/ublkb* ]]'
check "it has the name by path" leads "by-path/$path" $d
check "by id" leads "by-id/scsi-3$id" $d
check "by its world wide name" leads "by-id/wwn-0x$id" $d
check "its partition has the name by path" leads "by-path/$path-part1" $p1
check "by id" leads "by-id/scsi-3$id-part1" $p1
check "by label" leads by-label/stuff $p1
check "by UUID" leads by-uuid/$uuid $p1
check "and by its own label" leads by-partlabel/first $p1
check "a new file system changes the label" eval \
	'mkfs.ext4 -q -F -L other $p1 && leads by-label/other $p1'
check "the daemon stops again" stop_iscsid 60
check "the names are gone again" wait_for 30 not test -e "$by/by-path/$path"
