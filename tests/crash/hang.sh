# hang - the process that speaks to the network stops, and is replaced; what
# only looks so is left alone: it is traced, frozen, or has no CPU.
. tests/crash/common.sh
LOAD=80 # processes that want a CPU

# Its disks move while it is as it is: then it was another.
same_engine() { # PID
	[ "$(engine)" = "$1" ]
}

stop_engine() {
	local p
	p=$(engine)
	event engine-stop
	kill -STOP $p
}

# falls NUMBER DEED: another goes on.  The third death in a row is followed by
# a pause.
falls() {
	local old
	old=$(engine)
	need "engine $1 falls ($2) and the disks go on" eval \
		"$2 && moves 50 && [ \"\$(engine)\" != '$old' ]"
	[ $(($1 % 3)) != 0 ] || [ ! "$LONG" ] || wait_for 30 outlived 11
}

# Of a machine that is busy with other things both take longer.
costs_little() {
	local _ stop kill
	read -r _ stop _ < <(pause_of engine-stop)
	read -r _ kill _ < <(pause_of engine-kill)
	echo "$stop ms, $kill ms"
	[ "$stop" -le $((kill + 2000)) ]
}

outlived() { # SECONDS: is it older than so much?
	[ "$(ps -o etimes= -p "$(engine)")" -ge "$1" ]
}

# left_alone SENTENCE LINE BEGIN END - BEGIN makes it look as if it hung, END
# ends that; a LINE of the log says so meanwhile, if it is not "".
left_alone() {
	local old
	old=$(engine)
	event other # not of what came before
	eval "$3"
	[ ! "$2" ] || check "$1 is said" wait_for 20 logged "$2"
	wait_for 3 false # far longer than a hang may last
	check "$1 is not replaced" same_engine "$old"
	eval "$4"
	LIMIT=30 check "and goes on" moves 50
	check "as the same process" same_engine "$old"
}

trace() { # PID...: they stand still, and are traced
	"$B/tests/crash/crash-tracer" "$@" &
	TRACER=$!
}

end_trace() {
	kill $TRACER
	wait $TRACER
}

# ---- control groups ------------------------------------------------------

GROUP=softhba-hang-$$
FREEZER= # what thaws, and the group to be removed

thaw() { # what is frozen cannot be killed
	[ "$FREEZER" ] || return 0
	eval "$FREEZER"
	FREEZER=
}
trap 'status=$?; thaw; leave $status' EXIT

group2() { # where the second version is mounted
	awk '$(NF - 2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo
}

group1() { # and the freezer of the first
	awk '$(NF - 2) == "cgroup" && $NF ~ /(^|,)freezer(,|$)/ { print $5; exit }' \
		/proc/self/mountinfo
}

can_group() { # MOUNT
	[ "$1" ] && mkdir "$1/$GROUP" 2>/dev/null
}

freezes() { # MOUNT FILE FROZEN THAWED WORDS
	if ! can_group "$1"; then
		skip "an engine in a frozen cgroup ($5) is not replaced" \
			"no cgroup can be made"
		return
	fi
	local at=$1/$GROUP p
	p=$(engine)
	FREEZER="echo $4 >$at/$2; echo $p >$1/cgroup.procs; rmdir $at"
	echo "$p" >"$at/cgroup.procs"
	left_alone "an engine in a frozen cgroup ($5)" "in a frozen cgroup" \
		"echo $3 >$at/$2" thaw
}

# ---- no CPU --------------------------------------------------------------

busy() {
	while [ ! -e "$T/idle" ]; do :; done
}

crowd() { # SECONDS: others want the CPUs, and nothing happens to us
	local i old lines
	old=$(engine)
	rm -f "$T/idle"
	event crowd
	for ((i = 0; i < LOAD; i++)); do
		busy &
	done
	wait_for "$1" false
	: >"$T/idle"
	check "an engine among $LOAD busy processes is not replaced" \
		same_engine "$old"
	LIMIT=60 check "and goes on" moves 50
}

begin
for ((k = 1; k <= $(as_many 3 30); k++)); do
	[ $((k % 3)) = 1 ] && deed=kill_engine || deed=stop_engine
	falls $k $deed
done
event other
left_alone "an engine that is traced" "is traced by process" \
	'trace $(engine)' end_trace
freezes "$(group2)" cgroup.freeze 1 0 "version 2"
[ ! "$LONG" ] ||
	freezes "$(group1)" freezer.state FROZEN THAWED "version 1"
left_alone "an engine that stops together with its manager" "" \
	'kill -STOP $ISCSID $(engine)' 'kill -CONT $(engine) $ISCSID'
crowd "$(as_many 8 120)"
finish
figure engine-stop "stops of the engine (SIGSTOP)" 3000
figure engine-kill "kills of the engine" 1000
check "a hang costs at most 2 s more than a death" costs_little
figure crowd "$LOAD busy processes beside the engine"
