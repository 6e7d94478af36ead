# The virtual environment in .venv, from the pinned and hashed requirements.

# usable_python PATH: it runs, is new enough, and can make a virtual environment.
usable_python() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# find_python: print the newest usable Python; all places in PATH are tried, for a version manager's stand-in of the
# same name may not run.
find_python() {
  local name path
  for name in python3.13 python3.12 python3.11 python3; do
    for path in $(type -aP "$name"); do
      if usable_python "$path"; then
        printf '%s' "$path"
        return
      fi
    done
  done
  return 1
}

# need_venv REQUIREMENTS_FILE
need_venv() {
  local requirements=$1 python key
  if ! "$PYTHON" -c '' 2>/dev/null; then
    if ! python=$(find_python); then
      install_packages python3 python3-venv
      python=$(find_python) || die "no Python 3.11 or newer that can make virtual environments was found (python3 is: $(python3 -V 2>&1 || true))." \
        "install Python 3.11, 3.12 or 3.13 with its venv package, e.g. apt-get install python3.11 python3.11-venv, then run this again."
    fi
    step "Virtual environment ($("$python" -c 'import platform; print(platform.python_version())'))" \
      "$python" -m venv --clear "$VENV"
  fi
  key=$(cat requirements.txt "$requirements" | short_hash)
  # The development requirements contain the others, so tests do not make the server install again.
  if [ "$requirements" = requirements.txt ] &&
    [ "$(cat "$VENV/.requirements-dev.txt" 2>/dev/null)" = "$(cat requirements.txt requirements-dev.txt | short_hash)" ]; then
    printf '  %-36s unchanged\n' "Python packages"
    return
  fi
  STEP_HINT="the packages come from a Python package index: check the network (or pip's index setting), then run this again." \
    once "$VENV/.$requirements" "$key" "Python packages" install_requirements "$requirements"
}

# install_requirements FILE: uv takes seconds where pip takes a minute; pip follows when uv cannot be had or cannot
# reach the index (it does not read pip's configuration).
install_requirements() {
  local -a args=(--require-hashes -r "$1")
  "$PYTHON" -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' &&
    "$VENV/bin/uv" pip install --python "$PYTHON" "${args[@]}" && return
  say "uv did not work; using pip"
  "$PYTHON" -m pip install --disable-pip-version-check --progress-bar off "${args[@]}"
}
