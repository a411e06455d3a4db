# initiators [ROUNDS] - instructions per I/O of the kernel's initiator
# (open-iscsi and iscsi_tcp) and of ours (ublk; FUSE and loop), side by side:
# one machine, one target (LIO, its disk in memory), in turns.
#
# Run it as "sudo bash bench/initiators.sh 5"; it starts itself again in a
# guest whose clock counts instructions (tests/vm/run --count: one a
# nanosecond, one processor).  What is measured is time that the processor was
# not idle: fio, the block layer, initiator, loopback and target; the last is
# the same for all.  Each figure is the slope between a short and a long run,
# so that the start of fio does not count: the median of the rounds, and what
# they lie between.
VM_TOOLS=open-iscsi VM_LIMIT=3000 VM_OPTIONS=--count
export VM_ROUNDS=${1:-${VM_ROUNDS:-3}}
. tests/vm/lib.sh
. tests/vm/configfs

names=(open-iscsi ublk fuse)
declare -A dev
modprobe -a iscsi_tcp sd_mod ublk_drv
need "LIO has a disk" eval 'start_lio && lio_disk one 64M'
for name in "${names[@]}"; do
	need "and a target for $name" eval \
		'lio_group "$name" 1 127.0.0.1:3260 && lio_lun "$name" 1 0 one'
done

open_iscsi() {
	mkdir -p /etc/iscsi /run/lock/iscsi
	echo "InitiatorName=$IQN:other" >/etc/iscsi/initiatorname.iscsi
	/usr/sbin/iscsid && iscsiadm -m discovery -t st -p 127.0.0.1 >/dev/null &&
		iscsiadm -m node -T "$IQN:open-iscsi" -p 127.0.0.1 --login \
			>/dev/null && wait_for 60 test -b /dev/sda
}
need "the kernel's initiator has the disk" open_iscsi
configure <<C
TargetName=$IQN:ublk
	TargetIPAddress=127.0.0.1:3260
	Export=ublk
TargetName=$IQN:fuse
	TargetIPAddress=127.0.0.1:3260
	Export=fuse
C
start_iscsid
need "ours has it twice" eval \
	'appears 60 "$(disk 0 0 0)" && appears 60 "$(disk 0 1 0)"'
dev[open-iscsi]=/dev/sda
for n in 0 1; do
	d=$(readlink -f "$(disk 0 $n 0)")
	case $d in
	*ublkb*) dev[ublk]=$d ;;
	*) dev[fuse]=$d ;;
	esac
done

busy() { # instructions so far, in units of 10 million
	awk '{ printf "%.0f\n", ($1 - $2) * 100 }' /proc/uptime
}
cost() { # DEVICE NUMBER FIO-OPTION...: busy units of so many I/Os
	local device=$1 number=$2 before after
	shift 2
	before=$(busy)
	fio --name=x --filename="$device" --direct=1 --ioengine=io_uring \
		--number_ios="$number" --size=64M --io_size=1T --norandommap \
		--randrepeat=1 --output-format=terse "$@" >"$T/fio" 2>&1 || {
		cat "$T/fio" >&2
		return 1
	}
	after=$(busy)
	echo $((after - before))
}
per_io() { # DEVICE NUMBER FIO-OPTION...: thousands of instructions
	local device=$1 number=$2 short long
	shift 2
	short=$(cost "$device" $((number / 4)) "$@") || return
	long=$(cost "$device" "$number" "$@") || return
	echo $(((long - short) * 10000 / (number - number / 4)))
}
cell() { # of the rounds: the median, and what they lie between
	sort -n | awk '{ v[NR] = $1 }
		END { print v[int((NR + 1) / 2)] " (" v[1] "–" v[NR] ")" }'
}

for name in "${names[@]}"; do # warm: programs, caches, connections
	cost "${dev[$name]}" 200 --rw=randrw --bs=4k --iodepth=32 >/dev/null
done
echo
printf '| thousand instructions per I/O | %s | %s | %s |\n' "${names[@]}"
echo "|---|--:|--:|--:|"
while read -r words number options; do
	for ((i = 0; i < VM_ROUNDS; i++)); do
		for name in "${names[@]}"; do
			# shellcheck disable=SC2086 # options are words
			per_io "${dev[$name]}" "$number" $options \
				>>"$T/$words.$name"
		done
	done
	row="| ${words//_/ }"
	for name in "${names[@]}"; do
		row+=" | $(cell <"$T/$words.$name")"
	done
	echo "$row |"
done <<'W'
read_4_KiB,_depth_1 2000 --rw=randread --bs=4k --iodepth=1
read_4_KiB,_depth_32 8000 --rw=randread --bs=4k --iodepth=32
write_4_KiB,_depth_1 2000 --rw=randwrite --bs=4k --iodepth=1
write_4_KiB,_depth_32 8000 --rw=randwrite --bs=4k --iodepth=32
read_1_MiB,_depth_4 400 --rw=read --bs=1M --iodepth=4
write_1_MiB,_depth_4 400 --rw=write --bs=1M --iodepth=4
W
echo
iscsiadm -m node -T "$IQN:open-iscsi" -p 127.0.0.1 --logout >/dev/null
stops_clean
