# target - the target is killed and started again.
. tests/crash/common.sh

begin
kills=$(as_many 2 20)
for ((k = 1; k <= kills; k++)); do
	event target-kill
	kill_target
	need "the target starts again" true
	start_target || exit 1
	event target-back
	# For more than 2 s: one that dies sooner flaps.
	need "after death $k of the target the disks go on" moves 500
done
finish
figure target-kill "kills of the target" 
figure target-back "returns of the target" 2000
