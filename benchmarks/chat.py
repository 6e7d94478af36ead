"""How many people can talk at once: sockets in conversations through Daphne and Redis.

Side by side with a bare Channels consumer that hands text on in a group (the floor): the same
sockets, the same rate, the same client. Every message is timed from its sending to each arrival.
In a third run Redis is killed and started again. Lost is what has not arrived twenty seconds later.
"""

import argparse
import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.company import scratch_database

RESULTS = Path("var/benchmarks/chat.json")
LONGEST_BACK_S = 5.0
DAPHNE = (sys.executable, "-m", "daphne", "-b", "127.0.0.1")


def main() -> None:
    """Measure, print; exit with 1 when a message was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--conversations", type=int, default=250)
    parser.add_argument("--people", type=int, default=4, help="in each conversation")
    parser.add_argument("--rate", type=float, default=500, help="messages offered a second")
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(Path(folder))
        redis.start()
        os.environ["REDIS_URL"] = redis.url
        os.environ["DATABASE_URL"] = scratch_database(options.database, "carpool_bench_chat")
        os.environ.setdefault("DATABASE_POOL_SIZE", "8")
        os.environ["LOG_LEVEL"] = "CRITICAL"
        import django

        django.setup()
        try:
            facts = measure(options, redis)
        finally:
            redis.stop()
    report(facts)
    bad = sum(facts["product"][name] for name in ("lost", "doubled", "out of order"))
    killed = facts["redis killed"]
    late = killed["all clients up to date after s"] > LONGEST_BACK_S
    sys.exit(1 if bad or late or killed["lost from history"] else 0)


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


@dataclass
class Heard:
    """What the sockets heard: arrivals of each (room, text) at each socket, in their order."""

    sent_at: dict[str, float] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    arrivals: list[tuple[float, float]] = field(default_factory=list)
    order: dict[int, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))


class Line:
    """One WebSocket of the client, as little as is needed (RFC 6455)."""

    def __init__(self, number: int, room: str) -> None:
        self.number, self.room, self.last = number, room, 0

    async def open(self, port: int, path: str, cookie: str) -> None:
        """Shake hands."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            raise ConnectionError(head[:80])

    def say(self, content: Any) -> None:
        """Send one masked text frame; the mask is zero, so nothing has to be reckoned."""
        body = json.dumps(content).encode()
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2)
        self.writer.write(b"\x81" + size + b"\0\0\0\0" + body)

    async def hear(self) -> dict[str, Any]:
        """Return the next text frame; pings are answered."""
        while True:
            head = await self.reader.readexactly(2)
            size = head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
            body = await self.reader.readexactly(size)
            if head[0] & 0x0F == 1:
                heard: dict[str, Any] = json.loads(body)
                return heard
            if head[0] & 0x0F == 8:
                raise ConnectionError("closed")
            if head[0] & 0x0F == 9:
                self.writer.write(b"\x8a" + bytes([0x80 | size]) + b"\0\0\0\0" + body)


