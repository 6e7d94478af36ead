"""Is every part alive? Each check answers ``"ok"`` or one sentence that says what is wrong."""

from collections.abc import Callable, Iterable

from django.core.cache import cache
from django.db import connection

# Workers report every 2 s, beat every 10 s; three missed beats are a failure.
WORKER_TTL_S = 30
BEAT_TTL_S = 45

_checks: dict[str, Callable[[], str]] = {}


def register(name: str, check: Callable[[], str]) -> None:
    """Add a check; apps do so in ``AppConfig.ready()``."""
    _checks[name] = check


def report(only: Iterable[str] | None = None) -> dict[str, str]:
    """Run every check, or those named; one that raises is reported, never propagated."""
    results = {}
    for name in _checks if only is None else only:
        try:
            results[name] = _checks[name]() if name in _checks else "there is no such check"
        except Exception as error:
            results[name] = _in_one_line(error)
    return results


def _in_one_line(error: Exception) -> str:
    first = next(iter(str(error).splitlines()), "")[:200]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def mark_alive(part: str, *, ttl_s: int) -> None:
    """Record that a part of the system is alive."""
    cache.set(f"alive:{part}", 1, ttl_s)


def check_database() -> str:
    """Ask PostgreSQL for its PostGIS version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT postgis_lib_version()")
    return "ok"


def check_redis() -> str:
    """Write and read one key."""
    cache.set("alive:probe", 1, 5)
    return "ok" if cache.get("alive:probe") == 1 else "a written key could not be read"


def check_worker() -> str:
    """Expect a recent sign of life of the worker and of the outbox relay."""
    silent = [part for part in ("worker", "relay") if cache.get(f"alive:{part}") is None]
    return "ok" if not silent else f"no sign of life of {' and '.join(silent)}"


def check_beat() -> str:
    """Expect a recent message sent by beat."""
    return "ok" if cache.get("alive:beat") else "no message from beat lately"
