# packaging-mounts - iscsi-mountall and iscsi-umountall: loop devices stand
# for disks, no daemon is needed.
. tests/lib.sh

# A mount namespace that begins meanwhile (tests/systemd.sh) keeps mounts.
exec {alone}<"${T%/*}" && flock "$alone"

export ISCSI_DEFAULT=$T/default TMPDIR=$T
FS=$T/fstab.iscsi
settings() {
	printf '%s\n' "$@" >"$ISCSI_DEFAULT"
}
settings NUM_RETRIES=2 TERM_WAIT=2 KILL_WAIT=3 UMOUNT_TRIES=2

mountall() {
	"$B/src/tools/iscsi-mountall" -f "$FS" "$@" >"$T/said" 2>&1
}
umountall() {
	"$B/src/tools/iscsi-umountall" -f "$FS" "$@" >"$T/said" 2>&1
}

says() { # REGEX...
	local re
	for re; do
		grep -qE -e "$re" "$T/said" || {
			echo "nothing matches: $re"
			cat "$T/said"
			return 1
		}
	done
}

# Fails as it should: with this status and these words.
refuses() { # STATUS COMMAND REGEX...
	local want=$1 command=$2 got=0
	shift 2
	$command || got=$?
	[ $got = "$want" ] || {
		echo "$command: status $got, not $want"
		cat "$T/said"
		return 1
	}
	says "$@"
}

is_mounted() { # DIR...
	local dir
	for dir; do
		grep -qF " $dir " /proc/self/mountinfo || {
			echo "$dir is not mounted"
			cat "$T/said"
			return 1
		}
	done
}

none_mounted() {
	! grep -F " $T/m" /proc/self/mountinfo
}

all_away() {
	umountall -t -k
	none_mounted
}

# A disk with an ext4 on it, under a name of its own.
new_disk() { # NAME [MKFS OPTION...]
	local name=$1
	shift
	truncate -s 16M "$T/$name.img" &&
		mkfs.ext4 -q -F "$@" "$T/$name.img" && plug "$name"
}

plug() {
	local loop
	loop=$(losetup --show -f "$T/$1.img") && ln -s "$loop" "$T/dev.$1"
}

mkdir "$T/m0" "$T/m1" "$T/m2" "$T/with blank"
for name in a b c; do
	new_disk $name -L "softhba-$name" || exit 1
done
u=$(blkid -p -o value -s UUID "$T/dev.c")

# ---- mounting ----------------------------------------------------------------

cat >"$FS" <<F
# device	mount point	type	options	freq	pass

$T/dev.a	$T/m0	ext4	defaults	0 0
	$T/dev.b $T/m1/ ext4 noatime 0 2 # the second
F
check "what fstab.iscsi lists is mounted" mountall
check "at both places" is_mounted "$T/m0" "$T/m1"
check "only what has a pass is checked" says "^checking $T/dev.b"
check "a pass of 0 is not checked" not says "^checking $T/dev.a"
check "options reach mount" grep -q " $T/m1 .*noatime" /proc/self/mountinfo
check "systemd is told that they need the network" \
	grep -q "TARGET=$T/m0 .*OPTS=_netdev" /run/mount/utab
check "what is mounted already is fine" mountall
check "and named" says "^$T/dev.a is mounted on $T/m0 already"
check "all is unmounted" umountall
check "the last first" test "$(head -n 1 "$T/said")" = "unmounted $T/m1"
check "and nothing stays" none_mounted
check "unmounting what is not mounted is fine" umountall

relative() {
	local tool
	tool=$(realpath "$B/src/tools/iscsi-mountall")
	(cd "$T" && "$tool" -f ./fstab.iscsi)
}
check "a file named from here is found" relative
check "it is mounted" is_mounted "$T/m0"
check "and unmounted" all_away

printf '%s' "UUID=$u $T/m0 ext4" >"$FS"
check "a UUID, three fields and no final newline are enough" mountall
check "the UUID is mounted" is_mounted "$T/m0"
check "the UUID is unmounted" all_away
echo "LABEL=softhba-b $T/with\\040blank ext4" >"$FS"
check "a label and a blank in a name work" mountall
check "the blank is found" is_mounted "$T/with\\040blank"
check "the blank is unmounted" umountall
echo "LABEL=softhba-b $T/m0 ext4 noauto 0 0" >"$FS"
check "noauto is left alone" mountall
check "noauto is not mounted" none_mounted

# ---- late, never, wrong ------------------------------------------------------

settings NUM_RETRIES=30 SLEEP_INTERVAL=1
rm "$T/dev.a"
echo "$T/dev.a $T/m0 ext4" >"$FS"
late() {
	mountall &
	local pid=$!
	wait_for 10 grep -q "^waiting: $T/dev.a" "$T/said" || return 1
	ln -s "$(losetup -n -O NAME -j "$T/a.img")" "$T/dev.a"
	wait $pid
}
check "a disk that comes late is waited for" late
check "and mounted" is_mounted "$T/m0"
all_away

settings NUM_RETRIES=3 SLEEP_INTERVAL=1
cat >"$FS" <<F
$T/dev.never $T/m0 ext4
$T/dev.b $T/m1 ext4
F
start=$SECONDS
check "a disk that never comes is an error of its line" refuses 1 mountall \
	"^$FS:1: not mounted on $T/m0 after 3 tries: $T/dev.never is not there"
check "it is given up in time" test $((SECONDS - start)) -le 6
check "the others are mounted" is_mounted "$T/m1"
check "what is not mounted does not disturb the unmounting" umountall

