# One home's PostgreSQL and Redis together: where they live, who they run as, when they start and stop.

# Addresses that somebody gave us. Those that another script of ours exported (use_home) are our own.
GIVEN_DATABASE_URL=${DATABASE_URL:-}
GIVEN_REDIS_URL=${REDIS_URL:-}
if [ "$GIVEN_DATABASE_URL" = "${CARPOOL_OWN_DATABASE_URL:-}" ]; then GIVEN_DATABASE_URL=; fi
if [ "$GIVEN_REDIS_URL" = "${CARPOOL_OWN_REDIS_URL:-}" ]; then GIVEN_REDIS_URL=; fi
AS=()          # how to become the user who owns the services
FAST_UNSAFE=0  # 1: no crash safety, for tests

# as_service COMMAND...: as that user, from a folder where that user may stand.
as_service() { (cd / && "${AS[@]}" "$@"); }

# background LOG_FILE COMMAND...: start in a session of its own, so that Ctrl-C reaches it only through us, without the
# locks that this script holds. Sets $! for the caller.
background() {
  local log=$1
  shift
  cd / || return
  setsid "$@" >>"$log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
  disown $! # or Bash would comment on its end
  cd "$ROOT" || return
}

# use_home HOME: choose the folder for the services' data and sockets, and export where to find them. To be called when
# the packages are there, because one of them brings the user "postgres".
use_home() {
  SERVICE_HOME=$1 LOG=$1/log
  mkdir -p "$LOG"
  if private_postgres || private_redis; then
    place_services
    PG_DATA=$SERVICE_HOME/pg REDIS_DATA=$SERVICE_HOME/redis
  fi
  if private_postgres; then
    export DATABASE_URL="postgis://carpool@/carpool?host=$SOCKETS"
    export CARPOOL_OWN_DATABASE_URL=$DATABASE_URL
  fi
  if private_redis; then
    export REDIS_URL="unix://$SOCKETS/redis.sock?db=0"
    export CARPOOL_OWN_REDIS_URL=$REDIS_URL
  fi
}

# place_services: PostgreSQL refuses to run as root, so root hands its services to the user "postgres" (or "nobody"),
# who may not be able to reach the checkout; then they live in /var/tmp. Socket paths are limited to 107 bytes.
place_services() {
  local name
  name=carpool-$(printf '%s' "$SERVICE_HOME" | short_hash | cut -c1-10)
  OWNER=$(id -un)
  if [ "$(id -u)" -eq 0 ]; then
    OWNER=$(id -un postgres 2>/dev/null || echo nobody)
    become_owner
    if ! as_service test -x "$SERVICE_HOME"; then SERVICE_HOME=/var/tmp/$name; fi
    if [ -e "$SERVICE_HOME/redis" ]; then OWNER=$(stat -c %U "$SERVICE_HOME/redis"); fi # as it was made
    become_owner
  fi
  SOCKETS=$SERVICE_HOME/sock
  if [ ${#SOCKETS} -gt 85 ]; then SOCKETS=/tmp/$name; fi
}

become_owner() { AS=(setpriv "--reuid=$OWNER" "--regid=$(id -gn "$OWNER")" --init-groups); }

# make_places: the folders; "pg" as well, for initdb may not write beside it.
make_places() {
  own_folder "$SERVICE_HOME" "$(id -un)" 755
  local folder
  for folder in "$SOCKETS" "$PG_DATA" "$REDIS_DATA"; do own_folder "$folder" "$OWNER" 700; done
}

# own_folder FOLDER USER MODE: make it; refuse one that somebody else put there (/tmp is open to everyone).
own_folder() {
  if [ ! -e "$1" ]; then
    mkdir -p "$1"
    chown "$2" "$1"
    chmod "$3" "$1"
  elif [ "$(stat -c %U "$1")" != "$2" ]; then
    die "$1 belongs to $(stat -c %U "$1"), not to $2." "remove it (was this checkout started by another user before?), then run this again."
  fi
}

# start_services: both, one script at a time; and hold a share in them until this script ends.
start_services() {
  if private_postgres || private_redis; then make_places; fi
  exec 7>"$RUN/start.lock" 8>"$SERVICE_HOME/users.lock"
  flock 7
  flock -s 8
  HAVE_SHARE=1
  if private_postgres; then
    start_postgres
    if [ "$(cat "$SERVICE_HOME/databases" 2>/dev/null)" != "$(cluster_id)" ]; then
      make_databases >>"$LOG/postgres.log" 2>&1 ||
        die "the databases could not be made: $(tail -n 3 "$LOG/postgres.log")" "see $LOG/postgres.log"
      cluster_id >"$SERVICE_HOME/databases"
    fi
  else
    "$PYTHON" script/lib/probe.py database "$DATABASE_URL" >/dev/null || exit 1
  fi
  if private_redis; then start_redis; else "$PYTHON" script/lib/probe.py redis "$REDIS_URL" >/dev/null || exit 1; fi
  exec 7>&-
}

HAVE_SHARE=
# leave_services: stop them unless another script has a share too, the server runs, or somebody asked to keep them.
leave_services() {
  [ -n "$HAVE_SHARE" ] || return 0
  exec 7>"$RUN/start.lock"
  flock 7
  if [ -e "$SERVICE_HOME/keep" ] || { [ "$LOG" = "$RUN/log" ] && [ -n "$(app_pids)" ]; }; then return 0; fi
  if flock -n -x 8; then stop_services; fi
}

stop_services() {
  rm -f "$SERVICE_HOME/keep"
  if private_redis; then stop_redis; fi
  if private_postgres; then stop_postgres; fi
}
