"""Where sockets are blocked: the same events by long polling, resumed by their numbers."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.db import database_sync_to_async
from channels.generic.http import AsyncHttpConsumer

from accounts.models import Member
from carpool.kernel.errors import DomainError
from chat import selectors
from chat.consumers.direct import Direct
from chat.consumers.hub import hub, missed_frames
from chat.consumers.live import admit

WAIT_S = 25.0
# Redis wakes the wait; when it does not, the database is asked this often.
LOOK_EVERY_S = 3.0
MOST_TOPICS = 20
HEADERS = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store")]


class Ear:
    """Wakes a poll when something is told of a topic."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    async def take(self, _frame: Mapping[str, Any]) -> None:
        """Wake the poll."""
        self._heard.set()

    async def part(self, _member_id: str) -> None:
        """Wake the poll."""
        self._heard.set()

    async def sleep(self, seconds: float) -> None:
        """Wait until something is heard, or that long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), max(0.01, seconds))
        self._heard.clear()


class PollConsumer(Direct, AsyncHttpConsumer):
    """``GET /live/poll/?topic=ride:<id>@<after>&…``: answers with the first events, or after 25 s.

    Without ``@<after>`` a topic begins now. The answer: ``{"last": {topic: number}, "frames": […],
    "errors": {topic: code}, "counters": …}``. ``wait=0`` answers at once.
    """

    async def handle(self, body: bytes) -> None:
        """Answer."""
        user = self.scope["user"]
        member = await database_sync_to_async(admit)(user)
        if self.scope["method"] != "GET" or member is None:
            status = 401 if member is None else 405
            await self.send_response(status, b'{"frames":[]}', headers=HEADERS)
            return
        query = parse_qs(self.scope["query_string"].decode("ascii", "replace"))
        wait_s = 0.0 if query.get("wait") == ["0"] else WAIT_S
        answer = await self._poll(member, query.get("topic", [])[:MOST_TOPICS], wait_s)
        await self.send_response(200, orjson.dumps(answer), headers=HEADERS)

    async def _poll(self, member: Member, wanted: list[str], wait_s: float) -> dict[str, Any]:
        opened = await database_sync_to_async(_open)(member, wanted)
        names, after, errors, has_counters = opened
        until, ear = time.monotonic() + wait_s, Ear()
        try:
            for topic in after:
                await hub().follow(topic, ear)
            while True:
                frames = await missed_frames(after)
                left_s = until - time.monotonic()
                if frames or left_s <= 0:
                    break
                await ear.sleep(min(LOOK_EVERY_S, left_s))
        finally:
            for topic in after:
                hub().unfollow(topic, ear)
        for frame in frames:
            after[frame["topic"]] = max(after[frame["topic"]], frame["number"] or 0)
        answer: dict[str, Any] = {
            "last": {wish: after[name] for wish, name in names.items()},
            "frames": [orjson.loads(frame["text"]) for frame in frames],
            "errors": errors,
        }
        if has_counters:
            counts = await database_sync_to_async(selectors.count_for)([member.pk])
            answer["counters"] = counts[member.pk]
        return answer


def _open(
    member: Member, wanted: list[str]
) -> tuple[dict[str, str], dict[str, int], dict[str, str], bool]:
    names: dict[str, str] = {}
    after: dict[str, int] = {}
    errors: dict[str, str] = {}
    has_counters = False
    for wish in wanted:
        text, _, number = wish.partition("@")
        try:
            topic = selectors.open_topic(member, text)
        except DomainError as error:
            errors[text] = error.code
            continue
        if topic.name == selectors.COUNTERS:
            has_counters = True
            continue
        known = number.isdecimal() and int(number) <= topic.last
        names[text] = topic.name
        after[topic.name] = max(int(number), topic.first) if known else topic.last
    return names, after, errors, has_counters