settings NUM_RETRIES=1
cat >"$FS" <<F
$T/dev.a $T/nowhere ext4
$T/dev.b
nonsense $T/m0 ext4
$T/dev.b m0 ext4
$T/dev.b / ext4
$T/dev.b none swap sw
$T/dev.b $T/m0 ext4 defaults 0 x
$T/dev.c $T/m0 ext4
$T/dev.a $T/m2 ext4 a b c d e
$T/dev.a $T/m2 ext4 nosuchoption
F
check "wrong lines are named" refuses 1 mountall \
	"^$FS:1: mount point $T/nowhere does not exist" \
	"^$FS:2: a line needs a device, a mount point and a type" \
	"^$FS:3: nonsense is no device" \
	"^$FS:4: mount point m0 is not an absolute path" \
	"^$FS:5: the root file system" \
	"^$FS:6: swap " \
	"^$FS:7: fsck pass x is no number" \
	"^$FS:8: mount point $T/m0 stands in line 7 already" \
	"^$FS:9: there is more than the six fields" \
	"^$FS:10: not mounted on $T/m2 after 1 tries: cannot be mounted: "
check "the rest goes on" is_mounted "$T/m0"
all_away
{
	head -c 1048576 /dev/zero | tr '\0' x
	printf '\n\033[2J\377 %s/m0 ext4\n' "$T"
	echo "$T/dev.a $T/m0 ext4"
} >"$FS"
check "a line of 1 MiB and bytes that are no text do no harm" \
	refuses 1 mountall "^$FS:1: the line is too long" "^$FS:2: "
check "no control byte is repeated" not grep -q $'\033' "$T/said"
check "what follows is mounted" is_mounted "$T/m0"
all_away

truncate -s 16M "$T/empty.img" && plug empty
echo "$T/dev.empty $T/m0 ext4 defaults 0 1" >"$FS"
check "what fsck refuses is not mounted" refuses 1 mountall \
	"^$FS:1: fsck of $T/dev.empty failed with status 8, not mounted"
check "a list that is not there is an error when it is asked for" \
	refuses 1 "mountall -f $T/none" "$T/none cannot be read"
check "an unknown option shows the usage" refuses 2 "mountall -x" ^usage:
settings NUM_RETRIES=many
check "a setting that is no number is named" refuses 2 mountall NUM_RETRIES
settings NUM_RETRIES=2 TERM_WAIT=2 KILL_WAIT=3 UMOUNT_TRIES=2

# ---- one below the other -----------------------------------------------------

cat >"$FS" <<F
$T/dev.b $T/m0/in ext4 defaults 0 1
$T/dev.a $T/m0 ext4 defaults 0 2
$T/m0/in/dir $T/m0/bound none bind
F
mount "$T/dev.a" "$T/m0" && mkdir "$T/m0/in" "$T/m0/bound" && umount "$T/m0"
mount "$T/dev.b" "$T/m1" && mkdir "$T/m1/dir" && umount "$T/m1"
check "one below the other, in any order of lines" mountall
check "they are mounted" is_mounted "$T/m0" "$T/m0/in" "$T/m0/bound"
mkdir "$T/m0/in/dir/x" && mount -t tmpfs none "$T/m0/in/dir/x"
check "they are unmounted, with what is mounted below" umountall
check "none of them stays" none_mounted
sed -i "s,dev.a,dev.never," "$FS"
check "without the upper one the lower one is not mounted" refuses 1 \
	mountall "^$FS:1: not mounted, since $T/m0 \(line 2\) is not"

# ---- users -------------------------------------------------------------------

echo "$T/dev.a $T/m0 ext4" >"$FS"
mountall
(cd "$T/m0" && exec sleep 1000) &
mild=$!
check "a mount in use stays, and its user is named" refuses 1 umountall \
	"$T/m0 is still mounted" "in use by process $mild \(sleep 1000 *\)"
check "the user lives" kill -0 $mild
check "-t ends the user and unmounts" umountall -t
check "the user got SIGTERM" says "^SIGTERM to process $mild "
check "it is over" ended $mild
mountall
cp "$(command -v bash)" "$T/m0/bash"
"$T/m0/bash" -c 'trap "" TERM; exec 3>'"$T/m0/file"'; echo >&3
	while :; do sleep 1; done' &
stubborn=$!
wait_for 5 test -s "$T/m0/file"
check "one that ignores SIGTERM keeps the mount" refuses 1 "umountall -t" \
	"in use by process $stubborn "
check "it lives" kill -0 $stubborn
check "-k ends it and unmounts" umountall -t -k
check "it is dead" ended $stubborn
mountall
python3 - "$T/m0/mapped" <<'P' &
import mmap, sys, time
f = open(sys.argv[1], "w+b")
f.truncate(4096)
m = mmap.mmap(f.fileno(), 4096)
f.close()
import os
for fd in range(3, 20):
    try:
        os.close(fd)
    except OSError:
        pass
open(sys.argv[1] + ".ready", "w").close()
time.sleep(1000)
P
mapper=$!
wait_for 10 test -e "$T/m0/mapped.ready"
check "who only maps a file is found as well" umountall -t
check "it is ended" ended $mapper
mountall
shell_inside() {
	bash -c "cd '$T/m0' && '$B/src/tools/iscsi-umountall' -t -k -f '$FS'
		exit \$?" >"$T/said" 2>&1
}
B=$(realpath "$B")
check "the shell that asks is spared and told to leave" refuses 1 \
	shell_inside "from which you run this: leave"
check "nobody else is in the way then" umountall -t -k

mount -t tmpfs other "$T/m0"
check "another file system at the place is left alone" is_mounted "$T/m0"
mount "$T/dev.b" "$T/m0"
check "another disk at the place is left alone" refuses 1 umountall \
	"^$FS:1: $T/m0: device [0-9:]* is mounted there, not $T/dev.a"
check "and not mounted over" refuses 1 mountall "^$FS:1: $T/m0 is taken"
umount "$T/m0" && umount "$T/m0"
