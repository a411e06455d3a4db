# lib.sh - what the scripts of tests/vm share that run in a guest.
#
# A script begins with ". tests/vm/lib.sh" (the working directory is the top
# of the checkout).  Started outside of a guest, it starts itself again in
# one with the kernel $VM_KERNEL, 6.12 unless told.  Else it is a script like
# those of tests/interop, with all of tests/lib.sh.

if [ -z "${IN_VM:-}" ]; then
	set -u
	tests/vm/run --kernel "${VM_KERNEL:-6.12}" --timeout "${VM_LIMIT:-280}" \
		bash "$0"
	status=$?
	[ $status != 77 ] || status=0
	exit $status
fi
. tests/lib.sh
modprobe -a fuse loop
