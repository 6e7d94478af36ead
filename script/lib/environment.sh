# The application's environment and the steps that make it ready: translations, static files, migrations, demo data.

# app_environment: what carpool/settings reads. Anything set by the caller stays as it is.
app_environment() {
  if [ -z "${SECRET_KEY:-}${SECRET_KEY_FILE:-}" ]; then
    export SECRET_KEY_FILE=$RUN/secret_key
    [ -s "$SECRET_KEY_FILE" ] || (umask 077 && head -c 48 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$SECRET_KEY_FILE")
  fi
  export DJANGO_SETTINGS_MODULE=carpool.settings
  export DEMO=${DEMO:-1} DEBUG=${DEBUG:-0} HTTPS=${HTTPS:-0}
  export EMAIL_URL=${EMAIL_URL:-filemail:///$ROOT/var/mail}
  mkdir -p "$ROOT/var/mail"
  if [ -z "${VAPID_PRIVATE_KEY:-}${VAPID_PRIVATE_KEY_FILE:-}" ]; then
    [ -s "$RUN/vapid_key" ] || (umask 077 && manage make_vapid_key >"$RUN/vapid_key")
    export VAPID_PRIVATE_KEY_FILE=$RUN/vapid_key
  fi
}

# test_environment: the tests' settings, whatever the caller's shell holds of an installation's (providers, keys, addresses).
test_environment() {
  local name
  for name in VAPID_PRIVATE_KEY FCM_CREDENTIALS SMS_TOKEN JWT_PRIVATE_KEY SECRET_KEY SENTRY_DSN; do unset "$name" "${name}_FILE"; done
  unset "${!SMS_@}" "${!FCM_@}" "${!KAKAO_@}" "${!KAKAOPAY_@}" "${!TOSS_@}" "${!STRIPE_@}" "${!PAYMENT_@}" "${!RETENTION_@}" "${!BASEMAP_@}" PUBLIC_URL GEOCODER API_RATE LOG_LEVEL
  export EMAIL_URL=memorymail:// DEMO=0 DEBUG=0 HTTPS=0 SECRET_KEY=only-for-tests-0123456789-0123456789-0123456789
  export DJANGO_SETTINGS_MODULE=carpool.settings
}

manage() { "$PYTHON" manage.py "$@"; }

# hash_of_files PATTERN...: over names and contents of the checkout's files whose path fits one of the patterns.
hash_of_files() {
  local pattern
  local -a wanted=(-false)
  for pattern in "$@"; do wanted+=(-o -path "./$pattern"); done
  find . \( -name .git -o -name .run -o -name .venv -o -name var -o -name __pycache__ \) -prune \
    -o -type f \( "${wanted[@]}" \) -print0 | sort -z | xargs -0 -r sha256sum | short_hash
}

# prepare_translations: .mo files from the .po files.
prepare_translations() {
  [ -d locale ] || return 0
  local po
  while read -r po; do
    [ -e "${po%.po}.mo" ] || rm -f "$RUN/stamps/translations"
  done < <(find locale -name '*.po')
  once "$RUN/stamps/translations" "$(hash_of_files 'locale/*.po')" "Translations" \
    "$PYTHON" manage.py compilemessages --ignore .venv --ignore .run
}

# prepare_static: hashed and compressed copies in var/static.
prepare_static() {
  [ -e var/static/staticfiles.json ] || rm -f "$RUN/stamps/static"
  once "$RUN/stamps/static" "$(hash_of_files 'static/*' '*/static/*' requirements.txt)" "Static files" \
    manage collectstatic --noinput --verbosity 0
}

# prepare_data: schema, demo city, demo people. Each command may run again at any time; when the database is ours,
# it is skipped while its inputs stay the same.
prepare_data() {
  local stamps=$RUN/stamps where city=data/la-serena-coquimbo.osm.pbf
  if private_postgres; then where=$(cluster_id); else where=$EPOCHREALTIME; fi
  compgen -G 'var/networks/*' >/dev/null || rm -f "$stamps/city"
  once "$stamps/migrations" "$where $(hash_of_files '*/migrations/*.py' requirements.txt)" "Database schema" \
    manage migrate --noinput
  once "$stamps/city" "$where $(hash_of_files 'maps/*.py' "$city" requirements.txt)" "Demo city" \
    manage import_map "$city" --name "La Serena–Coquimbo" --slug la-serena-coquimbo
  once "$stamps/people" "$where $(hash_of_files 'accounts/*.py' 'rides/*.py' 'matching/*.py') $(date +%F)" "Demo people" \
    manage seed_demo
  once "$stamps/rooms" "$where $(hash_of_files 'rides/*.py' 'payments/*.py') $(date +%F)" "Demo taxis" \
    manage seed_demo_rooms
}
