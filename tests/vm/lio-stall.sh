# lio-stall - the lane "stall" of tests/crash against Linux's own target, with
# one portal group and with two (VM_KINDS: which).  VM_LONG=1: all its stalls.
VM_LIMIT=${VM_LIMIT:-$([ "${VM_LONG:-}" ] && echo 3600 || echo 900)}
. tests/vm/lib.sh
modprobe -a veth sch_tbf nf_tables
export SOFTHBA_PATIENCE SOFTHBA_EXPORT=$EXPORT CRASH_LONG=${VM_LONG:-}
export FENCE_TIMEOUT=20 # an emulated stall of 6 s can last 12

lane() { # KIND
	IN_VM= CRASH_TARGET=$1 SOFTHBA_DIR=$T/$1 bash tests/crash/stall.sh |
		sed -u "s/^\(not \)\?ok - /&$1: /"
	[ "${PIPESTATUS[0]}" = 0 ] || FAILED=1
}
for kind in ${VM_KINDS:-lio lio2}; do
	lane "$kind"
done
