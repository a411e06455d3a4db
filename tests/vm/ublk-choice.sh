# ublk-choice - ublk devices where they work and are wanted, else FUSE and loop
# devices; iscsi-ls and the log say why.
VM_LIMIT=${VM_LIMIT:-500}
. tests/vm/lib.sh

port=$(free_port)
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
	--target "$IQN:a" --lun "0:mem:16M" >"$T/target.log" 2>&1 &
zero=$(disk 0 0 0)

exported() { # REGEX: what iscsi-ls says
	list -l | grep -q -E "^  Export: $1"
}

# ---- without the module --------------------------------------------------

no_module() {
	mkdir -p /run/modprobe.d
	echo "install ublk_drv /bin/false" >/run/modprobe.d/ublk.conf
	[ ! -e /sys/module/ublk_drv ] || rmmod ublk_drv
}
missing='there is no /dev/ublk-control \(module ublk_drv\)'
need "the module can be kept away" no_module
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid
need "without the module the disk is there all the same" appears 40 "$zero"
check "through FUSE and a loop device" eval \
	'[[ $(readlink "$zero") = /dev/loop* ]]'
check "the log says why" will_log 10 "no ublk devices: $missing"
check "so does iscsi-ls -l" wait_for 20 exported "FUSE and loop \($missing\)"

again <<C
Export=ublk
DiscoveryAddress=127.0.0.1:$port
C
check "Export=ublk is refused then, with a clear line" \
	will_log 40 "lun 0: Export=ublk does not work: $missing"
check "iscsi-ls -l says so, too" wait_for 10 eval \
	'list -l | grep -q -E "State:  down: Export=ublk does not work"'
check "no disk is half there" not test -e "$zero"
rm -f /run/modprobe.d/ublk.conf
if ! modprobe -q ublk_drv; then
	skip "ublk devices" "the kernel $(uname -r) has none"
	stops_clean
	exit
fi

# ---- the choice ----------------------------------------------------------

again <<C
Export=fuse
DiscoveryAddress=127.0.0.1:$port
C
need "Export=fuse goes through FUSE where there is ublk" appears 40 "$zero"
check "and iscsi-ls -l says that" wait_for 20 exported \
	'FUSE and loop \(Export=fuse\)'
again <<C
Export=fuse
DiscoveryAddress=127.0.0.1:$port
TargetName=$IQN:a
	Export=ublk
C
need "a target may have its own" appears 40 "$zero"
check "it is a ublk device" wait_for 20 exported 'ublk \(Export=ublk\)'
rmmod_busy() {
	stop_iscsid && rmmod ublk_drv
}
check "after the stop nothing holds the module" rmmod_busy
mv "$T/iscsid.log" "$T/iscsid.log.before"
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid
need "auto loads the module and takes ublk" appears 40 "$zero"
check "the name is the same, the device is a ublk device" eval \
	'[[ $(readlink "$zero") = /dev/ublkb* ]]'
check "iscsi-ls -l says which and why" exported 'ublk \(Export=auto\)'

stops_clean
check "and no ublk device" not ls /dev/ublkb* /dev/ublkc*
