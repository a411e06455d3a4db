# net.sh - a target in a network namespace of its own, reached over paths that
# can be cut.
#
# A path leads through a namespace that forwards, as a switch would: cut there,
# neither end is told.  The namespaces are those of processes of this test, and
# end with them.
NET=198.18.$(($$ % 120)) # and the next 128 of the third byte

new_namespace() { # VARIABLE: its process
	unshare -n sleep infinity &
	eval "$1=$!"
	disown
	wait_for 10 eval '! [ /proc/$!/ns/net -ef /proc/self/ns/net ]'
	nsenter -t $! -n ip link set lo up
}

within() { # PROCESS COMMAND...
	nsenter -t "$1" -n "${@:2}"
}

# new_path N: NET.1 - switch - NET.6 in the target's namespace, all of them
# with N times 60 more in the third byte.
declare -A SWITCH
path_net() {
	local third=${NET##*.}
	echo "${NET%.*}.$((third + 60 * $1))"
}

new_path() {
	local n=$1 net pid
	net=$(path_net $n)
	new_namespace pid || return
	SWITCH[$n]=$pid
	ip link add sh$$r$n type veth peer name near netns "$pid" &&
		within "$pid" ip link add far type veth \
			peer name path$n netns "$FARM" &&
		ip address add "$net.1/30" dev sh$$r$n &&
		ip link set sh$$r$n up || return
	within "$pid" sh -e -c "
		ip address add $net.2/30 dev near
		ip address add $net.5/30 dev far
		ip link set near up
		ip link set far up
		echo 1 >/proc/sys/net/ipv4/ip_forward" &&
		within "$FARM" sh -e -c "
			ip address add $net.6/30 dev path$n
			ip link set path$n up
			ip route add $net.0/30 via $net.5" &&
		ip route replace "$net.4/30" via "$net.2"
}

far_end() { # N: the target's address there
	echo "$(path_net "$1").6"
}

# Of the paths 0 and 1 the one that the session goes by.
path_in_use() {
	local n
	for n in 0 1; do
		list | grep -q "^TARGET ADDRESS .*$(far_end $n):" && echo $n
	done
}

break_path() { # N: everything is dropped, nobody is told
	within "${SWITCH[$1]}" nft -f - <<-N
	table ip cut {
		chain forward {
			type filter hook forward priority 0; policy drop;
		}
	}
	N
}

mend_path() {
	within "${SWITCH[$1]}" nft delete table ip cut
}

unplug() { # N: our interface sees it, too
	within "${SWITCH[$1]}" ip link set near down
}

plug() {
	within "${SWITCH[$1]}" ip link set near up
}

# A path that can stall: what goes to the target waits in a queue of the switch,
# and is delivered late and in order.  What comes from it arrives.
tame_path() { # N
	within "${SWITCH[$1]}" tc qdisc add dev far root tbf \
		rate 1gbit burst 100kb limit 8mb
}

stall_path() { # N
	within "${SWITCH[$1]}" tc qdisc change dev far root tbf \
		rate 8bit burst 1600 limit 8mb
}

queued() { # N: bytes, such as 512b or 96Kb
	within "${SWITCH[$1]}" tc -s qdisc show dev far |
		sed -n 's/^ *backlog \([^ ]*\) .*/\1/p'
}

# The queue looks at its rate again when something comes.
queue_is_empty() { # N
	echo >"/dev/udp/$(far_end "$1")/9"
	[ "$(queued "$1")" = 0b ]
}

drain_path() { # N
	within "${SWITCH[$1]}" tc qdisc change dev far root tbf \
		rate 1gbit burst 100kb limit 8mb &&
		wait_for 10 queue_is_empty "$1"
}
