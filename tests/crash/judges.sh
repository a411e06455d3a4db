# judges.sh - targets by several makers, with one disk, behind two paths.
#
# KIND says which: own and own2 (ours, in one portal group or two), tgt, chap
# (tgt with credentials), slow (tgt with a backing store that takes its time),
# istgt, and in guests lio and lio2.  begin_judge starts it in the namespace of
# FARM, on the addresses of paths 0 and 1; CONF is what iscsi.conf says of it,
# MEDIUM its disk.
MEDIUM=$T/medium
DISK_SIZE=1M
SECRET=a-secret-of-16-by
TAGS=(1 1) # of the portals
PORT=3260  # of both
FRONT=3260 # where the driver looks for them
CONF=()    # more lines of its section
LUN=0

begin_own() {
	"${IN[@]}" "$B/target/iscsi-demo-target" \
		--portal "$(far_end 0):$PORT,${TAGS[0]}" \
		--portal "$(far_end 1):$PORT,${TAGS[1]}" \
		--target "$IQN:stall" --lun "0:file:$MEDIUM" \
		>"$T/own.ready" 2>>"$T/target.log" &
	TARGET=$!
	wait_for 10 test -s "$T/own.ready"
}

begin_own2() {
	TAGS=(1 2)
	begin_own
}

# tgtd's own LUN 0 is no disk.
tgt_with() { # BACKING
	LUN=1
	"${IN[@]}" tgtd -f -C $TGT_CONTROL \
		--iscsi "portal=$(far_end 0):$PORT" >>"$T/tgtd.log" 2>&1 &
	TARGET=$!
	wait_for 10 tgt --mode sys --op show &&
		tgt --mode portal --op new \
			--param "portal=$(far_end 1):$PORT" &&
		tgt_target 1 stall &&
		tgt --mode logicalunit --op new --tid 1 --lun 1 -b "$1"
}

begin_tgt() {
	tgt_with "$MEDIUM"
}

begin_chap() {
	CONF=(OutgoingUsername=alice "OutgoingPassword=$SECRET")
	tgt_with "$MEDIUM" && tgt_account alice $SECRET 1
}

# A fifth of the writes take up to 1.5 s longer than those behind them.  With
# credentials, so that reinstatement alone is put to the test.
begin_slow() {
	: >"$T/slow"
	"$B/tests/crash/slowfile" "$T/slow" "$MEDIUM" 20 1500 \
		>"$T/slow.ready" 2>"$T/slow.log" &
	SLOW=$!
	CONF=(OutgoingUsername=alice "OutgoingPassword=$SECRET")
	wait_for 10 test -s "$T/slow.ready" && tgt_with "$T/slow" &&
		tgt_account alice $SECRET 1
}

begin_istgt() {
	cat >"$T/istgt.conf" <<-C
	[Global]
	  NodeBase "$IQN"
	  PidFile $T/istgt.pid
	  AuthFile $T/istgt.auth
	  MediaDirectory $T
	  Timeout 30
	  NopInInterval 20
	  DiscoveryAuthMethod None
	  MaxSessions 32
	  MaxConnections 4
	  FirstBurstLength 65536
	  MaxBurstLength 262144
	  MaxRecvDataSegmentLength 65536
	  ImmediateData Yes
	[UnitControl]
	  AuthMethod None
	[PortalGroup1]
	  Portal P0 $(far_end 0):$PORT
	  Portal P1 $(far_end 1):$PORT
	[InitiatorGroup1]
	  InitiatorName "ALL"
	  Netmask 198.18.0.0/15
	[LogicalUnit1]
	  TargetName stall
	  Mapping PortalGroup1 InitiatorGroup1
	  AuthMethod None
	  UnitType Disk
	  QueueDepth 32
	  LUN0 Storage $MEDIUM Auto
	C
	: >"$T/istgt.auth"
	chmod 600 "$T/istgt.auth"
	"${IN[@]}" istgt -D -c "$T/istgt.conf" >>"$T/istgt.log" 2>&1 &
	TARGET=$!
	wait_for 10 eval '"${IN[@]}" ss -Hltn "sport = :$PORT" | grep -q .'
}

# begin_lio [GROUP]: the group of the second portal.  A portal belongs to the
# namespace of who makes it.
begin_lio() {
	local second=${1:-1}
	TAGS=(1 "$second")
	MEDIUM=$T/medium.img
	IQN=$IQN T=$T "${IN[@]}" bash -u -c '
		. tests/vm/configfs
		start_lio && lio_disk medium "$1" || exit
		if [ "$2" = 1 ]; then
			lio_group stall 1 "$3" "$4" && lio_lun stall 1 0 medium
		else
			lio_group stall 1 "$3" && lio_lun stall 1 0 medium &&
				lio_group stall 2 "$4" && lio_lun stall 2 0 medium
		fi' lio $DISK_SIZE "$second" \
		"$(far_end 0):$PORT" "$(far_end 1):$PORT"
}

begin_lio2() {
	begin_lio 2
}

end_lio() {
	(
		. tests/vm/configfs
		remove_target stall && rmdir "$LIO/core/fileio_0/medium"
	)
}

has_two_groups() {
	[ "${TAGS[0]}" != "${TAGS[1]}" ]
}

begin_judge() {
	truncate -s $DISK_SIZE "$MEDIUM"
	begin_"$KIND"
}

end_judge() {
	case $KIND in
	lio*)
		end_lio
		return
		;;
	esac
	kill -KILL $TARGET
	wait $TARGET 2>/dev/null
	[ -z "${SLOW:-}" ] || { kill $SLOW && wait $SLOW; }
}

# What iscsi-ls says of how the target ends old sessions.
seen_fence() {
	local seen
	seen=$(list -l | sed -n 's/^FENCE *: *//p' | head -n 1)
	echo "${seen:--}"
}
