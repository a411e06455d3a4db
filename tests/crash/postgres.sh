# postgres.sh - PostgreSQL as the database of the lane "database".
SIZE=768M

sql() {
	psql -qAtX -v ON_ERROR_STOP=1 -h "$T/pg" -U postgres postgres
}

RANDOM_TEXT="repeat(md5(random()::text), 6)"

db_install() {
	PG=$(find /usr/lib/postgresql -name bin | sort | tail -n 1)
	[ -x "$PG/postgres" ] || skip_all "PostgreSQL is not installed"
}

as_postgres() {
	setpriv --reuid=postgres --regid=postgres --init-groups "$@"
}

db_create() {
	mkdir "$T/mnt/db" "$T/pg" && chown postgres: "$T/mnt/db" "$T/pg" &&
		as_postgres "$PG/initdb" -k -A trust --no-sync --locale=C \
			-D "$T/mnt/db" && sync -f "$T/mnt"
}

db_start() {
	as_postgres "$PG/postgres" -D "$T/mnt/db" -k "$T/pg" \
		-c listen_addresses= -c max_wal_size=96MB \
		-c min_wal_size=32MB -c checkpoint_timeout=30s \
		>>"$T/postgres.log" 2>&1 &
	wait_for 60 "$PG/pg_isready" -h "$T/pg" &&
		head -n 1 "$T/mnt/db/postmaster.pid" >"$T/postgres.pid"
}

db_stop() { # [SIGNAL]: INT is in order, QUIT is not
	local pid
	pid=$(cat "$T/postgres.pid")
	kill -"${1:-INT}" "$pid" 2>/dev/null
	wait_for 60 ended "$pid"
}

# Tables against indexes; and each page has the checksum it was written with.
db_is_sound() {
	"$PG/pg_amcheck" -h "$T/pg" -U postgres -a --install-missing \
		--heapallindexed && db_stop &&
		as_postgres "$PG/pg_checksums" --check -D "$T/mnt/db" &&
		db_start
}
