# link - the path to the target is cut for a while.
. tests/crash/common.sh
. tests/crash/net.sh

if ! new_namespace FARM || ! new_path 0; then
	echo "not ok - there is a path to another namespace"
	exit 1
fi
IN=(nsenter -t "$FARM" -n)
PORTALS=("$(far_end 0):3260")
begin

# away HOW BACK SECONDS
away() {
	local name=${1%_path}-$3s
	event "$name"
	$1 0
	sleep "$3" # so long it lasts
	event "$name-end"
	$2 0
	LIMIT=$((MOST / 1000 + 5)) need "${1%_path} for $3 s, then the disks go on" \
		moves 50
}

if [ "$LONG" ]; then
	cuts=(1 1 1 1 1 3 3 3 5 5 10 10 10 30 60 60) unplugs=(1 3 10 60)
else
	cuts=(1 3 8) unplugs=(3)
fi
for s in "${cuts[@]}"; do
	away break_path mend_path "$s"
done
for s in "${unplugs[@]}"; do
	away unplug plug "$s"
done
finish
for how in break unplug; do
	for s in $(printf '%s\n' "${cuts[@]}" "${unplugs[@]}" | sort -nu); do
		figure "$how-${s}s-end" "ends of a path cut (${how}) of $s s" 2000
	done
done
