# A private PostgreSQL cluster with PostGIS on a unix socket: no port, no password, nothing that others can reach.

# private_postgres: true when we run our own; DATABASE_URL from outside means that somebody else does.
private_postgres() { [ -z "${GIVEN_DATABASE_URL:-}" ]; }

# find_postgres: set PG_BIN to the programs that fit the cluster, else to the newest ones.
find_postgres() {
  local version=''
  if [ -n "${PG_DATA:-}" ]; then version=$(cat "$PG_DATA/PG_VERSION" 2>/dev/null || true); fi
  PG_BIN=/usr/lib/postgresql/$version/bin
  if [ -z "$version" ] || [ ! -x "$PG_BIN/postgres" ]; then
    PG_BIN=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) || return 1
  fi
  [ -x "$PG_BIN/postgres" ]
}

# cluster_id: changes when the cluster is made anew; what was done in its databases is remembered under it.
cluster_id() { stat -c '%i.%Y' "$PG_DATA/PG_VERSION"; }

postgres_answers() { "$PG_BIN/pg_isready" -q -t 2 -h "$SOCKETS" -U carpool -d postgres; }

# owns_folder PID FOLDER: the process lives and stands in that folder. (A pid file may name a process that is gone, or
# whose number another one got.)
owns_folder() { [ "$(readlink "/proc/$1/cwd" 2>/dev/null)" = "$2" ]; }

# start_postgres: make the cluster when there is none, start it when it is down, and see that it can take connections.
start_postgres() {
  find_postgres || die "PostgreSQL's server programs were not found in /usr/lib/postgresql." "apt-get install postgresql postgresql-postgis"
  if postgres_answers; then return; fi
  if [ ! -s "$PG_DATA/PG_VERSION" ]; then
    as_service find "$PG_DATA" -mindepth 1 -delete # what an interrupted initdb left
    as_service "$PG_BIN/initdb" -D "$PG_DATA" -U carpool -A trust --encoding=UTF8 --locale=C.UTF-8 --no-sync \
      >>"$LOG/postgres.log" 2>&1 || die "PostgreSQL could not make its cluster in $PG_DATA: $(tail -n 3 "$LOG/postgres.log")" \
      "see $LOG/postgres.log; is the disk full, or the folder not writable?"
  elif [ "/usr/lib/postgresql/$(cat "$PG_DATA/PG_VERSION")/bin" != "$PG_BIN" ]; then
    die "the private cluster in $PG_DATA was made by PostgreSQL $(cat "$PG_DATA/PG_VERSION"), this machine has $PG_BIN." \
      "remove $SERVICE_HOME to start anew (its data are lost), or install that PostgreSQL version."
  fi
  forget_dead_postgres
  launch_postgres
}

# forget_dead_postgres: after a kill -9, its pid file and socket lock would stop the next start when another process
# has that number now, or when nobody has collected the dead one yet.
forget_dead_postgres() {
  local file pid
  for file in "$PG_DATA/postmaster.pid" "$SOCKETS/.s.PGSQL.5432.lock"; do
    pid=$(head -n 1 "$file" 2>/dev/null) || continue
    owns_folder "$pid" "$PG_DATA" || rm -f "$file"
  done
}

# launch_postgres: start, then wait; a second try covers the moment in which a killed server's helpers still go away.
launch_postgres() {
  local attempt pid i
  local -a options=(-c listen_addresses= -c "unix_socket_directories=$SOCKETS" -c unix_socket_permissions=0700
    -c max_connections=200 -c dynamic_shared_memory_type=mmap)
  # Tests need no crash safety; the server's data keep all of it.
  [ "$FAST_UNSAFE" != 1 ] || options+=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off)
  : >"$LOG/postgres.log"
  for attempt in 1 2 3; do
    background "$LOG/postgres.log" "${AS[@]}" "$PG_BIN/postgres" -D "$PG_DATA" "${options[@]}"
    pid=$!
    for ((i = 0; i < 300; i++)); do # 30 s: it may have to recover after a crash
      if postgres_answers; then return; fi
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    sleep "$attempt"
  done
  die "PostgreSQL did not start: $(grep -aE 'PANIC|FATAL|ERROR|HINT' "$LOG/postgres.log" | tail -n 2)" \
    "see $LOG/postgres.log; removing $SERVICE_HOME starts with an empty database."
}

run_sql() { "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$SOCKETS" -U carpool -d "$1" -c "$2"; }

# make_databases: the template with the extensions, and the application's database.
make_databases() {
  if [ "$(run_sql postgres "select count(*) from pg_database where datname = 'template_gis'")" = 0 ]; then
    run_sql postgres "create database template_gis"
  fi
  local extension
  for extension in postgis pg_trgm btree_gist unaccent; do
    PGOPTIONS='-c client_min_messages=warning' run_sql template_gis "create extension if not exists $extension"
  done
  run_sql postgres "alter database template_gis is_template true"
  if [ "$(run_sql postgres "select count(*) from pg_database where datname = 'carpool'")" = 0 ]; then
    run_sql postgres "create database carpool template template_gis"
  fi
}

stop_postgres() {
  find_postgres || return 0
  local pid
  pid=$(head -n 1 "$PG_DATA/postmaster.pid" 2>/dev/null) || return 0
  owns_folder "$pid" "$PG_DATA" || return 0
  as_service "$PG_BIN/pg_ctl" stop -D "$PG_DATA" -m fast -w -t 20 >>"$LOG/postgres.log" 2>&1 ||
    as_service "$PG_BIN/pg_ctl" stop -D "$PG_DATA" -m immediate -w -t 10 >>"$LOG/postgres.log" 2>&1 || true
}
