#!/bin/bash
# kernel.sh MEMDISK - the exporter against the running kernel: FUSE, loop,
# partitions, and the death of an engine.  Prints TAP; needs root.
set -u
memdisk=$1
dir=$(mktemp -d /run/softhba-export.XXXXXX) || exit 1
count=0 bad=0 md_pid= fio_pid=

ok() { # STATUS SENTENCE
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		bad=1
		echo "not ok $count - $2"
		return 1
	fi
}

check() { # SENTENCE COMMAND...
	local sentence=$1 out
	shift
	out=$("$@" 2>&1)
	ok $? "$sentence" || sed 's/^/# /' <<<"$out" | tail -n 20
}

# older_than VERSION SENTENCE WHY - skips the sentence under such a kernel.
older_than() {
	! printf '%s\n' "$1" "$(uname -r)" | sort -VC || return 1
	count=$((count + 1))
	echo "ok $count - $2 # SKIP Linux $1 $3, not $(uname -r)"
}

# Ends whatever waits for an engine.
abort_all() {
	local mnt number
	while read -r _ _ number _ mnt _; do
		case $mnt in
		"$dir"/*)
			echo 1 >"/sys/fs/fuse/connections/${number#*:}/abort"
			;;
		esac
	done </proc/self/mountinfo 2>/dev/null
}

# A shell runs no trap while a child of it waits for an engine.
(
	for _ in {1..200}; do
		sleep 1
		[ -d "$dir" ] || exit 0
	done
	abort_all
) </dev/null >/dev/null 2>&1 &

clean_up() {
	local n backing
	abort_all
	[ -z "$fio_pid" ] || kill "$fio_pid" 2>/dev/null
	[ -z "$md_pid" ] || kill -9 "$md_pid" 2>/dev/null
	mountpoint -q "$dir/mnt" && umount -l "$dir/mnt"
	for n in /sys/block/loop*/loop; do
		backing=$(cat "$n/backing_file" 2>/dev/null) || continue
		case $backing in
		"$dir"/*)
			n=${n%/loop}
			timeout 20 losetup -d "/dev/${n##*/}"
			;;
		esac
	done
	while umount -l "$dir/lun" 2>/dev/null; do :; done
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# start MIB BLOCKSIZE OPTION...
start() {
	coproc MD { exec "$memdisk" "$dir" "$@"; }
	md_pid=$MD_PID
	ask
}

