"""Real Daphne processes on the test database, for tests that need more than one server."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Member

CSRF = "c" * 32
START_TIMEOUT_S = 180
# As script/server, compose.yaml and k8s/ start it.
SOCKET_LIMITS = ("--websocket-max-frame-size", "65536", "--websocket-max-message-size", "65536")


@dataclass(frozen=True)
class Server:
    """A server process that answers on a port of this machine."""

    port: int

    def post(self, path: str, body: Any, *, session: str, key: str = "") -> tuple[int, Any]:
        """Send JSON as somebody who is signed in; return status and the body."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={session}; csrftoken={CSRF}",
            "X-CSRFToken": CSRF,
            "Idempotency-Key": key,
        }
        link.request("POST", path, json.dumps(body), headers)
        answer = link.getresponse()
        text = answer.read()
        link.close()
        if "json" not in answer.headers.get("Content-Type", ""):
            return answer.status, text.decode(errors="replace")
        return answer.status, json.loads(text)


@contextmanager
def running_servers(
    count: int, *, application: str = "carpool.asgi:application", log: Path | None = None
) -> Iterator[list[Server]]:
    """Start so many servers, wait until they answer, and stop them at the end.

    Into ``log``, if it is given, goes all that they would log in use.
    """
    ports = [_free_port() for _ in range(count)]
    processes = [_start(application, port, log) for port in ports]
    try:
        for process, port in zip(processes, ports, strict=True):
            _wait_until_it_answers(process, port)
        yield [Server(port) for port in ports]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)


@contextmanager
def running_provider(secret: str, site: str) -> Iterator[str]:
    """Start the demo's identity provider for a site of ours, and yield its address."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "carpool.demo_provider", "--port", str(port), site],
        env={**os.environ, "PROVIDER_CLIENT_SECRET": secret, "LOG_LEVEL": "ERROR"},
        cwd=Path(settings.BASE_DIR),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # Daphne tells of each start; what goes wrong ends the process
    )
    try:
        _wait_until_it_answers(process, port, "/healthz")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        _end(process)


@contextmanager
def running_foreign_provider(*people: dict[str, Any]) -> Iterator[str]:
    """Start an identity provider that others wrote, for people with these claims."""
    port = _free_port()
    told = [part for claims in people for part in ("--user-claims", json.dumps(claims))]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *told],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(process, port, "/.well-known/openid-configuration")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        _end(process)


def session_of(member: Member) -> str:
    """Sign a member in and return the session's key."""
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_database_url() -> str:
    """Return the address of the database that the tests use."""
    database = connection.settings_dict
    host = database.get("HOST") or database["OPTIONS"].get("host", "")
    login = quote(database.get("USER") or "")
    if database.get("PASSWORD"):
        login += ":" + quote(database["PASSWORD"])
    if host.startswith("/") or not host:
        return f"postgis://{login}@/{database['NAME']}?host={host}"
    return f"postgis://{login}@{host}:{database.get('PORT') or 5432}/{database['NAME']}"


test_database_url.__test__ = False  # type: ignore[attr-defined]


def _start(application: str, port: int, log: Path | None) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "DATABASE_URL": test_database_url(),
        "DATABASE_POOL_SIZE": "30",
        "NETWORKS_DIR": str(settings.NETWORKS_DIR),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "SECRET_KEY": settings.SECRET_KEY,
        "API_RATE": "100000/min",
        "LIMIT_SEARCH": "100000/min",
        "LIMIT_JOIN": "100000/min",
        "LOG_LEVEL": "INFO" if log else "ERROR",
    }
    environment.pop("SECRET_KEY_FILE", None)
    said: Any = log.open("ab") if log else None
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "daphne",
            "-v",
            "0",
            "-b",
            "127.0.0.1",
            "-p",
            str(port),
            *SOCKET_LIMITS,
            application,
        ],
        env=environment,
        cwd=Path(settings.BASE_DIR),
        stdout=said or subprocess.DEVNULL,
        stderr=said,  # what goes wrong is shown by pytest
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Give a process five seconds: a request whose client left can hold up Daphne's own end."""
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=5)


def _wait_until_it_answers(
    process: "subprocess.Popen[bytes]", port: int, path: str = "/livez"
) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}.")
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            link.request("GET", path)
            if link.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server did not answer in time.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
