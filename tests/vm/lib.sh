# lib.sh - what the scripts of tests/vm share that run in a guest.
#
# A script begins with ". tests/vm/lib.sh" (the working directory is the top
# of the checkout).  Started outside of a guest, it starts itself again in
# one with the kernel $VM_KERNEL, 6.12 unless told.  Else it is a script like
# those of tests/interop, with all of tests/lib.sh.  VM_TOOLS before it are
# packages of tests/vm/fetch that the guest has, and this machine need not.

if [ -z "${IN_VM:-}" ]; then
	set -u
	for tool in ${VM_TOOLS:-}; do
		VM_DEBS="${VM_DEBS:-} $(tests/vm/fetch "$tool" 2>/dev/null)" || {
			echo "1..0 # SKIP the package $tool cannot be had"
			exit 0
		}
	done
	export VM_DEBS
	# shellcheck disable=SC2086 # options are words
	tests/vm/run --kernel "${VM_KERNEL:-6.12}" --timeout "${VM_LIMIT:-280}" \
		${VM_OPTIONS:-} bash "$0"
	status=$?
	[ $status != 77 ] || status=0
	exit $status
fi
. tests/lib.sh
for dir in ${VM_DEBS:-}; do
	for deb in "$dir"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -C / -x --keep-directory-symlink
	done
done
LIMIT=90 # an emulated processor needs its time
modprobe -a fuse loop

# under_load DISK COMMAND... - runs it while fio writes to the disk and reads
# back; both must succeed.
under_load() {
	local disk=$1 fio
	shift
	fio --name=load --filename="$disk" --direct=1 --ioengine=io_uring \
		--rw=randrw --bs=4k --iodepth=8 --size=8M --io_size=24M \
		--verify=crc32c --verify_backlog=64 --verify_fatal=1 \
		--rate_iops=300 >"$T/fio" 2>&1 &
	fio=$!
	wait_for 30 writes_of "$disk" 100 && "$@" && wait $fio && return
	cat "$T/fio"
	return 1
}

writes_of() { # DISK NUMBER: as many have ended at least
	# shellcheck disable=SC2046 # the words of the file
	set -- "$2" $(attribute "$1" stat)
	[ "$6" -ge "$1" ]
}
EXPORT= # ublk where the kernel has it
SOFTHBA_PATIENCE=${SOFTHBA_PATIENCE:-3} # emulated CPUs
