# A private Redis on a unix socket. It keeps nothing on disk: everything that must survive is in PostgreSQL.

private_redis() { [ -z "${GIVEN_REDIS_URL:-}" ]; }

find_redis() {
  local name
  for name in redis valkey; do
    if command -v "$name-server" >/dev/null && command -v "$name-cli" >/dev/null; then
      REDIS_SERVER=$(command -v "$name-server") REDIS_CLI=$(command -v "$name-cli")
      return
    fi
  done
  return 1
}

redis_answers() { [ "$(timeout 2 "$REDIS_CLI" -s "$SOCKETS/redis.sock" ping 2>/dev/null)" = PONG ]; }

start_redis() {
  find_redis || die "the programs redis-server and redis-cli were not found." "apt-get install redis-server"
  if redis_answers; then return; fi
  local pid i
  : >"$LOG/redis.log"
  background "$LOG/redis.log" "${AS[@]}" "$REDIS_SERVER" --port 0 --unixsocket "$SOCKETS/redis.sock" --unixsocketperm 700 \
    --dir "$REDIS_DATA" --pidfile "$REDIS_DATA/redis.pid" --daemonize no --save '' --appendonly no
  pid=$!
  for ((i = 0; i < 100; i++)); do
    if redis_answers; then
      printf '%s\n' "$pid" >"$REDIS_DATA/carpool.pid"
      return
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  die "Redis did not start: $(tail -n 3 "$LOG/redis.log")" "see $LOG/redis.log"
}

stop_redis() {
  local pid i
  pid=$(cat "$REDIS_DATA/carpool.pid" 2>/dev/null) || return 0
  owns_folder "$pid" "$REDIS_DATA" || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  for ((i = 0; i < 100; i++)); do
    owns_folder "$pid" "$REDIS_DATA" || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}
