# syntax=docker/dockerfile:1
# Carpool's one image; web, worker, relay, beat and migrations differ in the command only (compose.yaml, k8s/).
#   docker build -t carpool .
ARG BASE=debian:12-slim

# --- build: packages, translations, static files -------------------------------------------------
FROM ${BASE} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Debian's own Python: the patch level comes with the base image and its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv gettext \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN python3 -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
# The key and the addresses are needed by settings to load, not by these two commands.
RUN SECRET_KEY=build STATIC_ROOT=/app/staticfiles VAR_DIR=/tmp/var \
    bash -c 'python manage.py compilemessages && python manage.py collectstatic --noinput --verbosity 0' \
    && python -m compileall -q -x '/(tests|node_modules)/' /app

# --- run: no compilers, no pip cache, no root ----------------------------------------------------
FROM ${BASE}
# Pango and the fonts draw receipts, in Korean too.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 ca-certificates \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent carpool \
    && install -d -o carpool -g carpool /var/lib/carpool
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# VAR_DIR is the one place that is written to: compiled road networks and machine code. Mount a volume there.
ENV PATH=/venv/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=carpool.settings \
    STATIC_ROOT=/app/staticfiles \
    VAR_DIR=/var/lib/carpool
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "script/lib/probe.py", "health", "http://localhost:8000/livez"]
CMD ["daphne", "-v", "0", "-b", "0.0.0.0", "-p", "8000", "--websocket-max-frame-size", "65536", "--websocket-max-message-size", "65536", "carpool.asgi:application"]