reply=
ask() { # COMMAND: sends it, reads one line into $reply
	[ $# = 0 ] || echo "$*" >&"${MD[1]}"
	reply=
	read -t 30 -r reply <&"${MD[0]}" && [ "${reply%% *}" = ok ]
}

counted() { # NAME: one of the numbers of the engine
	ask count && sed "s/.* $1=\([0-9]*\).*/\1/" <<<"$reply "
}

attach() {
	ask attach || return
	dev=${reply#ok } sys=/sys/block/${reply#ok /dev/}
}

finish() {
	ask detach && ask unmount && ask stop
}

is() { # WHAT WANTED: equal?
	[ "$1" = "$2" ] || {
		echo "is '$1', should be '$2'"
		return 1
	}
}

fill() { # DEVICE MIB
	dd if=/dev/urandom of="$1" bs=1M count="$2" oflag=direct status=none
}

all_zero() { # DEVICE OFFSET LENGTH
	cmp -n "$3" <(dd if="$1" iflag=direct,skip_bytes,count_bytes bs=1M \
		skip="$2" count="$3" status=none) /dev/zero
}

verify() { # DEVICE FIO-OPTION...
	timeout 60 fio --name=verify --filename="$1" --rw=randwrite --bs=4k \
		--bsrange=4k-64k --iodepth=32 --ioengine=libaio --direct=1 \
		--size=64m --verify=crc32c --verify_fatal=1 \
		--verify_backlog=256 --group_reporting "${@:2}"
}

# The errno of one direct I/O (or fsync) as a program sees it: its name.
outcome() { # read|write|fsync FILE
	timeout 20 python3 - "$1" "$2" <<-'PY'
	import errno, mmap, os, sys
	what, path = sys.argv[1:]
	buf = mmap.mmap(-1, 4096)
	try:
	    fd = os.open(path, os.O_DIRECT |
	                 (os.O_RDONLY if what == 'read' else os.O_RDWR))
	    if what == 'read':
	        os.preadv(fd, [buf], 0)
	    elif what == 'write':
	        os.pwritev(fd, [buf], 0)
	    else:
	        os.pwritev(fd, [buf], 0)
	        os.fsync(fd)
	    print('OK')
	except OSError as e:
	    print(errno.errorcode[e.errno])
	PY
}

file_and_device() {
	start 128 4096
	ok $? "the kernel mounts one file over a regular file"
	check "the file has the size and mode of the disk" \
		is "$(stat -c '%s %a %F' "$dir/lun")" "134217728 600 regular file"
	attach
	ok $? "a loop device takes the file"
	check "the loop device does direct I/O" is "$(cat "$sys/loop/dio")" 1
	check "the loop device has the disk's blocks" \
		is "$(cat "$sys/queue/logical_block_size")" 4096
	check "requests are as large as a slot" \
		is "$(cat "$sys/queue/max_sectors_kb")" 1024
	check "the discard granularity is the disk's" \
		is "$(cat "$sys/queue/discard_granularity")" 65536
	check "32 random writes at a time read back as written" verify "$dev"
	check "a megabyte at a time reads back as written" \
		verify "$dev" --rw=write --bs=1m --bsrange=1m-1m --iodepth=4
}

flushes() {
	local before
	before=$(counted flush)
	dd if=/dev/zero of="$dev" bs=4096 count=1 conv=fsync status=none
	check "fsync of the device is a flush of the disk" \
		test "$(counted flush)" -gt "$before"
	before=$(counted fua)
	dd if=/dev/zero of="$dir/lun" bs=4096 count=1 oflag=direct,dsync \
		conv=notrunc status=none
	check "O_DSYNC on the file is force unit access" \
		test "$(counted fua)" -gt "$before"
}

zeroes() {
	local unmaps
	fill "$dev" 8
	unmaps=$(counted unmap)
	blkdiscard -o 1048576 -l 2097152 "$dev"
	check "a discarded range reads as zeros" \
		all_zero "$dev" 1048576 2097152
	check "a discard may deallocate" \
		test "$(counted unmap)" -gt "$unmaps"
	unmaps=$(counted unmap)
	blkdiscard -z -o 4194304 -l 1048576 "$dev"
	check "a zeroed range reads as zeros" all_zero "$dev" 4194304 1048576
	check "zeroing keeps the space" is "$(counted unmap)" "$unmaps"
	check "what is beside them is kept" bash -c \
		'! cmp -s -n 4096 <(dd if='"$dev"' iflag=direct bs=4096 skip=255 \
			count=1 status=none) /dev/zero'
}

errnos() {
	local pair
	for pair in 61:ENODATA 52:EBADE 28:ENOSPC 121:EREMOTEIO 67:ENOLINK \
		19:ENODEV 5:EIO 110:ETIMEDOUT; do
		ask "fail read ${pair%:*}"
		check "${pair#*:} of the disk is ${pair#*:} of read(2)" \
			is "$(outcome read "$dev")" "${pair#*:}"
	done
	ask fail read 0
	ask fail write 28
	check "an error of a write reaches the writer" \
		is "$(outcome write "$dev")" ENOSPC
	ask fail write 0
	ask fail flush 61
	check "an error of a flush is EIO of fsync(2)" \
		is "$(outcome fsync "$dev")" EIO
	ask fail flush 38 # ENOSYS: the kernel would never ask again
	outcome fsync "$dev" >/dev/null
	ask fail flush 5
	check "ENOSYS of a flush does not silence later ones" \
		is "$(outcome fsync "$dev")" EIO
	ask fail flush 0
	check "errors pass when their reason does" \
		is "$(outcome fsync "$dev")" OK
}

sizes() {
	ask size 192
	check "a disk that grew is larger at once" \
		is "$(blockdev --getsize64 "$dev")" 201326592
	check "the new part is usable" dd if=/dev/zero of="$dev" bs=1M seek=190 \
		count=2 oflag=direct status=none
	ask size 64
	check "a disk that shrank is smaller at once" \
		is "$(blockdev --getsize64 "$dev")" 67108864
	ask size 128
}

partitions() {
	local p1=${dev}p1
	ask partitions
	check "a disk without a table has no partitions" is "$reply" "ok none"
	sfdisk -q --no-reread --no-tell-kernel "$dev" >/dev/null 2>&1 <<-EOF
	label: gpt
	size=32MiB
	size=16MiB
	EOF
	ask partitions
	check "partitions of a GPT get nodes" \
		is "$reply" "ok gpt ${dev}p1 ${dev}p2"
	check "they have their sizes" is "$(blockdev --getsize64 "$p1")" 33554432
	mkdir "$dir/mnt"
	check "one takes a filesystem" mkfs.ext4 -q "$p1"
	mount "$p1" "$dir/mnt" && echo hello >"$dir/mnt/x"
	ask partitions
	check "reading the table again leaves one in use alone" \
		is "$reply $(cat "$dir/mnt/x")" "ok gpt ${dev}p1 ${dev}p2 hello"
	umount "$dir/mnt"
	sfdisk -q --no-reread --no-tell-kernel "$dev" >/dev/null 2>&1 <<-EOF
	label: dos
	${dev}p1 : size=16MiB, type=83
	${dev}p2 : size=64MiB, type=5
	${dev}p5 : size=8MiB, type=83
	EOF
	dd if=/dev/zero of="$dev" bs=4096 seek=32767 count=1 oflag=direct \
		status=none # the second copy of the GPT
	ask partitions
	check "a new DOS table replaces the old, logical partitions too" \
		is "$reply" "ok dos ${dev}p1 ${dev}p2 ${dev}p5"
	check "the replaced one has its new size" \
		is "$(blockdev --getsize64 "$p1")" 16777216
	dd if=/dev/zero of="$dev" bs=1M count=1 oflag=direct status=none
	ask partitions
	check "a table that went takes its partitions along" \
		is "$reply $(ls -d "$dev"p* 2>/dev/null)" "ok none "
}

# With I/O in flight: the requests are held when the engine dies.
deaths() {
	local i
	! older_than 6.9 "I/O goes on over the death of the engine" \
		"sends requests again" || return
	verify "$dev" --time_based --runtime=4 >"$dir/fio.log" 2>&1 &
	fio_pid=$!
	for i in 1 2; do
		sleep 1
		ask hold 1
		until [ "$(counted held)" -gt 0 ]; do
			kill -0 $fio_pid || break
		done
		ask kill
		ask hold 0
		ask serve || echo "# $reply"
	done
	wait $fio_pid
	ok $? "I/O goes on over two deaths of the engine, without an error"
	fio_pid=
	check "the engine was there three times" is "$(counted resumed)" 2
	check "the I/O was checked" grep -q 'err= 0' "$dir/fio.log"
}

lost_engine() {
	local n
	ask hold 1
	outcome read "$dev" >"$dir/outcome" &
	n=$!
	until [ "$(counted held)" -gt 0 ]; do
		kill -0 $n || break
	done
	ask kill
	ask abort
	ok $? "a connection can be aborted"
	wait $n
	check "who waited for a lost engine gets an error" \
		is "$(cat "$dir/outcome")" EIO
	ask detach && ask unmount
	ok $? "device and mount of a lost engine go away"
	stop_memdisk
}

stop_memdisk() {
	eval "exec ${MD[1]}>&-"
	wait "$md_pid"
	md_pid=
}

gone() {
	! grep -q " $dir/" /proc/self/mountinfo &&
		! grep -qs "^$dir/" /sys/block/loop*/loop/backing_file
}

read_only() {
	start 64 512 ro
	attach
	check "a read-only disk is a read-only device" is "$(cat "$sys/ro")" 1
	check "it can be read" is "$(outcome read "$dev")" OK
	check "it cannot be written" \
		is "$(outcome write "$dev")" EPERM
	finish
	ok $? "a read-only disk stops"
	stop_memdisk
}

# Somebody detached our loop device, and another took its number.
number_taken() {
	start 64 512
	attach
	losetup -d "$dev"
	truncate -s 1M "$dir/other"
	losetup "$dev" "$dir/other"
	ask detach
	ok $? "a loop device that is detached already is no error"
	check "one that is somebody else's by now stays his" \
		is "$(cat "$sys/loop/backing_file")" "$dir/other"
	losetup -d "$dev"
	ask unmount && ask stop
	stop_memdisk
}

start_of() { # DEVICE
	dd if="$1" bs=1M count=2 iflag=direct status=none | md5sum
}

no_discard() {
	local before
	start 64 512 nodiscard
	attach
	check "512-byte blocks are the device's" \
		is "$(cat "$sys/queue/logical_block_size")" 512
	check "512-byte blocks read back as written" \
		verify "$dev" --bs=512 --bsrange=512-8k --size=16m
	before=$(start_of "$dev")
	blkdiscard "$dev" # fails inside; the kernel learns, and says nothing
	check "a disk that cannot discard keeps its data" \
		is "$(start_of "$dev")" "$before"
	older_than 6.11 "and says so the next time" "remembers it" ||
		check "and says so the next time" bash -c \
			"! blkdiscard $dev 2>/dev/null"
	fill "$dev" 2
	blkdiscard -z -l 1048576 "$dev"
	check "zeroing falls back to writing" all_zero "$dev" 0 1048576
	finish
	ok $? "detach, unmount and stop succeed"
	stop_memdisk
}

check_fuse_edges() { # through the file itself
	check "a read at the end gives nothing" is \
		"$(dd if="$dir/lun" bs=1M skip=128 status=none | wc -c)" 0
	check "a write at the end is refused" bash -c \
		"dd if=/dev/zero of=$dir/lun bs=1M seek=128 count=1 \
			conv=notrunc 2>&1 | grep -q 'No space'"
	check "the file cannot be truncated" bash -c \
		"! truncate -s 1M $dir/lun 2>/dev/null"
}

file_and_device
flushes
zeroes
errnos
sizes
check_fuse_edges
partitions
deaths
lost_engine
check "nothing is left of them" gone
read_only
no_discard
number_taken
check "nothing is left at the end" gone
echo "1..$count"
exit $bad
