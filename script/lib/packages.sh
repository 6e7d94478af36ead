# System packages by apt: only what is missing, and no system service is started, stopped or reconfigured for it.

# as_root COMMAND...: run as root, by sudo where we are not root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages PACKAGE...: install what the caller found missing; does nothing without arguments.
install_packages() {
  [ $# -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "these are missing and this system has no apt: $*" \
    "install them with your system's package manager, then run this again (or use compose.yaml)."
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing and you are neither root nor have sudo: $*" \
      "ask an administrator for: apt-get install $*"
    sudo -n true 2>/dev/null || { say "sudo is needed to install: $*"; sudo -v || die \
      "sudo did not let us install: $*" "run as root or ask an administrator for: apt-get install $*"; }
  fi
  STEP_HINT="check the network and the package sources, or install by hand: apt-get install $*" \
    step "System packages ($#)" install_quietly "$@"
}

# install_quietly: the work of install_packages. A policy-rc.d that forbids starting services is in place while it
# runs, because Debian would start Redis and a PostgreSQL cluster system-wide on installation.
install_quietly() {
  local policy=/usr/sbin/policy-rc.d conf=/etc/postgresql-common/createcluster.conf made_policy='' code=0
  local -a apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq)
  say "installing: $*"
  "${apt[@]}" update || return
  if [ ! -e "$policy" ]; then
    made_policy=1
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  if [[ " $* " == *" postgresql "* ]] && [ ! -e "$conf" ]; then
    # Without this the server package creates and registers a cluster on port 5432.
    "${apt[@]}" install -y --no-install-recommends postgresql-common || code=$?
    [ $code -ne 0 ] || as_root sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' "$conf"
  fi
  [ $code -ne 0 ] || "${apt[@]}" install -y --no-install-recommends "$@" || code=$?
  if [ -n "$made_policy" ]; then as_root rm -f "$policy"; fi
  if [ $code -eq 0 ] && [[ " $* " == *" redis-server "* ]] && [ -d /run/systemd/system ]; then
    as_root systemctl disable --quiet redis-server || true # we installed it, so nobody counts on it at boot
  fi
  return $code
}

# is_installed PACKAGE
is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# need_server_packages: what migrations, services and translations need.
need_server_packages() {
  local -a missing=()
  if private_postgres; then
    find_postgres || missing+=(postgresql)
    compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null || missing+=(postgresql-postgis)
  fi
  if private_redis; then find_redis || missing+=(redis-server); fi
  command -v msgfmt >/dev/null || missing+=(gettext)
  command -v setpriv >/dev/null || missing+=(util-linux)
  if command -v apt-get >/dev/null; then add_paper_packages; fi # elsewhere only receipts as PDF need them
  install_packages "${missing[@]}"
}

# add_paper_packages: adds to the caller's "missing" what draws receipts: Pango, and fonts for Latin and Korean text.
add_paper_packages() {
  local package
  for package in libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk; do
    is_installed "$package" || missing+=("$package")
  done
}

# need_browser: Chromium and the fonts for Latin and Korean text; exports CHROMIUM when the system has it.
need_browser() {
  local -a missing=()
  find_chromium || ! grep -qx 'ID=debian' /etc/os-release || missing+=(chromium)
  is_installed fonts-noto-core || missing+=(fonts-noto-core)
  is_installed fonts-noto-cjk || missing+=(fonts-noto-cjk)
  install_packages "${missing[@]}"
  if ! find_chromium; then # Ubuntu has Chromium as a snap only; Playwright fetches its own build there
    STEP_HINT="install Chromium or Chrome by hand, or set CHROMIUM to its path." \
      once "$VENV/.chromium" playwright "Chromium" as_root "$PYTHON" -m playwright install --with-deps chromium
  fi
}

find_chromium() {
  if [ -n "${CHROMIUM:-}" ]; then return; fi
  local name
  for name in chromium chromium-browser google-chrome; do
    # Ubuntu's chromium-browser is a script that asks for a snap; it is no browser.
    if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then
      CHROMIUM=$(command -v "$name")
      export CHROMIUM
      return
    fi
  done
  return 1
}
