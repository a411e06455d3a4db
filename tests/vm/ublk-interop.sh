# ublk-interop - scripts of tests/interop, with ublk devices in place of FUSE and
# loop devices; SOFTHBA_SCRIPTS names other ones.
VM_LIMIT=${VM_LIMIT:-1500} VM_OPTIONS="--mem 3500"
. tests/vm/lib.sh

modprobe -q ublk_drv || skip_all "the kernel $(uname -r) has no ublk_drv"
export LIMIT=200 SOFTHBA_PATIENCE
export SOFTHBA_EXPORT=Export=ublk
for name in ${SOFTHBA_SCRIPTS:-demo basic memory holders changes free}; do
	echo "# --- tests/interop/$name.sh"
	export SOFTHBA_DIR=/run/softhba-test/$name
	bash "tests/interop/$name.sh" || FAILED=1
	env -u SOFTHBA_TEST tests/clean-up "$SOFTHBA_DIR"
done
check "no ublk device is left" not ls /dev/ublkb* /dev/ublkc*
