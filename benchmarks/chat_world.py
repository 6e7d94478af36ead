"""What ``script/bench chat`` runs against: people in conversations, a Redis to kill, a Daphne."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

LONGEST_START_S = 120.0
DAPHNE = (sys.executable, "-m", "daphne", "-b", "127.0.0.1", "--websocket-max-frame-size", "65536")


class Redis:
    """A Redis of our own, to be killed."""

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/redis.sock"
        self._command = ["redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock"]
        self._command += ["--save", "", "--dir", str(folder), "--maxclients", "4000"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        time.sleep(0.5)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait()


class serving:  # noqa: N801 (a context manager that is read as a verb)
    """Run Daphne on a free port while the block runs; gives port and process id."""

    def __init__(self, application: str) -> None:
        self._application = application

    def __enter__(self) -> tuple[int, int]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        self._process = subprocess.Popen(
            [*DAPHNE, "-p", str(port), self._application],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + LONGEST_START_S
        while self._process.poll() is None and time.monotonic() < give_up:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return port, self._process.pid
        raise RuntimeError(f"{self._application} did not start within {LONGEST_START_S:.0f} s.")

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


def memory_kib(pid: int) -> float:
    """Return what a process holds in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def processor_s(pid: int) -> float:
    """Return how long a process has had a processor, in seconds; all its threads."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def people_and_rooms(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Fill the database; return each socket's room and cookie."""
    from django.conf import settings
    from django.core.management import call_command

    from accounts.models import Member, Organization, User
    from carpool.kernel import clock
    from chat.models import Conversation, Participant

    call_command("migrate", verbosity=0)
    now = clock.now()
    organization = Organization.objects.create(name="Bench", slug="bench")
    talks = Conversation.objects.bulk_create(
        Conversation(
            organization=organization, kind="ride", ride=ride, closes_at=now + timedelta(days=1)
        )
        for ride in _bare_rides(organization, options.conversations)
    )
    seats = [(talk, f"p{n}-{k}") for n, talk in enumerate(talks) for k in range(options.people)]
    users = User.objects.bulk_create(User(email=f"{name}@bench.example") for _talk, name in seats)
    members = Member.objects.bulk_create(
        Member(user=user, organization=organization, display_name=name)
        for user, (_talk, name) in zip(users, seats, strict=True)
    )
    Participant.objects.bulk_create(
        Participant(conversation=talk, member=member, joined_at=now)
        for member, (talk, _name) in zip(members, seats, strict=True)
    )
    cookies = [f"{settings.SESSION_COOKIE_NAME}={key}" for key in _sessions(users)]
    return [str(talk.pk) for talk, _name in seats], cookies


def _sessions(users: list[Any]) -> list[str]:
    """Sign everybody in; return the sessions' keys."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    keys = []
    for user in users:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        keys.append(str(session.session_key))
    return keys


def _bare_rides(organization: Any, count: int) -> list[Any]:
    """Make rides that nobody searches for: a conversation wants one."""
    from django.contrib.gis.geos import LineString, Point, Polygon

    from accounts.models import Car, Member, User
    from carpool.kernel import clock
    from maps.models import Region
    from rides.models import Ride

    region = Region.objects.create(name="Bench", slug="bench", status="pending")
    user = User.objects.create(email="driver@bench.example")
    driver = Member.objects.create(user=user, organization=organization, display_name="Driver")
    car = Car.objects.create(member=driver, make="A", model="B", colour="C", plate="D", seats=4)
    point, line = Point(0, 0, srid=4326), LineString((0, 0), (1, 1), srid=4326)
    area = Polygon(((0, 0), (1, 0), (1, 1), (0, 0)), srid=4326)
    starts = (clock.now() + timedelta(hours=1 + n) for n in range(count))
    return Ride.objects.bulk_create(
        Ride(
            organization=organization, region=region, driver=driver, car=car,
            origin=point, origin_label="A", origin_area="A", origin_public=True,
            destination=point, destination_label="B", destination_area="B",
            destination_public=True, departure_at=start, arrival_at=start + timedelta(minutes=30),
            arrive_latest_at=start + timedelta(minutes=40), solo_duration_s=1, solo_distance_m=1,
            distance_m=1, seats_offered=4, detour_s=600, route=line, reach=area,
        )
        for start in starts
    )  # fmt: skip
