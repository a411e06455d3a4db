# memory - writeback to a disk of ours when there is no memory to spare: the
# kernel waits for us to write, so we must not wait for the kernel.
. tests/lib.sh

# ---- an engine that may not ask for memory -------------------------------

# Lines "ok ..." of a Python script become ours.
engine_tests() {
	local line
	while read -r line; do
		case $line in
		"ok "*) check "${line#* - }" true ;;
		"not ok "*) check "${line#* - }" false ;;
		esac
	done < <(grep -E '^(not )?ok ' "$T/engine.log")
}
if [ -x "$B/tests/engine/iscsid-engine-no-malloc" ]; then
	LIMIT=200 check "an engine asks for no memory once its disks are used" \
		env ISCSID_ENGINE="$B/tests/engine/iscsid-engine-no-malloc" \
		ISCSI_DEMO_TARGET="$B/target/iscsi-demo-target" sh -c \
		"python3 tests/engine/test_memory.py >'$T/engine.log' 2>&1 ||
			{ cat '$T/engine.log'; false; }"
	engine_tests
else
	skip "an engine asks for no memory once its disks are used" \
		"this build has an allocator of its own"
fi

# ---- memory cgroups ------------------------------------------------------

# Version 2 where its root has the controller, else version 1.
if grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	CG=/sys/fs/cgroup LIMIT_FILE=memory.max
	echo +memory >$CG/cgroup.subtree_control 2>/dev/null
else
	CG=/sys/fs/cgroup/memory LIMIT_FILE=memory.limit_in_bytes
fi
TIGHT=$CG/softhba.$$

make_group() { # NAME BYTES
	mkdir "$TIGHT.$1" && echo "$2" >"$TIGHT.$1/$LIMIT_FILE"
}
drop_group() { # NAME: its processes go back to the root
	[ -d "$TIGHT.$1" ] || return 0
	local p
	for p in $(cat "$TIGHT.$1/cgroup.procs"); do
		echo "$p" >$CG/cgroup.procs
	done
	wait_for 5 rmdir "$TIGHT.$1"
}
join_group() { # NAME COMMAND...: runs it in there
	sh -c 'echo $$ >"$0" && exec "$@"' "$TIGHT.$1/cgroup.procs" "${@:2}"
}
make_group writer $((32 << 20)) 2>/dev/null || {
	skip "writeback under memory pressure" \
		"this machine has no memory cgroups"
	exit 0
}
# Version 2 kills a writer all of whose pages wait for a slow disk, whoever
# serves it; with a soft limit below the hard one it has to wait instead.
[ ! -e "$TIGHT.writer/memory.high" ] ||
	echo $((20 << 20)) >"$TIGHT.writer/memory.high"
trap 'drop_group writer; drop_group engine; leave 1' EXIT

port=$(free_port)
truncate -s 1G "$T/image"
target() {
	"$B/target/iscsi-demo-target" --portal 127.0.0.1:$port \
		--target $IQN:store --lun "1:file:$T/image,id=1" \
		>>"$T/target.log" 2>&1 &
	TARGET=$!
	wait_for 10 listening $port
}
target
configure <<C
DiscoveryAddress=127.0.0.1:$port
C
start_iscsid
one=$(disk 0 0 1)
need "the disk gets its link" appears 20 "$one"

# Ten times what the group may hold, all of it first dirty in the page cache.
dirty() { # OFFSET-IN-MIB: through the page cache, then to the disk
	join_group writer dd if="$T/data" of="$one" bs=1M seek="$1" \
		conv=notrunc,fsync status=none
}
fill_random "$T/data" 320M
echo 3 >/proc/sys/vm/drop_caches
there() { # OFFSET-IN-MIB
	dd if="$one" bs=1M iflag=direct skip="$1" count=320 status=none |
		cmp - "$T/data"
}
squeezed() { # NAME: did the group hit its limit?
	[ "$(cat "$TIGHT.$1/memory.failcnt" 2>/dev/null ||
		awk '/^(high|max)/ { n += $2 } END { print n }' \
			"$TIGHT.$1/memory.events")" -gt 0 ]
}

check "a writer in 32 MiB of memory gets 320 MiB to the disk" dirty 0
check "it hit its limit all the time" squeezed writer
check "the data are there" there 0

# The engine's own memory is locked already; here it gets nothing more.
make_group engine $((1 << 20))
for p in $(pgrep -P $ISCSID iscsid-engine); do
	echo "$p" >"$TIGHT.engine/cgroup.procs"
done
check "the same with the engines in 1 MiB of their own" dirty 320
check "the data are there, too" there 320

# A target that goes in the middle of it: the next session is made while the
# kernel waits for memory.
written() { # MiB so far
	attribute "$one" stat | awk '{ print int($7 / 2048) }'
}
more_than() {
	[ "$(written)" -gt "$1" ]
}
begin=$(written)
dirty 640 >"$T/dd.log" 2>&1 &
writer=$!
wait_for 30 more_than $((begin + 50))
{
	kill -KILL $TARGET
	wait $TARGET
} 2>/dev/null
check "the target goes in the middle of a third time" not ended $writer
target
check "that costs time only" wait_for 60 ended $writer
wait $writer
check "no error" test $? = 0
check "all data are there" there 640

drop_group writer
drop_group engine
trap 'leave $?' EXIT
stops_clean
