"""Where sockets are blocked: the same events by long polling, resumed by their numbers."""

import asyncio
import time
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.db import database_sync_to_async
from channels.generic.http import AsyncHttpConsumer
from redis.exceptions import RedisError

from accounts.models import Member
from accounts.selectors import get_member
from carpool.kernel.errors import DomainError
from chat import selectors, services
from chat.consumers.hub import missed_frames

WAIT_S = 25.0
# Redis wakes the wait; when it does not, the database is asked this often.
LOOK_EVERY_S = 3.0
MOST_TOPICS = 20
HEADERS = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store")]


class PollConsumer(AsyncHttpConsumer):
    """``GET /live/poll/?topic=ride:<id>@<after>&…``: answers with the first events, or after 25 s.

    Without ``@<after>`` a topic begins now. The answer: ``{"last": {topic: number}, "frames": […],
    "errors": {topic: code}, "counters": …}``. ``wait=0`` answers at once.
    """

    async def handle(self, body: bytes) -> None:
        """Answer."""
        user = self.scope["user"]
        member = await database_sync_to_async(get_member)(user) if user.is_authenticated else None
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
        until, channel = time.monotonic() + wait_s, None
        if wait_s:
            channel = await self._listen(list(after))
        try:
            while True:
                frames = await missed_frames(after)
                if frames or time.monotonic() >= until:
                    break
                await self._sleep(channel, min(LOOK_EVERY_S, until - time.monotonic()))
        finally:
            if channel is not None:
                await self._stop_listening(channel, list(after))
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

    async def _listen(self, topics: list[str]) -> str | None:
        try:
            channel: str = await self.channel_layer.new_channel("poll.")
            for topic in topics:
                await self.channel_layer.group_add(services.group_name(topic), channel)
        except (RedisError, OSError):
            return None
        return channel

    async def _stop_listening(self, channel: str, topics: list[str]) -> None:
        with suppress(RedisError, OSError):
            for topic in topics:
                await self.channel_layer.group_discard(services.group_name(topic), channel)

    async def _sleep(self, channel: str | None, seconds: float) -> None:
        if channel is None:
            await asyncio.sleep(max(0.0, seconds))
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self.channel_layer.receive(channel), max(0.01, seconds))


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
