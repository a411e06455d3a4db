#!/bin/bash
# iscsictl upgrade: other programs take over, and no I/O fails.
. tests/lib.sh
MAY_DIE=1

port=$(free_port)
truncate -s 128M "$T/a.img" "$T/b.img"
for t in a b; do
	"$B/target/iscsi-demo-target" --portal "127.0.0.1:$port" \
		--target "$IQN:$t" --lun "0:file:$T/$t.img" >/dev/null 2>&1 &
	ports+=("$port")
	port=$((port + 1))
	while listening $port; do port=$((port + 1)); done
done
configure <<END
DiscoveryAddress=127.0.0.1:${ports[0]}
DiscoveryAddress=127.0.0.1:${ports[1]}
END

# A place of its own, so that the programs can be others.
mkdir "$T/bin" "$T/slow-engine"
cp "$B/src/iscsid/iscsid" "$B/src/engine/iscsid-engine" "$T/bin/"
start_own() { # OPTION...
	echo "InitiatorName=$ME" >"$T/initiatorname.iscsi"
	"$T/bin/iscsid" -n -e 3 -f "$T/iscsi.conf" -b "$T/iscsi.bindings" \
		-I "$T/initiatorname.iscsi" -l "$L" -R "$T/run" "$@" \
		>>"$T/iscsid.log" 2>&1 &
	ISCSID=$!
}
ctl() {
	"$B/src/tools/iscsictl" -R "$T/run" "$@"
}
replace() { # FILE: as a package does, another file of that name
	cp "$1" "$T/bin/new" && mv "$T/bin/new" "$T/bin/$(basename "$1")"
}
# The third engine has no disk: it ends, and one comes up beside the renewal.
upgrades() {
	ctl upgrade >"$T/upgrade.out" && cat "$T/upgrade.out" &&
		grep -q 'engines: 3, 3 of them ready; disks: 2, 2 of them online' \
			"$T/upgrade.out"
}
engines() {
	local p
	for p in $(pgrep -x iscsid-engine); do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qxF "SOFTHBA_TEST=$T" && echo "$p"
	done
	return 0
}
none_of() { # the engines that were
	local p
	for p in "$@"; do
		! kill -0 "$p" 2>/dev/null || {
			echo "process $p still runs"
			return 1
		}
	done
}
new_programs() {
	local p
	for p in "$ISCSID" $(engines); do
		case $(readlink "/proc/$p/exe") in
		"$T"/bin/iscsid | "$T"/bin/real-engine) ;;
		*)
			echo "process $p is $(readlink "/proc/$p/exe")"
			return 1
			;;
		esac
	done
}

start_own
need "disk a appears" appears 20 "$(disk 0 0 0)"
need "disk b appears" appears 20 "$(disk 0 1 0)"
for t in 0 1; do
	fio --name=x$t --filename="$(disk 0 $t 0)" --rw=randwrite --bs=4k \
		--size=64M --io_size=256M --iodepth=16 --ioengine=libaio \
		--direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1 \
		--output="$T/fio.$t" &
	FIO[t]=$!
done
before=$(engines)
replace "$B/src/iscsid/iscsid"
# The first that starts is there at once, each later one takes longer.
cp "$B/src/engine/iscsid-engine" "$T/bin/real-engine"
cat >"$T/slow-engine/iscsid-engine" <<END
#!/bin/bash
for i in 0 0.3 1.5; do
	! mkdir "$T/slow-engine/\$i" || break
done
sleep \$i
exec "$T/bin/real-engine"
END
chmod 755 "$T/slow-engine/iscsid-engine"
replace "$T/slow-engine/iscsid-engine"
check "an upgrade under load tells what runs then" upgrades
check "the daemon has its process number still" kill -0 $ISCSID
# shellcheck disable=SC2086
check "its engines are others" none_of $before
check "all run the programs that are installed now" new_programs
check "no login of theirs is ended for another" \
	sh -c "! grep 'ended on request' '$T/iscsid.log'"
for t in 0 1; do
	check "fio on disk $t ends" wait_for 120 ended ${FIO[t]}
	wait ${FIO[t]}
	check "and saw no error" test $? = 0
done

printf '#!/bin/sh\nexit 1\n' >"$T/bin/new"
chmod 755 "$T/bin/new"
mv "$T/bin/iscsid" "$T/bin/good"
mv "$T/bin/new" "$T/bin/iscsid"
refuses() {
	ctl upgrade 2>&1 | tee "$T/refusal" | grep -q "nothing has changed"
}
check "a program that does not work is refused" refuses
mv "$T/bin/good" "$T/bin/iscsid"
check "and the daemon goes on" sh -c \
	"'$B/src/tools/iscsictl' -R '$T/run' status | grep -q '2 of them online'"
rm "$T/bin/iscsid"
check "a program that is missing is refused" refuses
fill_random "$T/random" 4M
check "the disks go on" put "$T/random" "$(disk 0 0 0)"
check "with their data" holds "$(disk 0 0 0)" "$T/random"
stops_clean
