"""Small questions that the scripts ask the outside: is the database, Redis, a port, the server there?

Each command prints one line and ends with 0 (yes) or 1 (no). `health` and `port` need only the standard library.
"""

import json
import socket
import sys
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit


def database(url: str) -> str:
    """Connect to the PostgreSQL server of a DATABASE_URL; a missing database is made from template_gis or template1."""
    import psycopg

    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    where = {
        "host": parse_qs(parts.query).get("host", [parts.hostname])[0],
        "port": parts.port,
        "user": parts.username,
        "password": parts.password,
        "connect_timeout": 5,
    }
    try:
        with psycopg.connect(dbname=name, **where) as connection:
            if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").fetchone():
                fail("PostgreSQL of DATABASE_URL has no PostGIS", "install postgresql-postgis on that server")
    except psycopg.OperationalError as error:
        fail(
            f"PostgreSQL is not reachable at DATABASE_URL ({where['host']}, database {name}): {first_line(error)}",
            "start it, correct DATABASE_URL, or unset DATABASE_URL to use a private one",
        )
    return "ok"


def redis(url: str) -> str:
    """Ping the server of a REDIS_URL."""
    import redis

    try:
        redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        fail(
            f"Redis is not reachable at REDIS_URL: {first_line(error)}",
            "start it, correct REDIS_URL, or unset REDIS_URL to use a private one",
        )
    return "ok"


def port(host: str, first: str) -> str:
    """Give the first free port from `first` on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in range(int(first), min(int(first) + 100, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the server does it: a port whose last connections still fade away is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, number))
            except PermissionError:
                fail(f"port {number} needs root", "choose a port from 1024 on: --port 8000")
            except socket.gaierror:
                fail(f"host {host!r} is not an address of this machine", "use --host 127.0.0.1 or 0.0.0.0")
            except OSError as error:
                if error.errno == 99:  # EADDRNOTAVAIL
                    fail(f"host {host} is not an address of this machine", "use --host 127.0.0.1 or 0.0.0.0")
                continue
            return str(number)
    fail(f"no free port from {first} on", "choose another with --port")


def health(url: str) -> str:
    """Say ok when all checks are ok; else which are not."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(json.load(answer)["status"])
    except urllib.error.HTTPError as error:
        body = error.read()
        try:
            checks = json.loads(body)["checks"]
        except (ValueError, KeyError, TypeError):
            answer = f"HTTP {error.code}"
        else:
            answer = ", ".join(f"{name}: {state}" for name, state in checks.items() if state != "ok")
    except (OSError, ValueError) as error:
        answer = f"no answer yet ({first_line(error)})"
    print(answer)
    sys.exit(1)


def first_line(error: Exception) -> str:
    """Give an error's first line."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def fail(cause: str, step: str) -> None:
    """Name cause and next step, and end."""
    print(f"\nError: {cause}.\nNext:  {step}.", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    commands = {"database": database, "redis": redis, "port": port, "health": health}
    print(commands[sys.argv[1]](*sys.argv[2:]))
