# netdev - lines of /etc/fstab with _netdev under systemd and udev: by names
# below /dev/disk, mounted behind the service and unmounted before it.
VM_TOOLS=udev VM_LIMIT=400
. tests/vm/lib.sh
. tests/systemd.sh

port=$(free_port)
"$B/target/iscsi-demo-target" --portal 127.0.0.1:$port \
	--target $IQN:one --lun "0:file:$T/disk0:64M,thin" \
	--target $IQN:two --lun "0:file:$T/disk1:64M,thin" \
	--verbose >>"$T/target.log" 2>&1 &
need "a target has two disks" wait_for 10 listening $port
need "with a file system each" eval \
	'mkfs.ext4 -q -L stuff "$T/disk0" && mkfs.ext4 -q "$T/disk1"'

cat >"$T/setup" <<S
port=$port iqn=$IQN
S
cat >>"$T/setup" <<'S'
mkdir -p "$R/mnt/label" "$R/mnt/path"
cat >"$R/etc/iscsi.conf" <<C
DiscoveryAddress=127.0.0.1:$port
Export=auto
TargetName=$iqn:two
	Export=fuse
C
echo "InitiatorName=iqn.2026-01.org.softhba.test:systemd" \
	>"$R/etc/initiatorname.iscsi"
cat >"$R/etc/fstab" <<F
LABEL=stuff /mnt/label ext4 _netdev 0 2
/dev/disk/by-path/ip-127.0.0.1:$port-iscsi-$iqn:two-lun-0 /mnt/path ext4 _netdev 0 2
F
mkdir -p "$R/etc/systemd/system/script.service.d"
cat >"$R/etc/systemd/system/script.service.d/boot.conf" <<U
[Unit]
Wants=systemd-udevd.service iscsi.service remote-fs.target
After=systemd-udevd.service
U
S
cat >>"$T/script" <<'E'
when() { systemctl show -p "$1TimestampMonotonic" --value "$2"; }
behind() { [ "$(when ActiveEnter iscsi)" -lt "$(when InactiveExit "$1")" ]; }
holds up systemctl -q is-active iscsi
holds label mounted /mnt/label
holds path mounted /mnt/path
holds label-behind behind mnt-label.mount
holds path-behind behind mnt-path.mount
holds before grep -qw remote-fs-pre.target <(systemctl show -p Before iscsi)
holds fsck [ "$(systemctl list-units --all --no-legend 'systemd-fsck@*' | wc -l)" = 2 ]
holds ublk grep -q '/mnt/label .*/dev/ublkb' /proc/self/mountinfo
cp /bin/bash /mnt/label/data && cp /bin/bash /mnt/path/data
systemctl --no-block poweroff
E

LIMIT=300 check "the system boots and shuts down" systemd_runs 290
check "the service is up when it has booted" held up
check "what has a label is mounted" held label
if modprobe -q ublk_drv; then
	check "from a ublk device" held ublk
else
	skip "from a ublk device" "this kernel has no ublk"
fi
check "behind the start of the service" held label-behind
check "what has a path is mounted" held path
check "behind the start of the service, too" held path-behind
check "and so is all that is remote" held before
check "both were checked" held fsck
has_data() {
	debugfs -R "dump /data $T/got" "$1" && cmp "$T/got" /bin/bash
}
check "the shutdown left the first clean" clean "$T/disk0"
check "and whole" has_data "$T/disk0"
check "the shutdown left the second clean" clean "$T/disk1"
check "and whole" has_data "$T/disk1"
[ $FAILED = 0 ] || sed 's/^/# /' "$T/script.log" "$T/systemd.log"
