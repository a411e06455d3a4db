# database - transactions on the disk while everything else dies.
#
# A client makes numbered transactions and notes, elsewhere, which ones the
# database acknowledged.  In the end all of them are there, also after the
# driver was torn away with all its processes, as if the host lost power.
. tests/crash/common.sh
. tests/crash/net.sh
DB=${CRASH_DB:-sqlite}
. "tests/crash/$DB.sh"
db_install

# ---- the client ----------------------------------------------------------

transaction() { # N: a row, and money that changes hands
	echo "BEGIN;
		INSERT INTO log VALUES ($1, $RANDOM_TEXT);
		UPDATE account SET balance = balance - $1
			WHERE id = $1 % 10;
		UPDATE account SET balance = balance + $1
			WHERE id = ($1 * 7 + 3) % 10;
		COMMIT;
		SELECT $1;"
}

tables() {
	local i
	echo "CREATE TABLE log (n integer PRIMARY KEY, what text);
		CREATE TABLE account (id integer PRIMARY KEY, balance integer);"
	for i in {0..9}; do
		echo "INSERT INTO account VALUES ($i, 1000);"
	done
}

acknowledged() { # how many
	wc -l <"$T/acknowledged"
}

work() { # until $T/stop is there
	local n got
	# The last one before the driver died may be there, acknowledged or not.
	n=$(query 'SELECT coalesce(max(n), 0) + 1 FROM log;') || return
	coproc CLIENT { sql 2>&1; }
	for (( ; ; n++)); do
		[ ! -e "$T/stop" ] || break
		transaction $n >&"${CLIENT[1]}" || return
		read -r -t 100 got <&"${CLIENT[0]}" || return
		[ "$got" = $n ] || {
			echo "instead of $n: $got"
			return 1
		}
		echo $n >>"$T/acknowledged"
		echo "$n transactions" >"$T/written"
	done
	kill "$CLIENT_PID"
}

commits() { # [N]: are so many more acknowledged within a while?
	local from
	from=$(acknowledged)
	wait_for 60 eval "[ \$(acknowledged) -ge $((from + ${1:-5})) ]"
}

# ---- the verdict ---------------------------------------------------------

query() { # SQL
	echo "$1" | sql
}

is_answer() { # SQL ANSWER
	local got
	got=$(query "$1") && [ "$got" = "$2" ] || {
		echo "$1 says $got, not $2"
		return 1
	}
}

none_lost() {
	query 'SELECT n FROM log;' | sort >"$T/there" &&
		sort "$T/acknowledged" | comm -23 - "$T/there" >"$T/lost" &&
		[ ! -s "$T/lost" ] || {
		echo "lost: $(wc -l <"$T/lost"), such as $(head -n 3 "$T/lost")"
		return 1
	}
}

database_is_right() {
	db_start || exit 1
	LIMIT=100 check "$DB calls its files sound" db_is_sound
	check "$DB lost none of $(acknowledged) transactions" none_lost
	check "each is whole: the sum of all accounts is as before" \
		is_answer 'SELECT sum(balance) FROM account;' 10000
}

create() {
	LIMIT=300 need "$DB makes its files" db_create
	db_start || exit 1
	: >"$T/acknowledged"
	need "and has tables" eval 'tables | sql'
}
WRITER=work PREPARE=create REST=db_stop VERIFY=database_is_right

# ---- what happens --------------------------------------------------------

engine_dies() {
	need "the engine dies, $DB commits" eval 'kill_engine; commits'
}

target_dies() {
	event target-kill
	kill_target
	start_target || exit 1
	need "the target dies, $DB commits" commits
}

manager_dies() {
	kill_manager
	mv "$T/iscsid.log" "$T/iscsid.log.$((++managers))"
	start_iscsid -e 1
	need "the manager dies, $DB commits" eval \
		'will_log 20 "3 disks go on" && commits'
}

path_breaks() { # SECONDS
	event break-$1s
	break_path 0
	sleep "$1"
	event break-$1s-end
	mend_path 0
	need "the path is cut for $1 s, $DB commits" commits
}

# All of the driver dies in the midst of transactions, and the kernel forgets
# what it had not written.
lose_power() {
	rm -f "$T/stop"
	work >"$T/writer.log" 2>&1 &
	FILES=$!
	need "transactions go on" commits 20
	kill -KILL "$ISCSID" $(engine)
	wait "$ISCSID" 2>/dev/null
	LIMIT=110 check "without the driver they do not" ends_well $FILES
	db_stop QUIT
	umount "$T/mnt" || umount -l "$T/mnt"
	mv "$T/iscsid.log" "$T/iscsid.log.power"
	start_iscsid -e 1
	need "the next start clears what is left" \
		will_log 20 "of a former run cleared"
	need "the disk comes back" appears 20 "$(lun 0)"
	need "and its file system" mount "$(lun 0)" "$T/mnt"
	database_is_right
}

if ! new_namespace FARM || ! new_path 0; then
	echo "not ok - there is a path to another namespace"
	exit 1
fi
IN=(nsenter -t "$FARM" -n)
PORTALS=("$(far_end 0):3260")
managers=0
begin
rounds=$(as_many 1 5)
for ((k = 1; k <= rounds; k++)); do
	engine_dies
	target_dies
	manager_dies
	path_breaks 1
	[ ! "$LONG" ] || path_breaks 10
done
[ ! "$LONG" ] || path_breaks 60
end_loads
times=$(as_many 1 3)
for ((k = 1; k <= times; k++)); do
	lose_power
done
look_at_file_system
echo "# figure: $KIND: $DB: $(acknowledged) transactions acknowledged, $(wc -l <"$T/lost") lost"
stops_clean
kill_target
