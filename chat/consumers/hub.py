"""One per process: what all its sockets need, asked for together.

Every second the hub looks into the database for all sockets at once, in a handful of queries: which
topics have moved on, who is still signed in, who left a conversation, what the badges say. So an
event that Redis lost, or could not take, is a second late and never missing, and a session that was
ended ends its sockets. Messages that sockets send are written in batches.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import DatabaseError
from redis.exceptions import RedisError

from carpool.kernel import clock
from carpool.kernel.errors import DomainError, ServiceUnavailable
from chat import selectors, services
from chat.consumers.registry import SocketRegistry
from chat.models import LiveEvent, Message

if TYPE_CHECKING:
    from chat.consumers.live import LiveConsumer

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
# Events of one moment may overtake each other on their way; then a short wait saves a query.
SETTLE_S = 0.05
MOST_IN_BATCH = 100
_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> "Hub":
    """Return this event loop's hub."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


class Hub:
    """Sockets of one process."""

    def __init__(self) -> None:
        self.sockets: set[LiveConsumer] = set()
        self.registry = SocketRegistry()
        self._drafts: deque[tuple[LiveConsumer, services.Draft]] = deque()
        self._marks: dict[tuple[UUID, UUID], services.Mark] = {}
        self._behind: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._writing = self._marking = self._catching_up = False

    def add(self, socket: "LiveConsumer") -> None:
        """Take a socket in; the first one starts the looking."""
        self.sockets.add(socket)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._keep_looking())

    async def discard(self, socket: "LiveConsumer") -> None:
        """Let a socket go; the last one ends the looking."""
        self.sockets.discard(socket)
        if not self.sockets and self._looking is not None:
            self._looking.cancel()
            self._looking = None
            await self.registry.close()

    # --- messages ---------------------------------------------------------------------------
    def post(self, socket: "LiveConsumer", draft: services.Draft) -> None:
        """Write a message soon, with whatever else comes in meanwhile; then tell the socket."""
        self._drafts.append((socket, draft))
        if not self._writing:
            self._writing = True
            self._start(self._write())

    async def _write(self) -> None:
        try:
            while self._drafts:
                count = min(len(self._drafts), MOST_IN_BATCH)
                batch = [self._drafts.popleft() for _ in range(count)]
                results = await _written([draft for _socket, draft in batch])
                for (socket, draft), result in zip(batch, results, strict=True):
                    await socket.acknowledge(draft, result)
        finally:
            self._writing = False

    def mark(self, mark: services.Mark) -> None:
        """Move a marker soon; of several moves the furthest counts."""
        key = (mark.conversation_id, mark.member_id)
        known = self._marks.get(key, mark)
        self._marks[key] = services.Mark(
            *key, received=max(mark.received, known.received), read=max(mark.read, known.read)
        )
        if not self._marking:
            self._marking = True
            self._start(self._move_marks())

    async def _move_marks(self) -> None:
        try:
            while self._marks:
                await asyncio.sleep(SETTLE_S)
                marks, self._marks = list(self._marks.values()), {}
                await database_sync_to_async(services.move_marks)(marks=marks)
        except DatabaseError:
            logger.exception("Markers could not be moved; the next ones catch up.")
        finally:
            self._marking = False

    # --- what was missed --------------------------------------------------------------------
    def catch_up(self, topic: str) -> None:
        """Fetch what is missing in a topic, once what is under way has had time to arrive."""
        self._behind.add(topic)
        if not self._catching_up:
            self._catching_up = True
            self._start(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            while self._behind:
                await asyncio.sleep(SETTLE_S)
                topics, self._behind = self._behind, set()
                await self._repair(topics)
        except DatabaseError:
            logger.exception("What was missed could not be read; the next look tries again.")
        finally:
            self._catching_up = False

    async def _repair(self, topics: Iterable[str]) -> None:
        latest = await database_sync_to_async(selectors.latest_numbers)(topics)
        after: dict[str, int] = {}
        for socket in self.sockets:
            for topic, last in socket.numbers(latest):
                if last < latest[topic]:
                    after[topic] = min(last, after.get(topic, last))
        if not after:
            return
        frames = await missed_frames(after)
        for frame in frames:
            for socket in [s for s in self.sockets if s.follows(frame["topic"])]:
                await socket.take(frame)
        for topic in after:
            await self._give_up(topic, latest[topic])

    async def _give_up(self, topic: str, latest: int) -> None:
        """Whoever is still behind after a page of events loads anew."""
        for socket in [s for s in self.sockets if s.follows(topic)]:
            await socket.skip_to(topic, latest)

    # --- the look ---------------------------------------------------------------------------
    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
            except (DatabaseError, RedisError, OSError):
                logger.exception("A look at the sockets failed; the next one follows.")

    async def _look(self) -> None:
        sockets = list(self.sockets)
        seen = await database_sync_to_async(_see)(
            {socket.session_key for socket in sockets if socket.session_key},
            {socket.member.pk for socket in sockets},
            {pair for socket in sockets for pair in socket.conversations()},
            {socket.member.pk for socket in sockets if socket.wants_counters},
        )
        sessions, members, present, counters = seen
        for socket in sockets:
            signed_in = socket.session_key is None or socket.session_key in sessions
            if not signed_in or socket.member.pk not in members:
                await socket.turn_away()
            elif not present.issuperset(socket.conversations()):
                await socket.leave()
            elif socket.wants_counters:
                await socket.count(counters[socket.member.pk])
        await self._repair({topic for socket in sockets for topic in socket.topics()})
        await self.registry.renew(sockets)
        for socket in sockets:
            await socket.join_groups()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _see(
    sessions: set[str], members: set[UUID], pairs: set[tuple[UUID, UUID]], counted: set[UUID]
) -> tuple[set[str], set[UUID], set[tuple[UUID, UUID]], dict[UUID, dict[str, int]]]:
    return (
        selectors.list_signed_in(sessions),
        selectors.list_active(members),
        selectors.list_present(pairs),
        selectors.count_for(counted),
    )


async def _written(drafts: list[services.Draft]) -> list[Message | DomainError]:
    try:
        results: list[Message | DomainError] = await database_sync_to_async(services.post_messages)(
            drafts=drafts, now=clock.now()
        )
    except DatabaseError:
        logger.exception("Messages could not be written; their senders try again.")
        return [ServiceUnavailable()] * len(drafts)
    return results


async def missed_frames(after: dict[str, int]) -> list[services.Frame]:
    """Return the frames of each topic after a number."""
    frames: list[services.Frame] = await database_sync_to_async(_missed_frames)(after)
    return frames


def _missed_frames(after: dict[str, int]) -> list[services.Frame]:
    return [
        services.event_frame(row) if isinstance(row, LiveEvent) else services.message_frame(row)
        for row in selectors.list_missed(after)
    ]
