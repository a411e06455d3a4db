# packaging-systemd - the unit under a real systemd, from its start to the
# shutdown of the system.
. tests/lib.sh
. tests/systemd.sh

port=$(SOFTHBA_PORTS=13520 free_port)
"$B/target/iscsi-demo-target" --portal 127.0.0.1:$port --target $IQN:one \
	--lun "0:file:$T/disk0:64M,thin" --lun "1:file:$T/disk1:64M,thin" \
	--verbose >>"$T/target.log" 2>&1 &
wait_for 10 listening $port || exit 1
mkfs.ext4 -q "$T/disk0" && mkfs.ext4 -q "$T/disk1" || exit 1

cat >"$T/setup" <<S
port=$port
S
cat >>"$T/setup" <<'S'
mkdir -p "$R/mnt/listed" "$R/mnt/other"
echo "DiscoveryAddress=127.0.0.1:$port" >"$R/etc/iscsi.conf"
echo "InitiatorName=iqn.2026-01.org.softhba.test:systemd" \
	>"$R/etc/initiatorname.iscsi"
echo "ISCSID_OPTIONS=-l $T/dev" >"$R/etc/default/iscsi"
echo "$T/dev/bus0/target0/lun0/disk /mnt/listed ext4 defaults 0 2" \
	>"$R/etc/fstab.iscsi"
# One that writes as long as it can, and that systemd does not end by itself.
cat >"$R/etc/systemd/system/user.service" <<U
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/bash -c 'exec 3>/mnt/other/open; while echo >&3; do sleep 0.1; done'
KillMode=none
U
S
cat >>"$T/script" <<'E'
main() { systemctl show -p MainPID --value iscsi; }
holds start systemctl start iscsi
holds device test -b "$(disk 0)" -a -b "$(disk 1)"
holds mounted mounted /mnt/listed
holds active systemctl -q is-active iscsi
pid=$(main)
holds adj grep -q -e -1000 "/proc/$pid/oom_score_adj"
engine=$(pgrep -P "$pid" iscsid-engine | head -n 1)
holds engine grep -q -e -1000 "/proc/$engine/oom_score_adj"
holds reload systemctl reload iscsi
holds same test "$(main)" = "$pid"
# Whoever dies, this goes on.
writes() { while :; do date >>/mnt/listed/writes && sync -f /mnt/listed || exit 1; done; }
writes & writer=$!
engines() { pgrep -x iscsid-engine | tr '\n' ' '; }
# One without a disk ends with its manager.
common() { comm -12 <(xargs -n 1 <<<"$1" | sort) <(xargs -n 1 <<<"$2" | sort) | grep -q .; }
another() { local now; now=$(main); [ "$now" != 0 ] && [ "$now" != "$1" ] && systemctl -q is-active iscsi; }
wrote() { local n; n=$(stat -c %s /mnt/listed/writes); wait_for 20 eval '[ "$(stat -c %s /mnt/listed/writes)" -gt "$n" ]'; }
for round in 1 2 3; do
	pid=$(main)
	kept=$(engines)
	kill -KILL "$pid"
	holds manager-dies wait_for 30 another "$pid"
	holds manager-kept common "$kept" "$(engines)"
	holds manager-wrote wrote
	pid=$(main)
	# shellcheck disable=SC2046
	kill -KILL "$pid" $(engines)
	holds all-die wait_for 30 another "$pid"
	holds all-wrote wrote
done
kill $writer 2>/dev/null
wait $writer
holds no-error test $? = 143
(cd /mnt/listed && exec setsid sleep 1000) &
user=$!
holds stop systemctl stop iscsi
holds killed not test -d /proc/$user
holds unmounted not mounted /mnt/listed
holds gone not test -e "$(disk 0)" -o -d "/proc/$pid"
holds again systemctl start iscsi
holds remounted mounted /mnt/listed
mount "$(disk 1)" /mnt/other
cp /bin/bash /mnt/listed/data && cp /bin/bash /mnt/other/data
echo >/mnt/other/open
holds user systemctl start user
systemctl --no-block poweroff
E

LIMIT=200 check "the system boots, works and shuts down" systemd_runs 190

check "systemctl start succeeds" held start
check "the devices are there when it returns" held device
check "what fstab.iscsi lists is mounted" held mounted
check "the unit is active" held active
if (echo -1000 >/proc/self/oom_score_adj) 2>/dev/null; then
	check "the manager is spared when memory ends" held adj
	check "and its engines" held engine
else
	skip "the manager is spared when memory ends" \
		"this machine does not allow it"
fi
check "reload succeeds" held reload
check "and keeps the process" held same
check "when the manager dies it is started again" held manager-dies
check "its engine stays" held manager-kept
check "writes go on" held manager-wrote
check "when manager and engines die they are started again" held all-die
check "and writes go on" held all-wrote
check "no write saw an error" held no-error
check "in every one of three rounds" \
	not grep -E '^fails - (manager|all|no-error)' "$T/script.log"
check "systemctl stop succeeds" held stop
check "it ends who uses the file system" held killed
check "it unmounts" held unmounted
check "it takes the devices away" held gone
check "it starts again" held again
check "and mounts again" held remounted
check "somebody writes to the other disk until the end" held user

has_data() {
	debugfs -R "dump /data $T/got" "$1" && cmp "$T/got" /bin/bash
}
check "the shutdown left the listed file system clean" clean "$T/disk0"
check "and whole" has_data "$T/disk0"
check "the shutdown left the one that was not listed clean" clean "$T/disk1"
check "and whole, although in use" has_data "$T/disk1"
check "nothing is left on the machine" nothing_left
[ $FAILED = 0 ] || sed 's/^/# /' "$T/script.log"
