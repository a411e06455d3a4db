# ublk-choice - ublk devices where they work and are wanted, else FUSE and loop
# devices; iscsi-ls and the log say why.
VM_LIMIT=${VM_LIMIT:-500}
. tests/vm/lib.sh

port=$(free_port)
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
	--control "$T/control" --target "$IQN:a" --lun "0:mem:16M" >"$T/target.log" 2>&1 &
zero=$(disk 0 0 0)

# One engine: emulated CPUs take their time.
begin() { # the lines of iscsi.conf on standard input
	configure
	start_iscsid -e 1
}
restart() {
	stop_iscsid && mv "$T/iscsid.log" "$T/iscsid.log.before" && begin
}
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
begin <<C
DiscoveryAddress=127.0.0.1:$port
C
need "without the module the disk is there all the same" appears 60 "$zero"
check "through FUSE and a loop device" eval \
	'[[ $(readlink "$zero") = /dev/loop* ]]'
check "the log says why" will_log 10 "no ublk devices: $missing"
check "so does iscsi-ls -l" wait_for 20 exported "FUSE and loop \($missing\)"

restart <<C
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

restart <<C
Export=fuse
DiscoveryAddress=127.0.0.1:$port
C
need "Export=fuse goes through FUSE where there is ublk" appears 60 "$zero"
check "and iscsi-ls -l says that" wait_for 20 exported \
	'FUSE and loop \(Export=fuse\)'
restart <<C
Export=fuse
DiscoveryAddress=127.0.0.1:$port
TargetName=$IQN:a
	Export=ublk
C
need "a target may have its own" appears 60 "$zero"
check "it is a ublk device" wait_for 20 exported 'ublk \(Export=ublk\)'
rmmod_busy() {
	stop_iscsid && rmmod ublk_drv
}
check "after the stop nothing holds the module" rmmod_busy
mv "$T/iscsid.log" "$T/iscsid.log.before"
begin <<C
DiscoveryAddress=127.0.0.1:$port
C
need "auto loads the module and takes ublk" appears 60 "$zero"
check "the name is the same, the device is a ublk device" eval \
	'[[ $(readlink "$zero") = /dev/ublkb* ]]'
check "iscsi-ls -l says which and why" exported 'ublk \(Export=auto\)'

# What works for one disk and not for the next: here, nobody answers any more.
break_ublk() {
	rm /dev/ublk-control && : >/dev/ublk-control
}
mend_ublk() {
	local major minor
	IFS=: read -r major minor </sys/class/misc/ublk-control/dev
	rm /dev/ublk-control && mknod /dev/ublk-control c "$major" "$minor"
}
add_lun() { # NUMBER
	echo "lun-add $IQN:a $1:mem:16M" >"$T/control"
	"$B/src/tools/iscsictl" -R "$T/run" rescan
}
check "ublk breaks" break_ublk
check "a LUN is added" add_lun 1
need "it gets its disk all the same" appears 60 "$(disk 0 0 1)"
check "through FUSE and a loop device" eval \
	'[[ $(readlink "$(disk 0 0 1)") = /dev/loop* ]]'
check "the log says why" will_log 10 'lun 1: making a ublk device failed'
check "and so does iscsi-ls -l" exported \
	'FUSE and loop \(making a ublk device failed'
check "the other disk works as before" dd if="$zero" of=/dev/null bs=1M \
	count=1 iflag=direct status=none
check "ublk is mended" mend_ublk

stops_clean
check "and no ublk device" not ls /dev/ublkb* /dev/ublkc*
