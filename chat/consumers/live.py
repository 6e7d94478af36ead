"""The live socket of a page or an app: one, for everything it follows.

In: ``{"subscribe": topic, "after": number}``, ``{"unsubscribe": topic}``, ``{"send": {…}}``,
``{"typing": conversation}``, ``{"read": conversation, "sequence": n}``, ``{"received": …}`` alike,
what other apps listen to (``carpool.kernel.frames``: ``{"positions": […], "ride": id}``),
``{"beat": n}``. Out: ``{"subscribed": topic, "as": name, "last": n}``, then what came after
``after``; ``{"topic", "event", "data", "id"}`` for each event, its ``id`` one more than the one
before; ``{"ack": client_id, …}``; ``{"error": code, …}``; ``{"beat": n}``, to be sent back.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser
from redis.exceptions import RedisError

from accounts.models import Member, User
from accounts.selectors import get_member, let_in
from carpool.kernel.errors import DomainError
from carpool.kernel.frames import listener_of
from chat import selectors, services
from chat.consumers.direct import Direct
from chat.consumers.hub import hub, missed_frames
from chat.consumers.messages import draft_from, mark_from
from chat.consumers.registry import MOST_SOCKETS
from chat.errors import ConversationNotFound, TooManyMessages
from chat.models import Message

logger = logging.getLogger(__name__)

MOST_TOPICS = 20
MOST_FRAME_BYTES = 64 * 1024
MOST_FRAMES, FRAMES_WINDOW_S = 100, 10.0
TYPING_EVERY_S = 1.0
# A reader this far behind is let go; with its last numbers it comes back to where it was.
MOST_UNREAD_BYTES = 256 * 1024
BEAT_EVERY_BYTES = 32 * 1024
MOST_HELD = 200

TOO_BIG, POLICY, TRY_LATER = 1009, 1008, 1013
UNAUTHENTICATED, LEFT, TOO_MANY_SOCKETS = 4401, 4403, 4429


@dataclass(slots=True)
class Followed:
    """How far a socket has got in a topic. ``held`` came too early and waits for its turn."""

    last: int
    place_id: UUID | None = None
    held: dict[int, str] = field(default_factory=dict)


def admit(user: User | AnonymousUser) -> Member | None:
    """Return the member who comes, if it is one; from here on they see their organizations."""
    member = get_member(user) if isinstance(user, User) else None
    let_in(member)
    return member


class LiveConsumer(Direct, AsyncWebsocketConsumer):
    """See the module's docstring for the protocol, ``chat.consumers.hub`` for what is shared."""

    async def connect(self) -> None:
        """Accept signed-in members, ten sockets each."""
        self.followed: dict[str, Followed] = {}
        self.wants_counters = self.is_closing = False
        self.counted: dict[str, int] | None = None
        self.sent = self.asked = self.confirmed = 0
        self.frames, self.window_began, self.warned_at = 0, time.monotonic(), 0.0
        self.typed_at = 0.0
        self.is_known = False
        self.name, self.renewed_at = uuid.uuid4().hex, time.time()
        await self.accept(subprotocol=self._subprotocol())
        user = self.scope["user"]
        member = await database_sync_to_async(admit)(user)
        if member is None:
            await self._close(UNAUTHENTICATED)
            return
        session = self.scope.get("session")
        self.session_key: str | None = session.session_key if session is not None else None
        self.member: Member = member
        self.is_known = True
        hub().add(self)
        if not await self._is_admitted():
            await self._close(TOO_MANY_SOCKETS)

    def _subprotocol(self) -> str | None:
        offered = self.scope.get("subprotocols", [])
        return "bearer" if "bearer" in offered else None

    async def _is_admitted(self) -> bool:
        try:
            return await hub().registry.admit(self.member.pk, self.name)
        except (RedisError, OSError):
            own = sum(
                not socket.is_closing and socket.member.pk == self.member.pk
                for socket in hub().sockets
            )
            return own <= MOST_SOCKETS

    async def disconnect(self, code: int) -> None:
        """Follow nothing any more."""
        self.is_closing = True
        if not self.is_known:
            return
        self._follow_nothing()
        with suppress(RedisError, OSError):
            await hub().registry.release(self.member.pk, self.name)
        await hub().discard(self)

    def _follow_nothing(self) -> None:
        followed, self.followed = self.followed, {}
        for topic in followed:
            hub().unfollow(topic, self)

    # --- in ---------------------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Read one frame; nonsense is answered, a flood is not."""
        if self.is_closing or not self.is_known:
            return
        if text_data is None or len(text_data) > MOST_FRAME_BYTES:
            await self._close(TOO_BIG)
            return
        if not await self._is_within_limits():
            return
        try:
            content = orjson.loads(text_data)
        except ValueError:
            content = None
        try:
            await self._obey(content if isinstance(content, dict) else {})
        except DomainError as error:
            await self._refuse(error, content)

    async def _is_within_limits(self) -> bool:
        now = time.monotonic()
        if now - self.window_began > FRAMES_WINDOW_S:
            self.frames, self.window_began = 0, now
        self.frames += 1
        if self.frames == MOST_FRAMES:
            await self._say({"error": "too_many_frames"})
        if self.frames > MOST_FRAMES:
            await self._close(POLICY)
        return self.frames <= MOST_FRAMES

    async def _obey(self, content: dict[str, Any]) -> None:
        match content:
            case {"subscribe": str(topic)}:
                await self._subscribe(topic, content.get("after"))
            case {"unsubscribe": str(topic)}:
                await self._unsubscribe(topic)
            case {"send": dict(said)}:
                hub().post(self, draft_from(said, self.member))
            case {"read": str(), "sequence": int()} | {"received": str(), "sequence": int()}:
                hub().mark(mark_from(content, self.member))
            case {"typing": str(conversation)}:
                await self._type(f"conversation:{conversation}")
            case {"beat": int(number)} if number <= self.sent:
                self.confirmed = max(self.confirmed, number)
            case _:
                await self._hand_on(content)

    async def _hand_on(self, content: dict[str, Any]) -> None:
        """Let another app answer, if one listens to such frames."""
        listener = listener_of(content)
        if listener is None:
            await self._say({"error": "invalid_message", "topic": None})
        else:
            await self._say(await database_sync_to_async(listener)(self.member, content))

    async def _refuse(self, error: DomainError, content: Any) -> None:
        said = content.get("send") if isinstance(content, dict) else None
        answer = {"error": error.code, "topic": content.get("subscribe")}
        if isinstance(said, dict):
            answer = {"error": error.code, "client_id": said.get("client_id")}
        await self._say(answer)

    # --- topics -----------------------------------------------------------------------------
    async def _subscribe(self, wanted: str, after: Any) -> None:
        if len(self.followed) + self.wants_counters >= MOST_TOPICS:
            await self._say({"error": "too_many_topics", "topic": wanted})
            return
        topic = await database_sync_to_async(selectors.open_topic)(self.member, wanted)
        if topic.name == selectors.COUNTERS:
            self.wants_counters, self.counted = True, None
            await self._say({"subscribed": wanted, "as": topic.name, "last": 0})
            counts = await database_sync_to_async(selectors.count_for)([self.member.pk])
            await self.count(counts[self.member.pk])
            return
        known = isinstance(after, int) and 0 <= after <= topic.last
        last = max(after, topic.first) if known else topic.last
        self.followed[topic.name] = Followed(last=last, place_id=topic.place_id)
        await hub().follow(topic.name, self)
        await self._say({"subscribed": wanted, "as": topic.name, "last": topic.last})
        if last < topic.last:
            for frame in await missed_frames({topic.name: last}):
                await self.take(frame)
            await self.skip_to(topic.name, topic.last)

    async def _unsubscribe(self, wanted: str) -> None:
        if wanted == selectors.COUNTERS:
            self.wants_counters = False
        name = f"member:{self.member.pk}" if wanted == selectors.TODAY else wanted
        if self.followed.pop(name, None) is not None:
            hub().unfollow(name, self)
        await self._say({"unsubscribed": wanted})

    def last_of(self, topic: str) -> int:
        """Return how far one has got in a topic that one follows."""
        return self.followed[topic].last

    def conversations(self) -> Iterator[tuple[UUID, UUID]]:
        """Yield (conversation, member) for each conversation that is followed."""
        for name, following in self.followed.items():
            if following.place_id is not None:
                yield UUID(name.partition(":")[2]), self.member.pk

    # --- out --------------------------------------------------------------------------------
    async def part(self, member_id: str) -> None:
        """Somebody left a conversation; if it is this member, end the socket."""
        if member_id == str(self.member.pk):
            await self.leave()

    async def take(self, frame: Mapping[str, Any]) -> None:
        """Send an event on if it is the next one; hold it if one before it is missing."""
        following, number = self.followed.get(frame["topic"]), frame["number"]
        if following is None or self.is_closing:
            return
        if number is None:
            await self._out(frame["text"])
        elif number == following.last + 1:
            following.last = number
            await self._out(frame["text"])
            while (text := following.held.pop(following.last + 1, None)) is not None:
                following.last += 1
                await self._out(text)
        elif number > following.last:
            if len(following.held) < MOST_HELD:
                following.held[number] = frame["text"]
            hub().catch_up(frame["topic"])

    async def skip_to(self, topic: str, number: int) -> None:
        """Tell a page that missed more than is repeated to load itself anew."""
        following = self.followed.get(topic)
        if following is not None and following.last < number:
            following.last = number
            following.held = {n: text for n, text in following.held.items() if n > number}
            await self._say({"topic": topic, "event": "reload", "data": {}, "id": number})

    async def count(self, counts: dict[str, int]) -> None:
        """Tell what the badges say, when it changed."""
        if counts != self.counted:
            self.counted = counts
            await self._say({"topic": selectors.COUNTERS, "event": "counters", "data": counts})

    async def acknowledge(self, draft: services.Draft, result: services.Result) -> None:
        """Tell the sender what became of a message; a second flood in a row ends the socket."""
        if self.is_closing:
            return
        if isinstance(result, Message):
            said = {"conversation": str(draft.conversation_id), "sequence": result.sequence}
            await self._say({"ack": str(draft.client_id), **said})
            return
        if isinstance(result, TooManyMessages) and await self._is_second_flood():
            return
        await self._say({"error": result.code, "client_id": str(draft.client_id)})

    async def _is_second_flood(self) -> bool:
        now = time.monotonic()
        is_second = now - self.warned_at < FRAMES_WINDOW_S
        self.warned_at = now
        if is_second:
            await self._close(POLICY)
        return is_second

    async def _type(self, topic: str) -> None:
        following, now = self.followed.get(topic), time.monotonic()
        if following is None or following.place_id is None:
            raise ConversationNotFound
        if now - self.typed_at < TYPING_EVERY_S:
            return
        self.typed_at = now
        data = {"participant": str(following.place_id)}
        await hub().tell([services.frame(topic=topic, number=None, event="typing", data=data)])

    async def turn_away(self) -> None:
        """End the socket of somebody who is no longer signed in."""
        await self._close(UNAUTHENTICATED)

    async def leave(self) -> None:
        """End the socket of somebody who left a conversation that it follows."""
        await self._close(LEFT)

    async def _say(self, content: dict[str, Any]) -> None:
        await self._out(orjson.dumps(content).decode())

    async def _out(self, text: str) -> None:
        """Send, and keep account of what the other side has not read yet."""
        if self.is_closing:
            return
        self.sent += len(text)
        if self.sent - self.confirmed > MOST_UNREAD_BYTES:
            await self._close(TRY_LATER)
            return
        await self.base_send({"type": "websocket.send", "text": text})
        if self.sent - self.asked >= BEAT_EVERY_BYTES:
            self.asked = self.sent
            await self.send(text_data=f'{{"beat":{self.sent}}}')

    async def _close(self, code: int) -> None:
        if self.is_closing:
            return
        self.is_closing = True
        if self.is_known:
            self._follow_nothing()
        with suppress(asyncio.CancelledError):
            await self.close(code=code)
