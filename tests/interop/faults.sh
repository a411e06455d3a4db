# faults - the fault scripts of tests/scripts over real TCP, many at a time.
. tests/lib.sh

"$B/tests/scripts/play-tcp" --dir "$T" --jobs 16 tests/scripts/*.fault \
	>"$T/tap" 2>&1
status=$?
cat "$T/tap"
while read -r name; do
	for f in "$T/$name"/iscsid.log "$T/$name"/journal; do
		[ -s "$f" ] || continue
		echo "# --- the end of $name/$(basename "$f")"
		tail -n 20 "$f" | sed 's/^/#   /'
	done
done < <(sed -n 's/^not ok - \([^:]*\):.*/\1/p' "$T/tap")
exit $status
