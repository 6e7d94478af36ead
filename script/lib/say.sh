# What the scripts tell people: one line per step with its time, and errors that name the cause and the next step.

say() { printf '%s\n' "$*"; }

# die CAUSE [NEXT_STEP]: end with an error.
die() {
  printf '\nError: %s\n' "$1" >&2
  if [ -n "${2:-}" ]; then printf 'Next:  %s\n' "$2" >&2; fi
  exit 1
}

# seconds_since START: START is a value of EPOCHREALTIME.
seconds_since() {
  local ms=$(( (${EPOCHREALTIME/./} - ${1/./}) / 1000 ))
  printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# step LABEL COMMAND...: run the command with its output in a log; show the label, and when done the time.
# On a terminal the line is refreshed with the last thing that the command said.
# Optional: STEP_HINT holds the next step to print when the command fails.
step() {
  local label=$1 start=$EPOCHREALTIME log=$LOG/setup.log pid code=0
  shift
  printf '%s\n' "== $label: $*" >>"$log"
  local from
  from=$(($(stat -c %s "$log") + 1))
  set -m # a process group of its own, so that Ctrl-C can end all of it (see end_step)
  "$@" >>"$log" 2>&1 </dev/null 9>&- &
  set +m
  pid=$! STEP_PID=$!
  if [ -t 1 ]; then
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r  %-36s %6s s  \033[2m%.60s\033[0m\033[K' "$label" "$(seconds_since "$start")" \
        "$(tail -c +"$from" "$log" | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 || true)"
      sleep 0.2
    done
    printf '\r\033[K'
  fi
  wait "$pid" || code=$?
  STEP_PID=
  if [ "$code" -ne 0 ]; then
    printf '  %-36s failed\n' "$label"
    printf '\n--- last lines of %s ---\n' "$log" >&2
    tail -c +"$from" "$log" | tail -n 25 >&2
    die "\"$label\" failed (exit $code)." "${STEP_HINT:-read the lines above; then run the same command again, finished steps are kept.}"
  fi
  printf '  %-36s %6s s\n' "$label" "$(seconds_since "$start")"
}

STEP_PID=
# end_step: for traps; ends the command of a step that is under way.
end_step() { if [ -n "$STEP_PID" ]; then kill -TERM -- "-$STEP_PID" 2>/dev/null || true; fi; }

# once STAMP_FILE KEY LABEL COMMAND...: a step that is skipped while KEY stays what it was at the last success.
once() {
  local stamp=$1 key=$2 label=$3
  shift 3
  if [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
    printf '  %-36s unchanged\n' "$label"
    return
  fi
  step "$label" "$@"
  mkdir -p "$(dirname "$stamp")"
  printf '%s\n' "$key" >"$stamp"
}

# short_hash: of standard input.
short_hash() { sha256sum | cut -c1-16; }

# alone COMMAND...: not while another script of this checkout is inside an alone of its own.
alone() {
  exec 6>"$RUN/setup.lock"
  flock 6
  "$@"
  exec 6>&-
}
