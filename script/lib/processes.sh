# The application's own processes: web, worker, relay, courier, beat, and in the demo a provider. Each runs in a session of its own and carries CARPOOL_HOME
# in its environment, so that stopping finds all of this checkout's processes, and no others, even after a kill -9.

# Daphne refuses larger frames unread, before they take memory; 64 KiB is what the consumer takes, too.
SOCKET_LIMITS=(--websocket-max-frame-size 65536 --websocket-max-message-size 65536)
APP_PROCESSES=(web worker relay courier beat)

# app_pids: all living processes of this checkout's server.
app_pids() {
  local file pid
  for file in $(grep -lzxF "CARPOOL_HOME=$RUN" /proc/[0-9]*/environ 2>/dev/null || true); do
    pid=${file#/proc/}
    printf '%s\n' "${pid%/environ}"
  done
}

# start_process NAME COMMAND...
start_process() {
  local name=$1
  shift
  : >"$LOG/$name.log"
  background "$LOG/$name.log" env -C "$ROOT" CARPOOL_HOME="$RUN" PYTHONUNBUFFERED=1 "$@"
  printf '%s\n' $! >"$RUN/$name.pid"
}

# start_app HOST PORT
start_app() {
  local -a worker=("$PYTHON" -m celery -A carpool worker --loglevel INFO --concurrency 1 --without-gossip --without-mingle)
  DATABASE_POOL_SIZE=${DATABASE_POOL_SIZE:-20} start_process web \
    "$PYTHON" -m daphne -b "$1" -p "$2" "${SOCKET_LIMITS[@]}" -v 0 carpool.asgi:application
  start_process worker "${worker[@]}" -n worker@%h -Q default,matching,batch
  start_process relay "${worker[@]}" -n relay@%h -Q outbox
  start_process courier "${worker[@]}" -n courier@%h -Q deliveries
  start_process beat "$PYTHON" -m celery -A carpool beat --loglevel INFO -s "$RUN/beat-schedule" --pidfile=
}

# start_provider PORT APP_PORT: the demo company's own sign-in (carpool/demo_provider), and our trust in it.
start_provider() {
  local secret=$RUN/provider_secret url=http://localhost:$1
  [ -s "$secret" ] || (umask 077 && head -c 33 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$secret")
  PROVIDER_CLIENT_SECRET=$(cat "$secret")
  export PROVIDER_CLIENT_SECRET
  start_process provider "$PYTHON" -m carpool.demo_provider --port "$1" "http://localhost:$2" "http://127.0.0.1:$2"
  APP_PROCESSES+=(provider)
  wait_for_provider "$url" 30
  alone manage seed_demo_sign_in --issuer "$url" >>"$LOG/setup.log" 2>&1 ||
    die "the demo's sign-in could not be set up." "the reason is at the end of $LOG/setup.log"
}

# start_simulators APP_PORT: payment providers for trying out (carpool/simulators), and our keys to them. They take the
# ports from APP_PORT + 110 on; each has a key that lives as long as this start.
SIMULATED=()
start_simulators() {
  local name port key secret
  port=$(($1 + 110))
  for name in kakaopay toss stripe; do
    port=$("$PYTHON" script/lib/probe.py port 127.0.0.1 "$port")
    key=$(head -c 18 /dev/urandom | base64 -w 0 | tr '+/' '-_')
    secret=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
    SIMULATOR_KEY=test_$key SIMULATOR_SECRET=$secret start_process "$name" \
      "$PYTHON" -m carpool.simulators "$name" --port "$port" --hook "http://localhost:$1/webhooks/$name/"
    APP_PROCESSES+=("$name")
    SIMULATED+=("$name http://localhost:$port")
    case $name in
      kakaopay) export KAKAOPAY_SECRET_KEY=test_$key KAKAOPAY_URL=http://localhost:$port/online/v1/payment ;;
      toss) export TOSS_SECRET_KEY=test_$key TOSS_SECURITY_KEY=$secret TOSS_URL=http://localhost:$port/v1 ;;
      stripe) export STRIPE_SECRET_KEY=test_$key STRIPE_WEBHOOK_SECRET=$secret STRIPE_URL=http://localhost:$port ;;
    esac
    port=$((port + 1))
  done
}

# wait_for_provider URL SECONDS
wait_for_provider() {
  local start=$EPOCHREALTIME
  until "$PYTHON" script/lib/probe.py health "$1/healthz" >/dev/null; do
    if ! kill -0 "$(cat "$RUN/provider.pid")" 2>/dev/null; then report_dead provider; fi
    if [ $((${EPOCHREALTIME%.*} - ${start%.*})) -ge "$2" ]; then report_dead provider; fi
    sleep 0.2
  done
}

# dead_process: print the name of a process that ended, if any.
dead_process() {
  local name
  for name in "${APP_PROCESSES[@]}"; do
    if ! kill -0 "$(cat "$RUN/$name.pid")" 2>/dev/null; then
      printf '%s' "$name"
      return
    fi
  done
}

# report_dead NAME
report_dead() {
  printf '\n--- last lines of %s ---\n' "$LOG/$1.log" >&2
  tail -n 25 "$LOG/$1.log" >&2
  die "the process \"$1\" ended." "read its lines above, then start again."
}

# wait_until_healthy URL SECONDS
wait_until_healthy() {
  local start=$EPOCHREALTIME dead state=''
  while [ $((${EPOCHREALTIME%.*} - ${start%.*})) -lt "$2" ]; do
    dead=$(dead_process)
    [ -z "$dead" ] || report_dead "$dead"
    if state=$("$PYTHON" script/lib/probe.py health "$1/healthz"); then
      printf '  %-36s %6s s\n' "Processes (${APP_PROCESSES[*]})" "$(seconds_since "$start")"
      return
    fi
    if [ -t 1 ]; then printf '\r  %-36s %6s s  \033[2m%.60s\033[0m\033[K\r' "Processes" "$(seconds_since "$start")" "$state"; fi
    sleep 0.3
  done
  tail -n 8 "$LOG"/{web,worker,relay,courier,beat}.log >&2
  die "the server is not healthy after $2 s: $state" "the logs are in $LOG"
}

# leads_its_group PID: a process's group is the third word after its name in /proc/PID/stat.
leads_its_group() {
  local stat
  read -r stat <"/proc/$1/stat" || return
  read -r _ _ stat _ <<<"${stat##*) }"
  [ "$stat" = "$1" ]
}

# stop_app: ask politely, wait, then insist. Only group leaders are asked: a Celery worker ends its own children.
stop_app() {
  local pid i
  for pid in $(app_pids); do
    if leads_its_group "$pid" 2>/dev/null; then kill -TERM "$pid" 2>/dev/null || true; fi
  done
  for ((i = 0; i < 75; i++)); do # 15 s
    [ -n "$(app_pids)" ] || break
    sleep 0.2
  done
  for pid in $(app_pids); do kill -KILL "$pid" 2>/dev/null || true; done
  (cd "$RUN" && rm -f port url {web,worker,relay,courier,beat,provider,kakaopay,toss,stripe}.pid)
}
