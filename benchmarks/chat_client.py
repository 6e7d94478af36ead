"""The talking side of ``script/bench chat``: many WebSockets that cost little themselves."""

import argparse
import asyncio
import base64
import os
import signal
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import orjson

from benchmarks.chat_world import Redis, memory_kib, processor_s

LONGEST_WAIT_S = 20.0
DEAD_FOR_S = 2.0


@dataclass
class Heard:
    """What the sockets heard: arrivals of each text at each socket, in their order."""

    sent_at: dict[str, float] = field(default_factory=dict)
    arrivals: list[tuple[float, float]] = field(default_factory=list)
    order: dict[int, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    errors: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


class Line(asyncio.Protocol):
    """One WebSocket of the client, as little as is needed (RFC 6455)."""

    def __init__(self, number: int, room: str) -> None:
        self.number, self.room = number, room
        self.on_text: Callable[[Line, dict[str, Any]], None] | None = None
        self._buffer, self._is_open = bytearray(), False

    async def open(self, port: int, path: str, cookie: str) -> None:
        """Shake hands."""
        loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[Any] = loop.create_future()
        transport, _self = await loop.create_connection(lambda: self, "127.0.0.1", port)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        head = await self._waiting
        if b" 101 " not in head:
            raise ConnectionError(head[:80])

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell whoever waits."""
        if not self._waiting.done():
            self._waiting.set_exception(ConnectionError("closed"))

    async def ask(self, content: Any) -> dict[str, Any]:
        """Say something and return the next text."""
        self._waiting = asyncio.get_running_loop().create_future()
        self.say(content)
        answer: dict[str, Any] = await self._waiting
        return answer

    def say(self, content: Any) -> None:
        """Send one masked text frame; the mask is zero, so nothing has to be reckoned."""
        body = orjson.dumps(content)
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2)
        self.transport.write(b"\x81" + size + b"\0\0\0\0" + body)

    def data_received(self, data: bytes) -> None:
        """Take the handshake's answer, then frames."""
        self._buffer += data
        if not self._is_open:
            head, mark, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not mark:
                return
            self._is_open, self._buffer = True, bytearray(rest)
            self._waiting.set_result(head)
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        size, start = buffer[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(buffer[2:start])
        if len(buffer) < start + size:
            return False
        kind, body = buffer[0] & 0x0F, bytes(buffer[start : start + size])
        del buffer[: start + size]
        if kind == 1:
            self._hear(orjson.loads(body))
        elif kind == 9:
            self.transport.write(b"\x8a" + bytes([0x80 | size]) + b"\0\0\0\0" + body)
        return True

    def _hear(self, content: dict[str, Any]) -> None:
        if not self._waiting.done():
            self._waiting.set_result(content)
        elif self.on_text is not None:
            self.on_text(self, content)


class Talk:
    """One measurement: open the sockets, talk at the rate, wait for what is under way, reckon."""

    def __init__(
        self,
        options: argparse.Namespace,
        rooms: list[str],
        cookies: list[str],
        *,
        is_product: bool,
        redis: Redis | None = None,
    ) -> None:
        self.options, self.cookies, self.redis = options, cookies, redis
        self.is_product = is_product
        self.lines = [Line(n, room) for n, room in enumerate(rooms)]
        self.heard = Heard()

    async def run(self, port: int, pid: int) -> dict[str, Any]:
        """Measure, and return the figures."""
        idle_kib = memory_kib(pid)
        for line in self.lines:
            await self._enter(line, port)
        per_socket = (memory_kib(pid) - idle_kib) / len(self.lines)
        for line in self.lines:
            line.on_text = self._hear
        killing = asyncio.ensure_future(self._kill_redis()) if self.redis else None
        served_s, own_s = processor_s(pid), processor_s(os.getpid())
        await self._talk()
        back_at = await killing if killing else 0.0
        await self._settle()
        sent = len(self.heard.sent_at)
        busy = {
            "server's processor ms a message": (processor_s(pid) - served_s) * 1000 / sent,
            "client's processor ms a message": (processor_s(os.getpid()) - own_s) * 1000 / sent,
            "KiB a socket": per_socket,
        }
        figures = self._reckon(back_at) | {name: round(n, 2) for name, n in busy.items()}
        for line in self.lines:
            line.transport.close()
        return figures

    async def _enter(self, line: Line, port: int) -> None:
        path = "/ws/live/" if self.is_product else "/ws/echo/"
        await line.open(port, path, self.cookies[line.number])
        topic = {"subscribe": f"conversation:{line.room}"}
        echo = {"room": line.room.replace("-", ""), "join": True}
        answer = await line.ask(topic if self.is_product else echo)
        assert "subscribed" in answer, answer

    async def _talk(self) -> None:
        count = int(self.options.rate * self.options.seconds)
        began = time.perf_counter()
        for n in range(count):
            wait = began + n / self.options.rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            line = self.lines[(n * 7919) % len(self.lines)]
            key = str(uuid.uuid4())
            self.heard.sent_at[key] = time.perf_counter()
            if self.is_product:
                text = f"I am at the east gate {n}"
                line.say({"send": {"conversation": line.room, "client_id": key, "text": text}})
            else:
                line.say({"key": key})

    def _hear(self, line: Line, frame: dict[str, Any]) -> None:
        key = frame.get("key")
        if frame.get("event") == "message":
            key = frame["data"]["client_id"]
        elif "beat" in frame:
            line.say({"beat": frame["beat"]})
        elif "error" in frame:
            self.heard.errors[frame["error"]] += 1
        sent_at = self.heard.sent_at.get(key) if key else None
        if sent_at is not None:
            self.heard.arrivals.append((sent_at, time.perf_counter()))
            self.heard.order[line.number].append((frame.get("id", 0), str(key)))

    async def _kill_redis(self) -> float:
        assert self.redis is not None
        await asyncio.sleep(self.options.seconds / 3)
        self.redis.stop(signal.SIGKILL)
        await asyncio.sleep(DEAD_FOR_S)
        self.redis.start()
        return time.perf_counter()

    async def _settle(self) -> None:
        """Wait until nothing more arrives, twenty seconds at most."""
        expected = len(self.heard.sent_at) * self.options.people
        until = time.perf_counter() + LONGEST_WAIT_S
        while len(self.heard.arrivals) < expected and time.perf_counter() < until:
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
        took_ms = np.array([b - a for a, b in self.heard.arrivals] or [0.0]) * 1000
        quantiles = (("p50 ms", 0.5), ("p95 ms", 0.95), ("p99 ms", 0.99), ("longest ms", 1))
        figures: dict[str, Any] = {"messages": sent}
        figures |= {name: round(float(np.quantile(took_ms, q)), 1) for name, q in quantiles}
        figures |= {
            "lost": sent * people - (len(self.heard.arrivals) - doubled),
            "doubled": doubled,
            "out of order": crossed,
            "refused": dict(self.heard.errors),
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
