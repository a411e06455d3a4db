# sqlite.sh - SQLite as the database of the lane "database".

# Statements on standard input, their results on standard output.  With less
# than EXTRA the last transactions before a loss of power are gone: what
# commits is the removal of a file, which then is not synced.
sql() {
	sqlite3 -bail -cmd 'PRAGMA synchronous = EXTRA;' "$T/mnt/db"
}

RANDOM_TEXT='hex(randomblob(100))'

db_install() {
	command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
}

db_create() {
	true
}

db_start() {
	true
}

db_stop() {
	true
}

# Its own opinion.
db_is_sound() {
	echo 'PRAGMA integrity_check;' | sql | tee "$T/integrity" &&
		[ "$(cat "$T/integrity")" = ok ]
}
