# lane - does tests/vm/run keep its promises?
. tests/lib.sh

vm() {
	timeout -k 10 280 tests/vm/run "$@"
}

# ends_with STATUS REGEX COMMAND...: and says so on either output.
ends_with() {
	local want=$1 re=$2 status
	shift 2
	"$@" >"$T/said" 2>&1
	status=$?
	cat "$T/said"
	[ $status = "$want" ] && grep -qE "$re" "$T/said"
}

# What tests/vm/run leaves while it runs: its directory and its QEMU.
traces() {
	find "$T/tmp" -mindepth 1
	marked=$(grep -lzxF "TMPDIR=$T/tmp" /proc/[0-9]*/environ 2>/dev/null)
	for f in $marked; do
		grep -H qemu "${f%environ}comm" 2>/dev/null
	done
}

no_traces() {
	[ -z "$(traces)" ] || {
		traces
		return 1
	}
}

# A QEMU that does not come up the first time.
fragile_qemu() {
	local real=${XDG_CACHE_HOME:-/var/cache}/softhba-vm/qemu/run
	[ -x "$real" ] || real=$(command -v qemu-system-x86_64)
	mkdir -p "$T/bin"
	cat >"$T/bin/qemu-system-x86_64" <<-Q
	#!/bin/sh
	case \$1 in
	--version) echo "QEMU emulator version 10.0"; exit ;;
	esac
	[ -e "$T/failed" ] && exec "$real" "\$@"
	echo "I would rather not" | tee "$T/failed"
	exit 1
	Q
	chmod 755 "$T/bin/qemu-system-x86_64"
	PATH=$T/bin:$PATH vm "$@"
}

mkdir -p "$T/tmp" "$T/shared"
cat >"$T/shared/first" <<'G'
echo "kernel $(uname -r)"
echo "and a word to standard error" >&2
cmp check "$1/check" && [ "$(id -u)" = 0 ] || exit 1
echo changed >HACKING.md
echo changed >"$1/kept"
modprobe ublk_drv && [ -c /dev/ublk-control ] || exit 3
exit 42
G
cp check "$T/shared/check"
export TMPDIR=$T/tmp LIMIT=290

before=$(sum HACKING.md)
missing=$(vm --prepare) || {
	echo "$missing"
	exit 0
}
check "a command runs as root under Debian's kernel, and its status is ours" \
	ends_with 42 'kernel 6\.12\.' vm --share "$T/shared" \
	bash "$T/shared/first" "$T/shared"
check "both its outputs arrive" grep -q 'a word to standard error' "$T/said"
check "a shared directory keeps what it writes" grep -q changed "$T/shared/kept"
check "nothing else on this machine changes" same_sum HACKING.md "$before"
check "a guest that dies before the command is booted again" \
	ends_with 0 'boot 1 died' fragile_qemu true
check "a guest that dies under the command is one clear line" \
	ends_with 125 'the guest died: sh' \
	vm sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
check "a guest that hangs is ended in time" \
	ends_with 124 'no end after 20 seconds' vm --timeout 20 sleep 1000
check "no kernel to be had is a skip, with its reason" \
	ends_with 77 '^1\.\.0 # SKIP vm: no kernel 6.12: .*cannot write' \
	env XDG_CACHE_HOME=/proc/nowhere tests/vm/run true
check "a kernel that there is not is refused" \
	ends_with 2 'newest' tests/vm/run --kernel 5.10 true
check "nothing is left of any guest" wait_for 10 no_traces
