# fstab.sh - fstab.iscsi and bounded commands; meson puts it into
# iscsi-mountall and iscsi-umountall, it is no program of its own.
#
# A disk whose target is gone can hang whoever touches it, for good and
# beyond SIGKILL.  So nothing here waits for a child without a deadline, and
# what is mounted is read from /proc, not from the file systems.

# shellcheck disable=SC2034 # each of the two programs uses its share
FAULTS=0
SPEC=() DIR=() TYPE=() OPTS=() PASS=() LINE=()

die() { # STATUS TEXT...
	local status=$1
	shift
	echo "$ME: $*" >&2
	exit "$status"
}

fault() { # LINE TEXT...: what is wrong with a line of the file
	local line=$1
	shift
	echo "$FSTAB:$line: $*" >&2
	FAULTS=$((FAULTS + 1))
}

# Characters that would disturb a terminal or a log become '?'.
printable() {
	printf '%s' "${1//[[:cntrl:]]/?}"
}

# bounded SECONDS COMMAND... - its status, or 124 when it took longer; what
# it printed is in $SAID.  One that cannot be killed is left behind.
bounded() {
	local end=$((SECONDS + $1)) pid status
	shift
	"$@" >"$SCRATCH" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		if [ "$SECONDS" -gt "$end" ]; then
			kill -TERM "$pid" 2>/dev/null
			sleep 0.5
			kill -KILL "$pid" 2>/dev/null
			disown "$pid" 2>/dev/null
			SAID="no answer within the time limit"
			return 124
		fi
		sleep 0.05
	done
	wait "$pid"
	status=$?
	SAID=$(tr '\n' ' ' <"$SCRATCH")
	SAID=$(printable "${SAID% }")
	return $status
}

# \040 and its like, as fstab(5) writes blanks, into OUT.
unescape() {
	local word=$1
	OUT=
	while [[ $word =~ ^([^\\]*)\\(040|011|012|134|043)(.*)$ ]]; do
		printf -v OUT '%s%s%b' "$OUT" "${BASH_REMATCH[1]}" \
			"\\0${BASH_REMATCH[2]}"
		word=${BASH_REMATCH[3]}
	done
	OUT+=$word
}

has_option() { # OPTIONS NAME
	[[ ,$1, == *,$2,* ]]
}

is_bind() { # ENTRY
	has_option "${OPTS[$1]}" bind || has_option "${OPTS[$1]}" rbind
}

entry_of() { # DIR: the entry that names this mount point already, in OUT
	local i
	for i in "${!DIR[@]}"; do
		OUT=$i
		[ "${DIR[i]}" != "$1" ] || return 0
	done
	return 1
}

