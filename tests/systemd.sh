# systemd.sh - a systemd of their own for scripts that have sourced lib.sh.
#
# It lives in namespaces (mounts, processes, cgroups), on a copy-on-write view
# of this machine's root with nothing in its boot but what is tested here, and
# with the programs of this build installed.  It shares network, kernel and
# /dev.  A script writes
#   $T/setup   bash: what else is to be in the new root, $R
#   $T/script  bash: what its script.service runs as the goal of the boot; for
#              each thing that has to hold it calls: holds NAME COMMAND...
# runs: systemd_runs SECONDS, and asks: held NAME.

command -v /lib/systemd/systemd >/dev/null ||
	skip_all "this machine has no systemd"
grep -q overlay /proc/filesystems || modprobe -q overlay ||
	skip_all "this kernel has no overlayfs"
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$cgroups" ] || skip_all "cgroup v2 is not mounted"
B=$(realpath "$B")
R=$T/root
# The new namespace has a mount that another script undoes just then.
exec {alone}<"${T%/*}" && flock "$alone"

# In the new mount namespace: the root, then systemd as process 1.
cat >"$T/enter" <<'E'
set -eu
T=$1 R=$2 B=$3
# What scripts beside this one have mounted is theirs to unmount.
awk '$5 ~ "^/run/softhba-" { print $5 }' /proc/self/mountinfo |
	grep -v "^$T" | tac | xargs -r -n 1 umount -l
mkdir -p "$T/over" "$R"
mount -t tmpfs none "$T/over"
mkdir "$T/over/up" "$T/over/work"
mount -t overlay none -o "lowerdir=/,upperdir=$T/over/up,workdir=$T/over/work" \
	"$R"
mount --rbind /dev "$R/dev"
mount -t proc none "$R/proc"
mount -t sysfs none "$R/sys"
mount -t tmpfs none "$R/sys/fs/cgroup"
umount "$R/sys/fs/cgroup"
mount -t cgroup2 none "$R/sys/fs/cgroup"
mount -t tmpfs none "$R/run"
mkdir -p "$R$T"
mount --bind "$T" "$R$T"

# Nothing boots but the units of this test.
rm -rf "$R"/etc/systemd/system/* "$R"/lib/systemd/system/*.wants \
	"$R"/etc/systemd/system-generators "$R"/etc/fstab "$R"/etc/init.d/*
find "$R"/lib/systemd/system-generators/ -type f \
	! -name systemd-fstab-generator -delete
DESTDIR=$R meson install -C "$B" --no-rebuild --quiet
rm -f "$R/etc/iscsi.bindings"
cat >"$R/etc/systemd/system/script.service" <<U
[Unit]
DefaultDependencies=no
After=remote-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
Environment=SOFTHBA_TEST=$T
ExecStart=/bin/bash $T/script
StandardOutput=append:$T/script.log
StandardError=append:$T/script.log
TimeoutStartSec=200
U
. "$T/setup"
cd "$R"
exec env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
	container=softhba SOFTHBA_TEST="$T" \
	chroot . /lib/systemd/systemd --system --unit=script.service \
	--log-target=console --log-level=info --show-status=no
E

cat >"$T/script" <<E
T=$T
$(declare -f wait_for not)
holds() {
	local what=\$1
	shift
	if "\$@"; then echo "holds - \$what"; else echo "fails - \$what: \$*"; fi
}
mounted() { grep -q " \$1 " /proc/self/mountinfo; }
disk() { echo "\$T/dev/bus0/target0/lun\$1/disk"; }
E

systemd_boot() {
	mkdir -p "$cgroups/softhba-test.$$"
	echo $BASHPID >"$cgroups/softhba-test.$$/cgroup.procs"
	exec unshare --mount --propagation private --pid --fork --cgroup --ipc \
		--uts bash "$T/enter" "$T" "$R" "$B"
}

systemd_runs() { # SECONDS: until it is shut down
	local status
	(systemd_boot) >"$T/systemd.log" 2>&1 </dev/null &
	wait_for "$1" ended $!
	status=$?
	find "$cgroups/softhba-test.$$" -depth -type d -exec rmdir {} +
	return $status
}

held() {
	grep -qx "holds - $1" "$T/script.log" || {
		grep "$1" "$T/script.log"
		return 1
	}
}

clean() { # the file system on this disk, as the target has it
	tune2fs -l "$1" | grep '^Filesystem state: *clean$' &&
		! dumpe2fs -h "$1" 2>/dev/null | grep needs_recovery &&
		fsck.ext4 -fn "$1"
}
