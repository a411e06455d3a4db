# engine - the process that speaks to the network is killed, again and again.
. tests/crash/common.sh

outlived() { # SECONDS: is it older than so much?
	[ "$(ps -o etimes= -p "$(engine)")" -ge "$1" ]
}

# Killed as soon as it is there; prints how often that was.
crash_loop() { # SECONDS
	local end=$((SECONDS + $1)) n=0 p
	event engine-loop
	while [ $SECONDS -lt $end ]; do
		p=$(engine)
		[ "$p" ] && kill -KILL "$p" 2>/dev/null && n=$((n + 1))
		wait_for 1 false
	done
	echo $n >"$T/starts"
}

begin
kills=$(as_many 3 50)
for ((k = 1; k <= kills; k++)); do
	old=$(engine)
	need "engine $k dies and the disks go on" eval \
		'kill_engine && moves 50 && [ "$(engine)" != "$old" ]'
	# The third death in a row is followed by a pause: see below.
	[ $((k % 3)) != 0 ] || [ $k = "$kills" ] || wait_for 30 outlived 11
done
if [ "$LONG" ]; then
	before=$(wc -l <"$T/iscsid.log")
	LIMIT=100 check "an engine is killed whenever there is one" \
		crash_loop 60
	starts=$(cat "$T/starts")
	lines=$(($(wc -l <"$T/iscsid.log") - before))
	echo "# figure: $KIND: in 60 s of a crash loop: $starts starts, $lines lines logged"
	check "that is no more often than twenty times" test "$starts" -le 20
	check "the pauses are said" logged "is started again after a pause"
	LIMIT=100 check "then the disks go on" moves
fi
finish
figure engine-kill "kills of the engine" 1000
