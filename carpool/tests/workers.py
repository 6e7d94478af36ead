"""A Redis for each worker of pytest-xdist; load it early: ``pytest -p carpool.tests.workers``.

Tests empty their Redis, and its channels know no databases, so two workers can't share one. Without
workers, or without the program, nothing is done. The database's name is pytest-django's own care.
"""

import atexit
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp


def _start_redis(program: str) -> None:
    folder = Path(mkdtemp(prefix="carpool-redis-"))
    socket = folder / "redis.sock"
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    os.environ["REDIS_URL"] = f"unix://{socket}?db=0"

    def stop() -> None:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)


_program = shutil.which("redis-server") or shutil.which("valkey-server")
if "PYTEST_XDIST_WORKER" in os.environ and _program:
    _start_redis(_program)
