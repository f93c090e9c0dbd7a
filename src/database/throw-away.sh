#!/bin/sh
# A PostgreSQL for as long as standard input is open: however the one who started this ends, nothing of it stays.
# Arguments: the folder with initdb and pg_ctl, and a free port. The first line of the input is the password of the
# role postgres. Prints "ready" once it answers.
set -u
bin=$1
port=$2
umask 077
IFS= read -r password || exit 1

# PostgreSQL refuses to run as root.
user=
if [ "$(id -u)" = 0 ]; then
	for one in postgres nobody; do
		id -u "$one" >/dev/null 2>&1 && user=$one && break
	done
	if [ -z "$user" ]; then
		echo 'PostgreSQL does not run as root, and this machine has no account postgres or nobody' >&2
		exit 1
	fi
fi

as_user() {
	if [ -z "$user" ]; then
		"$@"
	else
		setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
	fi
}

folder=$(mktemp -d "${TMPDIR:-/tmp}/tenantry-postgres-XXXXXXXX") || exit 1

clear_up() {
	trap '' TERM INT HUP
	[ ! -f "$folder/data/postmaster.pid" ] ||
		as_user "$bin/pg_ctl" stop --silent --pgdata "$folder/data" --mode immediate >/dev/null 2>&1
	rm -rf "$folder"
}
trap clear_up EXIT
trap 'exit 1' TERM INT HUP

printf '%s\n' "$password" >"$folder/password"
[ -z "$user" ] || chown -R "$user" "$folder" || exit 1
cd "$folder" || exit 1
as_user "$bin/initdb" --pgdata "$folder/data" --username postgres --pwfile "$folder/password" --auth scram-sha-256 \
	--encoding UTF8 --locale C.UTF-8 --no-sync >/dev/null </dev/null || exit 1
rm -f "$folder/password"

# What is lost with the machine may be lost: nothing of it is kept.
cat >>"$folder/data/postgresql.conf" <<END
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_locks_per_transaction = 256
END
if ! as_user "$bin/pg_ctl" start --silent --wait --timeout 30 --pgdata "$folder/data" --log "$folder/log" \
	>/dev/null </dev/null; then
	cat "$folder/log" >&2
	exit 1
fi
echo ready
cat >/dev/null
