# manager - the manager is killed and the next one started.
. tests/crash/common.sh

goes_on() {
	will_log 20 "3 disks go on" && wait_for 20 list && moves 50
}

begin
first=$(engine)
kills=$(as_many 3 20)
for ((k = 1; k <= kills; k++)); do
	kill_manager
	check "without manager $k the disks go on" moves 50
	mv "$T/iscsid.log" "$T/iscsid.log.$k"
	start_iscsid -e 1
	need "the next one goes on with them" goes_on
done
check "the engine is the same all the time" test "$(engine)" = "$first"
finish
figure manager-kill "kills of the manager"
