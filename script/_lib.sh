# Sourced by every script here. Sets where things are and loads the parts; each part is one file in lib/.
#
# A "home" is a folder that holds one PostgreSQL cluster and one Redis: .run for the server, .run/test for the tests.

set -Eeuo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
RUN=$ROOT/.run
VENV=$ROOT/.venv
PYTHON=$VENV/bin/python
LOG=$RUN/log
export LC_ALL=C.UTF-8 LANG=C.UTF-8
unset PYTHONDONTWRITEBYTECODE # without .pyc files each start of Django takes three times as long
umask 022
cd "$ROOT"
if ! mkdir -p "$LOG" "$RUN/stamps" "$ROOT/var" || ! [ -w "$LOG" ]; then
  printf 'Error: %s is not writable for %s.\nNext:  run as the user who owns the checkout.\n' "$RUN" "$(id -un)" >&2
  exit 1
fi

for part in say packages python postgres redis services environment processes; do
  # shellcheck source=/dev/null
  source "$ROOT/script/lib/$part.sh"
done