def people_and_rooms(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Fill the database; return each socket's room and cookie."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from accounts.models import Member, Organization, User
    from carpool.kernel import clock
    from chat.models import Conversation, Participant

    call_command("migrate", verbosity=0)
    now, rooms, cookies = clock.now(), [], []
    organization = Organization.objects.create(name="Bench", slug="bench")
    rides = bare_rides(organization, options.conversations)
    for number, ride in enumerate(rides):
        talk = Conversation.objects.create(
            organization=organization,
            kind="ride",
            ride=ride,
            closes_at=now + timedelta(days=1),
        )
        for seat in range(options.people):
            user = User.objects.create(email=f"p{number}-{seat}@bench.example")
            member = Member.objects.create(
                user=user, organization=organization, display_name=f"P {number} {seat}"
            )
            Participant.objects.create(conversation=talk, member=member, joined_at=now)
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()
            rooms.append(str(talk.pk))
            cookies.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    return rooms, cookies


def bare_rides(organization: Any, count: int) -> list[Any]:
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
    return [
        Ride.objects.create(
            organization=organization, region=region, driver=driver, car=car,
            origin=point, origin_label="A", origin_area="A", origin_public=True,
            destination=point, destination_label="B", destination_area="B",
            destination_public=True, departure_at=start, arrival_at=start + timedelta(minutes=30),
            arrive_latest_at=start + timedelta(minutes=40), solo_duration_s=1, solo_distance_m=1,
            distance_m=1, seats_offered=4, detour_s=600, route=line, reach=area,
        )
        for start in (clock.now() + timedelta(hours=1 + n) for n in range(count))
    ]  # fmt: skip


def measure(options: argparse.Namespace, redis: Redis) -> dict[str, Any]:
    """Measure the floor, the product, and the product while Redis is killed."""
    rooms, cookies = people_and_rooms(options)
    facts: dict[str, Any] = {
        "sockets": len(rooms), "conversations": options.conversations, "offered a second":
        options.rate, "cores": os.cpu_count(),
    }  # fmt: skip
    with serving("benchmarks.chat_echo:application") as (port, pid):
        facts["floor"] = asyncio.run(Talk(options, rooms, cookies, None).run(port, pid))
    with serving("carpool.asgi:application") as (port, pid):
        facts["product"] = asyncio.run(Talk(options, rooms, cookies, "product").run(port, pid))
    with serving("carpool.asgi:application") as (port, pid):
        talk = Talk(options, rooms, cookies, "product", redis)
        facts["redis killed"] = asyncio.run(talk.run(port, pid))
    facts["ratio of p95 to the floor"] = round(
        facts["product"]["p95 ms"] / facts["floor"]["p95 ms"], 2
    )
    return facts


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
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        return port, self._process.pid

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Talk:
    """One measurement: open the sockets, talk at the rate, wait for what is under way, reckon."""

    def __init__(
        self,
        options: argparse.Namespace,
        rooms: list[str],
        cookies: list[str],
        kind: str | None,
        redis: Redis | None = None,
    ) -> None:
        self.options, self.cookies, self.redis = options, cookies, redis
        self.is_product = kind is not None
        self.lines = [Line(n, room) for n, room in enumerate(rooms)]
        self.heard = Heard()

    async def run(self, port: int, pid: int) -> dict[str, Any]:
        """Measure, and return the figures."""
        idle_kib = memory_kib(pid)
        for line in self.lines:
            await self._enter(line, port)
        per_socket = (memory_kib(pid) - idle_kib) / len(self.lines)
        hearing = [asyncio.ensure_future(self._listen(line)) for line in self.lines]
        killing = asyncio.ensure_future(self._kill_redis()) if self.redis else None
        await self._talk()
        back_at = await killing if killing else 0.0
        await self._settle()
        for task in hearing:
            task.cancel()
        await asyncio.gather(*hearing, return_exceptions=True)
        figures = self._reckon(back_at)
        for line in self.lines:
            line.writer.close()
        return {**figures, "KiB a socket": round(per_socket, 1)}

    async def _enter(self, line: Line, port: int) -> None:
        path = "/ws/live/" if self.is_product else "/ws/echo/"
        await line.open(port, path, self.cookies[line.number])
        topic = {"subscribe": f"conversation:{line.room}"}
        line.say(topic if self.is_product else {"room": line.room.replace("-", ""), "join": True})
        answer = await line.hear()
        assert "subscribed" in answer, answer
        line.last = answer.get("last", 0)

    async def _talk(self) -> None:
        count = int(self.options.rate * self.options.seconds)
        began = time.perf_counter()
        for n in range(count):
            wait = began + n / self.options.rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            line = self.lines[(n * 7919) % len(self.lines)]
            key = str(uuid.UUID(int=n + 1 + time.time_ns() * 2**20 % 2**120))
            self.heard.sent_at[key] = time.perf_counter()
            if self.is_product:
                line.say({"send": {"conversation": line.room, "client_id": key, "text": f"Hi {n}"}})
            else:
                line.say({"key": key})

    async def _listen(self, line: Line) -> None:
        while True:
            frame = await line.hear()
            if "beat" in frame:
                line.say({"beat": frame["beat"]})
            key = frame.get("key") or (frame.get("data") or {}).get("client_id")
            if key in self.heard.sent_at and ("key" in frame or frame.get("event") == "message"):
                now = time.perf_counter()
                self.heard.took_s.append(now - self.heard.sent_at[key])
                self.heard.arrivals.append((self.heard.sent_at[key], now))
                self.heard.order[line.number].append((frame.get("id", 0), key))

    async def _kill_redis(self) -> float:
        assert self.redis is not None
        await asyncio.sleep(self.options.seconds / 3)
        self.redis.stop(signal.SIGKILL)
        await asyncio.sleep(2)
        self.redis.start()
        return time.perf_counter()

    async def _settle(self) -> None:
        """Wait until nothing more arrives, twenty seconds at most."""
        expected = len(self.heard.sent_at) * self.options.people
        until = time.perf_counter() + 20
        while len(self.heard.took_s) < expected and time.perf_counter() < until:
            await asyncio.sleep(0.1)

    def _reckon(self, back_at: float) -> dict[str, Any]:
        sent, people = len(self.heard.sent_at), self.options.people
        doubled = sum(len(o) - len({k for _n, k in o}) for o in self.heard.order.values())
        crossed = sum(
            a[0] >= b[0]
            for order in self.heard.order.values()
            for a, b in pairwise(order)
            if self.is_product
        )
        took_ms = np.array(self.heard.took_s or [0.0]) * 1000
        figures = {
            "messages": sent,
            "p50 ms": round(float(np.quantile(took_ms, 0.5)), 1),
            "p95 ms": round(float(np.quantile(took_ms, 0.95)), 1),
            "lost": sent * people - (len(self.heard.took_s) - doubled),
            "doubled": doubled,
            "out of order": crossed,
        }
        if back_at:
            figures["lost from history"] = sent - self._stored()
            figures["all clients up to date after s"] = round(
                max(0.0, self._caught_up(back_at) - back_at), 2
            )
        return figures

    def _stored(self) -> int:
        from concurrent.futures import ThreadPoolExecutor

        from chat.models import Message

        with ThreadPoolExecutor(1) as thread:
            rows = Message.objects.filter(client_id__in=list(self.heard.sent_at))
            return thread.submit(rows.count).result()

    def _caught_up(self, back_at: float) -> float:
        """When the last of those messages arrived that were sent before Redis was back."""
        early = (arrived for sent, arrived in self.heard.arrivals if sent < back_at)
        return max(early, default=back_at)


def memory_kib(pid: int) -> float:
    """Return what a process holds in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def report(facts: dict[str, Any]) -> None:
    """Print the figures and write JSON."""
    for name, fact in facts.items():
        print(f"{name}: {json.dumps(fact)}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(facts, indent=1))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
