# ruff: noqa: INP001, T201 (a script, not a package; it speaks by printing)
"""Small questions that the scripts ask: is the database, Redis, a port, the server there?

Each command prints one line and ends with 0 (yes) or 1 (no). ``health`` and ``port`` need nothing
but the standard library.
"""

import errno
import json
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import parse_qs, unquote, urlsplit


def database(url: str) -> str:
    """Connect to the PostgreSQL database of a DATABASE_URL and see that it can have PostGIS."""
    import psycopg

    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"
    try:
        with psycopg.connect(
            dbname=name,
            host=host,
            port=parts.port,
            user=unquote(parts.username or "") or None,
            password=unquote(parts.password or "") or None,
            connect_timeout=5,
        ) as connection:
            if not connection.execute(query).fetchone():
                fail(
                    "PostgreSQL of DATABASE_URL has no PostGIS",
                    "install postgresql-postgis on that server",
                )
    except psycopg.OperationalError as error:
        fail(
            f"PostgreSQL is not reachable at DATABASE_URL ({host}, database {name}): "
            + first_line(error),
            "start it, correct DATABASE_URL, or unset DATABASE_URL to use a private one",
        )
    return "ok"


def redis(url: str) -> str:
    """Ping the server of a REDIS_URL."""
    from redis import Redis, RedisError

    try:
        Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except (RedisError, ValueError) as error:
        fail(
            f"Redis is not reachable at REDIS_URL: {first_line(error)}",
            "start it, correct REDIS_URL, or unset REDIS_URL to use a private one",
        )
    return "ok"


def port(host: str, first: str) -> str:
    """Give the first free port from ``first`` on."""
    numbers = range(int(first), min(int(first) + 100, 65536))
    free = next((number for number in numbers if can_bind(host, number)), None)
    if free is None:
        fail(f"no free port from {first} on", "choose another with --port")
    return str(free)


def can_bind(host: str, number: int) -> bool:
    """Try to listen as the server will: a port whose old connections still fade away is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
        except PermissionError:
            fail(f"port {number} needs root", "choose a port from 1024 on: --port 8000")
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            fail(f"cannot listen on {host}: {first_line(error)}", "use --host 127.0.0.1 or 0.0.0.0")
    return True


def health(url: str) -> str:
    """Say ok when all checks are ok; else which are not."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (our own address)
            return str(json.load(answer)["status"])
    except urllib.error.HTTPError as error:
        text = unwell(error.read()) or f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        text = f"no answer yet ({first_line(error)})"
    print(text)
    sys.exit(1)


def unwell(body: bytes) -> str:
    """List the checks of a /healthz answer that are not ok; empty when it is no such answer."""
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return ""
    return ", ".join(f"{name}: {state}" for name, state in checks.items() if state != "ok")


def first_line(error: Exception) -> str:
    """Give an error's first line."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def fail(cause: str, step: str) -> NoReturn:
    """Name cause and next step, and end."""
    print(f"\nError: {cause}.\nNext:  {step}.", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    commands: dict[str, Callable[..., str]] = {
        "database": database,
        "redis": redis,
        "port": port,
        "health": health,
    }
    print(commands[sys.argv[1]](*sys.argv[2:]))
