"""A PostgreSQL cluster of our own, as safe against crashes as an installation's, to be killed."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

LONGEST_START_S = 60.0
# As script/lib/postgres.sh starts the server's: on a socket only, and with all of its safety.
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "dynamic_shared_memory_type": "mmap",
    "max_wal_size": "4GB",
    "deadlock_timeout": "1s",
}


class OwnPostgres:
    """A cluster in a folder that goes when the block ends."""

    def __init__(self) -> None:
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
        self.folder = Path(tempfile.mkdtemp(prefix="carpool-pg-", dir="/var/tmp"))
        self._owner = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "OwnPostgres":
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        data = ["-D", f"{self.folder}/data", "-U", "carpool", "-A", "trust"]
        subprocess.run(
            [f"{self.programs}/initdb", *data, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, **self._as_owner(),
        )  # fmt: skip
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, **changes: str) -> None:
        """Start it, after a crash too, with options beside the usual; wait until it answers."""
        told = OPTIONS | changes
        options = [word for name, value in told.items() for word in ("-c", f"{name}={value}")]
        data = f"{self.folder}/data"
        with Path(f"{self.folder}/log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", data, "-k", self.folder, *options],
                stdout=log, stderr=log, start_new_session=True, **self._as_owner(),
            )  # fmt: skip
        give_up = time.monotonic() + LONGEST_START_S
        ask = [f"{self.programs}/pg_isready", "-q", "-h", str(self.folder), "-U", "carpool"]
        while subprocess.run(ask, check=False).returncode:
            if time.monotonic() > give_up or self._process.poll() is not None:
                raise RuntimeError(Path(f"{self.folder}/log").read_text()[-500:])
            time.sleep(0.05)

    def stop(self, *, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT is ``stop -m fast``, SIGQUIT is ``stop -m immediate``, a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def make_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database, empty or like another one, and return its address."""
        command = [f"{self.programs}/createdb", "-h", str(self.folder), "-U", "carpool", name]
        command += ["--template", template]
        subprocess.run(command, check=True)
        return f"postgis://carpool@/{name}?host={self.folder}"

    def _as_owner(self) -> dict[str, Any]:
        """Run as the user "postgres" when we are root, whom PostgreSQL refuses."""
        if self._owner is None:
            return {"cwd": self.folder}
        ids = {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}
        return {"cwd": self.folder, **ids}
