# portals - two portals and two portal groups: failover with a file system in
# use, a switch by hand, timeouts, and a session for each path.
. tests/lib.sh

one=127.0.0.1:$(free_port) two=127.0.0.2:$(free_port)
NAME=$IQN:paths
truncate -s 128M "$T/image"

# start_target TAG... - on the portals given as ADDR,TAG; the disk is kept.
start_target() {
	local args=() p
	for p; do
		args+=(--portal "$p")
	done
	"$B/target/iscsi-demo-target" "${args[@]}" --control "$T/fifo" \
		--target $NAME --lun "0:file:$T/image,id=600a" \
		>>"$T/target.log" 2>&1 &
	TARGET=$!
	p=${1%,*}
	wait_for 10 listening "${p##*:}"
}

stop_target() {
	kill -KILL $TARGET && wait_for 10 ended $TARGET && rm -f "$T/fifo"
	wait $TARGET 2>/dev/null
}

ctl() {
	"$B/src/tools/iscsictl" -R "$T/run" "$@"
}

address_is() { # ADDRESS
	list | grep -qF "$1"
}

start_target $one,1 $two,2
configure <<C
DiscoveryAddress=$one
C
start_iscsid
d=$(disk 0 0 0)
need "the disk gets its link" appears 20 "$d"
need "it takes a file system" eval \
	'mkfs.ext4 -q "$d" && mount "$d" "$T/mnt"'
fill_random "$T/data" 32M

check "the first portal is used first" address_is $one
write_on() { # to stable storage, while the portal goes away
	cp "$T/data" "$T/mnt/data" && sync -f "$T/mnt" &&
		: >"$T/written"
}
write_on >"$T/writer.log" 2>&1 &
writer=$!
sleep 0.2
stop_target
start_target $two,2
check "the writer ends" wait_for 40 ended $writer
check "the loss of a portal group cost it no error" test -e "$T/written"
check "the other portal is used now" wait_for 20 address_is $two
forget_cache "$T/mnt"
check "all it wrote is there" cmp "$T/data" "$T/mnt/data"
check "the file system unmounts" umount "$T/mnt"

stop_target
start_target $one,1 $two,2
is_up() {
	list | grep -qi established
}
check "the driver finds the target again" wait_for 40 is_up
switch() { # to the portal that is not in use
	local to=$one
	address_is $one && to=$two
	ctl portal 0 0 $to && wait_for 20 address_is $to
}
check "a switch by hand moves the session" switch
check "a switch to a foreign address is refused" \
	not ctl portal 0 0 192.0.2.99

check "ConnFailTimeout changes while the driver runs" \
	ctl connfailtimeout 0 0 2
stop_target
fails_in_time() {
	local begin=$SECONDS
	not dd if="$d" of=/dev/null bs=4k count=1 iflag=direct &&
		[ $((SECONDS - begin)) -le 5 ]
}
check "then I/O fails in time while the target is away" fails_in_time
start_target $one,1 $two,2
reads() {
	dd if="$d" of=/dev/null bs=4k count=1 iflag=direct
}
check "the disk recovers when the session is back" wait_for 40 reads

paths() { # HOW: a new daemon with Multipath=HOW
	again <<C
Multipath=$1
DiscoveryAddress=$one
C
}
both() { # the disks of two targets
	appears 20 "$(disk 0 $1 0)" && appears 20 "$(disk 0 $2 0)"
}
paths portal
check "Multipath=portal makes a disk for each portal" both 1 2
paths portalgroup
check "Multipath=portalgroup makes one for each group" both 3 4
stops_clean
