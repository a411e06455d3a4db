# failover - two paths to two portals; the one in use is cut, in turns.
. tests/crash/common.sh
. tests/crash/net.sh

if ! new_namespace FARM || ! new_path 0 || ! new_path 1; then
	echo "not ok - there are two paths to another namespace"
	exit 1
fi
IN=(nsenter -t "$FARM" -n)
PORTALS=("$(far_end 0):3260,1" "$(far_end 1):3260,2")
# Writes are on their way and the old group is out of reach: the pause is this
# and some seconds.
FENCE_TIMEOUT=8
begin

both_known() {
	list | grep -qF "NUMBER OF PORTALS          : 2"
}
need "both portals are known" wait_for 20 both_known
times=$(as_many 2 20)
for ((k = 1; k <= times; k++)); do
	old=$(path_in_use)
	event path-cut
	break_path "$old"
	LIMIT=$((MOST / 1000 + 5)) need "path $old is cut, the disks go on" \
		moves 50
	check "on the other" test "$(path_in_use)" = $((1 - old))
	mend_path "$old"
done
finish
figure path-cut "cuts of the path in use"