# What is wrong with the fields of a line, in WRONG; nothing: "".
judge() { # FIELDS SPEC DIR TYPE
	WRONG=
	case $1 in
	0 | 1 | 2) WRONG="a line needs a device, a mount point and a type" ;;
	7) WRONG="there is more than the six fields of fstab(5)" ;;
	esac
	[ -z "$WRONG" ] || return
	case $2 in
	/* | UUID=?* | LABEL=?* | PARTUUID=?* | PARTLABEL=?*) ;;
	*) WRONG="$2 is no device: a path, UUID= or LABEL= is needed" ;;
	esac
	case $3 in
	/) WRONG="the root file system cannot be mounted here" ;;
	/*) ;;
	*) WRONG="mount point $3 is not an absolute path" ;;
	esac
	case $4 in
	swap) WRONG="swap on a remote disk is not supported" ;;
	esac
}

take_line() { # NUMBER TEXT
	local n=$1 fields spec dir pass
	read -ra fields <<<"$2"
	[ ${#fields[@]} -gt 0 ] && [[ ${fields[0]} != "#"* ]] || return 0
	[ ${#fields[@]} -le 6 ] || [[ ${fields[6]} != "#"* ]] ||
		fields=("${fields[@]:0:6}")
	unescape "${fields[0]}"
	spec=$OUT
	unescape "${fields[1]:-}"
	dir=$OUT
	while [[ $dir == ?*/ ]]; do
		dir=${dir%/}
	done
	judge $((${#fields[@]} > 7 ? 7 : ${#fields[@]})) "$spec" "$dir" \
		"${fields[2]:-}"
	if [ -n "$WRONG" ]; then
		fault "$n" "$(printable "$WRONG")"
		return
	elif entry_of "$dir"; then
		fault "$n" "mount point $(printable "$dir") stands in line" \
			"${LINE[OUT]} already"
		return
	fi
	pass=${fields[5]:-0}
	if ! [[ $pass =~ ^[0-9]{1,3}$ ]]; then
		fault "$n" "fsck pass $(printable "$pass") is no number, 0 taken"
		pass=0
	fi
	SPEC+=("$spec") DIR+=("$dir") TYPE+=("${fields[2]}")
	OPTS+=("${fields[3]:-defaults}") PASS+=("$((10#$pass))") LINE+=("$n")
}

read_fstab() {
	local n=0 text
	{ exec 9<"$FSTAB"; } 2>/dev/null || die 1 "$FSTAB cannot be read"
	while IFS= read -r text <&9 || [ -n "$text" ]; do
		n=$((n + 1))
		if [ ${#text} -gt 8191 ]; then
			fault $n "the line is too long"
			continue
		fi
		take_line $n "${text%$'\r'}"
	done
	exec 9<&-
}

# ---- what is mounted, from /proc/self/mountinfo -----------------------------

# Fills M_DIR and M_DEV (major:minor; of a btrfs and its like, that of the
# device it names), oldest first.
read_mounts() {
	local dev dir rest
	M_DIR=() M_DEV=()
	while read -r _ _ dev _ dir rest; do
		unescape "$dir"
		dir=$OUT
		if [[ $dev == 0:* && $rest == *" - "* ]]; then
			rest=${rest#* - }
			read -r _ rest _ <<<"$rest"
			unescape "$rest"
			[[ $OUT != /dev/* ]] || ! number_of "$OUT" || dev=$NUMBER
		fi
		M_DIR+=("$dir") M_DEV+=("$dev")
	done </proc/self/mountinfo
}

# The number of the block device a path leads to, in NUMBER.
number_of() {
	local hex
	[ -b "$1" ] || return 1
	hex=$(stat -L -c '%t:%T' -- "$1" 2>/dev/null) || return 1
	NUMBER=$((16#${hex%:*})):$((16#${hex#*:}))
}

# The device a spec of the file names now, in DEVICE.
find_device() { # SPEC
	DEVICE=$1
	case $1 in
	/*) ;;
	*)
		bounded "${PROBE_TIMEOUT:-10}" findfs "$1" || return 1
		DEVICE=$SAID
		;;
	esac
	[ -b "$DEVICE" ]
}

# The mount point as the kernel writes it, in REAL.
real_dir() {
	local real
	real=$(timeout 5 realpath -m -- "$1" 2>/dev/null)
	REAL=${real:-$1}
}

# ---- the start of both programs ----------------------------------------------

begin() {
	ME=${0##*/}
	SECONDS=0
	WORK=$PWD # what -f may be relative to
	cd / || exit 1
	# shellcheck disable=SC1090
	[ ! -r "${ISCSI_DEFAULT:=/etc/default/iscsi}" ] || . "$ISCSI_DEFAULT"
	FSTAB=${FSTAB:-/etc/fstab.iscsi}
	RUNDIR=${RUNDIR:-/run/iscsi}
}

scratch() {
	SCRATCH=$(mktemp "${TMPDIR:-/tmp}/$ME.XXXXXX") || exit 1
	trap 'rm -f "$SCRATCH"' EXIT
	trap 'exit 130' INT TERM HUP
}

usage() { # STATUS
	[ "$1" = 0 ] || exec >&2
	help
	exit "$1"
}
