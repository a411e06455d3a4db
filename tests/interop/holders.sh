# holders - users that no process has open keep their disk: a loop device on it,
# a file system on that, and a program that only mapped it.
. tests/lib.sh

port=$(free_port)
"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" --target "$IQN:a" \
	--lun 0:mem:64M --pidfile "$T/target.pid" >"$T/target.log" 2>&1 &
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid
one=$(disk 0 0 0)
need "the disk gets its link" appears 20 "$one"
dev=$(readlink "$one")

refused() { # REGEX: who uses it
	"$B/src/tools/iscsictl" -R "$T/run" remove 0 0 0 >"$T/said" 2>&1 &&
		return 1
	cat "$T/said"
	grep -qE "in use: .*$1" "$T/said"
}

is_loop() {
	[ "${1#/dev/loop}" != "$1" ]
}
reads() {
	dd if="$1" of=/dev/null bs=4k count=1 iflag=direct status=none
}

loop=$(losetup -f --show "$dev")
check "a loop device on the disk keeps it" refused 'used by loop[0-9]+'
check "a file system on that" eval \
	'mkfs.ext4 -q "$loop" && mount "$loop" "$T/mnt"'
check "keeps it, too" refused 'used by loop[0-9]+'
check "and goes on" eval 'echo data >"$T/mnt/file" && sync -f "$T/mnt"'
umount "$T/mnt"
losetup -d "$loop"

# Maps the first page, closes the handle, and reads it until it is told to end.
cat >"$T/map.py" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                      ctypes.c_int, ctypes.c_int, ctypes.c_long]
fd = os.open(sys.argv[1], os.O_RDONLY)
page = libc.mmap(None, 4096, 1, 1, fd, 0)  # PROT_READ, MAP_SHARED
os.close(fd)
open(sys.argv[2], 'w').close()
sys.stdin.read()
ctypes.string_at(page, 1)
P
mkfifo "$T/told"
python3 "$T/map.py" "$dev" "$T/mapped" <"$T/told" &
program=$!
exec 7>"$T/told"
check "a program maps the disk" wait_for 10 test -e "$T/mapped"
check "and keeps it" refused 'mapped by process [0-9]+'
exec 7>&-
check "it could read to its end" wait_for 10 ended $program
wait $program
check "without an error" test $? = 0

# A file system of another mount namespace is in no list of ours.
mkfifo "$T/gone"
mkfs.ext4 -q "$dev"
unshare -m sh -c 'mount "$1" "$2/mnt" && : >"$2/elsewhere" && read -r _ <"$2/gone"' \
	sh "$dev" "$T" &
program=$!
check "it is mounted in another mount namespace" \
	wait_for 10 test -e "$T/elsewhere"
check "and not here" not mountpoint "$T/mnt"
check "that keeps it, and is named" refused \
	"mounted at $T/mnt for process [0-9]+|open in process [0-9]+|somebody"
echo >"$T/gone"
wait $program

truncate -s 64M "$T/image"
check "the disk is the journal of a file system" eval \
	'mkfs.ext4 -q -F -O journal_dev "$dev" &&
	mkfs.ext4 -q -F -J device="$dev" "$T/image" && mount "$T/image" "$T/mnt"'
check "that keeps it, too" refused 'claimed in the kernel|somebody'
check "and the file system goes on" eval \
	'echo data >"$T/mnt/file" && sync -f "$T/mnt"'
umount "$T/mnt"

check "a node of another name leads to it" eval \
	'cp -a "$dev" "$T/node" && exec 6<"$T/node"'
exec 6<"$T/node"
check "whoever uses that keeps it" refused 'open in process [0-9]+'
exec 6<&-

# Again and again somebody opens it, reads, and closes it.
cat >"$T/opener.py" <<'P'
import mmap, os, sys, time
dev, opens, top = sys.argv[1:]
page, missing = mmap.mmap(-1, 4096), 0
open(opens, 'w').close()

def is_ours():  # a loop device's number may be somebody else's by then
    name = os.path.basename(dev)
    if not name.startswith('loop'):
        return True
    try:
        with open('/sys/block/%s/loop/backing_file' % name) as f:
            return top in f.read()
    except OSError:
        return False

while missing < 500:  # in a row: it is gone
    try:
        fd = os.open(dev, os.O_RDONLY | os.O_DIRECT)
    except OSError:
        missing += 1
        time.sleep(0.001)
        continue
    if is_ours():  # and is, as long as it is open
        missing = 0
        os.preadv(fd, [page], 0)
    else:
        missing += 1
    os.close(fd)
    time.sleep(0.002)
P
python3 "$T/opener.py" "$dev" "$T/opens" "$T/" 2>"$T/opener.log" &
program=$!
check "somebody opens it again and again" wait_for 10 test -e "$T/opens"
removed() {
	"$B/src/tools/iscsictl" -R "$T/run" remove 0 0 0
}
LIMIT=100 check "removed at last, or kept" wait_for 60 removed
check "whoever opened it could read" wait_for 20 ended $program
kill $program 2>/dev/null
wait $program
check "each time" test $? = 0
"$B/src/tools/iscsictl" -R "$T/run" add 0 0 0
need "it comes back" appears 20 "$one"
dev=$(readlink "$one")

# On its way from one process to another no process has it.
cat >"$T/pass.py" <<'P'
import os, socket, sys
a, b = socket.socketpair()
fd = os.open(sys.argv[1], os.O_RDONLY)
socket.send_fds(a, [b'x'], [fd])
os.close(fd)
open(sys.argv[2], 'w').close()
sys.stdin.read()
P
python3 "$T/pass.py" "$dev" "$T/passed" <"$T/told" &
program=$!
exec 7>"$T/told"
check "a handle of the disk is on its way" wait_for 10 test -e "$T/passed"
if is_loop "$dev"; then
	check "and keeps it" refused 'somebody who is not seen'
	check "it stays" reads "$dev"
	exec 7>&-
	check "the handle is closed" wait_for 10 ended $program
	check "the refused removal does nothing now" reads "$dev"
	check "the disk has its link" test -b "$one"
else # the kernel tells, or does not know
	exec 7>&-
	check "the handle is closed" wait_for 10 ended $program
fi

check "with nobody left it is removed" \
	"$B/src/tools/iscsictl" -R "$T/run" remove 0 0 0
check "and its device is gone" wait_for 10 not test -e "$one"
stops_clean
