"""A worker process and a Redis of a simulation's own, both of which can really be taken away."""

import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.exceptions import RedisError

from accounts.models import Organization

_LONGEST_START_S = 120.0
_LOOKS_EVERY_S = 0.0005
# A server process ends a statement that it has begun; so long later it shows what is left.
_SETTLES_S = 0.05
_AT_WORK = """
SELECT query FROM pg_stat_activity
WHERE pid = %s AND state = 'idle in transaction' AND backend_xid IS NOT NULL
"""


class Worker:
    """Does the background work in another process, until somebody kills that."""

    def __init__(self, organization: Organization) -> None:
        """Start it, and wait until it is there."""
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "demo_worker", organization.slug],
            cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1,
        )  # fmt: skip
        self._server_pid = int(self._hear())

    def look_round(self, now: datetime, *, rounds: int = 1) -> None:
        """Let it do what is due, and wait for it."""
        self._tell(now, rounds)
        self._hear()

    def kill_at_work(self, now: datetime, *, when: Callable[[], bool]) -> str:
        """Kill it -9 while it does what is due, in a transaction that has written something.

        Returns its last statement, or nothing if it was done before it wrote ``when`` it should.
        """
        self._tell(now, 1)
        while not self._has_answered():
            if self._writes() and when():
                self._process.send_signal(signal.SIGSTOP)  # it commits nothing more
                time.sleep(_SETTLES_S)
                statement = self._writes()
                if statement:
                    self.kill()
                    return statement
                self._process.send_signal(signal.SIGCONT)
            time.sleep(_LOOKS_EVERY_S)
        self._hear()
        return ""

    def kill(self) -> None:
        """End it as a power cut does, and wait until the server has noticed."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        while self._is_served():
            time.sleep(_LOOKS_EVERY_S)

    def stop(self) -> None:
        """Let it end when it has nothing more to do."""
        if self._process.poll() is None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def _tell(self, now: datetime, rounds: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{now.isoformat()} {rounds}\n")

    def _hear(self) -> str:
        assert self._process.stdout is not None
        line: str = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The worker ended by itself.")
        return line.strip()

    def _has_answered(self) -> bool:
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout.fileno()], [], [], 0)[0])

    def _writes(self) -> str:
        """Return the statement that it is at, if its transaction has changed anything."""
        with connection.cursor() as cursor:
            cursor.execute(_AT_WORK, [self._server_pid])
            row = cursor.fetchone()
        return str(row[0]) if row else ""

    def _is_served(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [self._server_pid])
            return cursor.fetchone() is not None


class OwnRedis:
    """A Redis that keeps nothing on disk, as the product's own does, on a socket in a folder."""

    def __init__(self, folder: Path) -> None:
        """Choose where; :meth:`start` starts it."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, for ``REDIS_URL``."""
        return f"unix://{self._folder}/redis.sock?db=0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            raise RuntimeError("redis-server was not found.")
        socket = self._folder / "redis.sock"
        self._process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly",
             "no"],
            cwd=self._folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        give_up = time.monotonic() + _LONGEST_START_S
        client = Redis(unix_socket_path=str(socket))
        while True:
            try:
                client.ping()
            except (RedisError, OSError):
                if time.monotonic() > give_up or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                client.close()
                return

    def stop(self) -> None:
        """Stop it; what it held is gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
