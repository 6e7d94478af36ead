"""One per process: hands what is said on to all its sockets, and finds what they missed.

Messages that sockets send are written in batches, and go to this process's own sockets as soon as
they are stored, to other processes by Redis. What Redis lost, or could not take, is found by a look
into the database each second (``chat.consumers.watch``): late, and never missing.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import DatabaseError

from carpool.kernel import clock, tenancy
from carpool.kernel.errors import ServiceUnavailable
from chat import selectors, services
from chat.consumers.registry import SocketRegistry
from chat.consumers.sockets import Follower, Socket
from chat.consumers.watch import keep_watch
from chat.consumers.wire import Wire
from chat.models import LiveEvent

logger = logging.getLogger(__name__)

# Events of one moment may overtake each other on their way; then a short wait saves a query.
SETTLE_S = 0.05
MOST_IN_BATCH = 100
_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> "Hub":
    """Return this event loop's hub."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


class Hub:
    """Sockets of one process."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.followers: dict[str, set[Follower]] = {}
        self.registry = SocketRegistry()
        self.wire = Wire(self.deliver)
        self._drafts: deque[tuple[Socket, services.Draft]] = deque()
        self._marks: dict[tuple[UUID, UUID], services.Mark] = {}
        self._behind: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._writing = self._marking = self._catching_up = False

    def add(self, socket: Socket) -> None:
        """Take a socket in; the first one starts the watch."""
        self.sockets.add(socket)
        if self._watch is None or self._watch.done():
            self._watch = _start_as_system(keep_watch(self))

    async def discard(self, socket: Socket) -> None:
        """Let a socket go; the last one ends the watch."""
        self.sockets.discard(socket)
        if not self.sockets and self._watch is not None:
            self._watch.cancel()
            self._watch = None
            self.wire.close()
            await self.registry.close()

    async def follow(self, topic: str, follower: Follower) -> None:
        """Let somebody hear of a topic from now on."""
        self.followers.setdefault(topic, set()).add(follower)
        await self.wire.open()

    def unfollow(self, topic: str, follower: Follower) -> None:
        """Let somebody hear of a topic no more."""
        known = self.followers.get(topic, set())
        known.discard(follower)
        if not known:
            self.followers.pop(topic, None)

    async def deliver(self, frame: services.Frame | services.Goodbye) -> None:
        """Hand an event on to those of this process who follow its topic."""
        followers = self.followers.get(frame["topic"])
        if followers is None:
            return
        for follower in tuple(followers):
            with _alone():
                if frame["type"] == "live.goodbye":
                    await follower.part(frame["member"])
                else:
                    await follower.take(frame)

    async def tell(self, frames: Iterable[services.Frame]) -> None:
        """Hand events on to those who follow, here and in other processes."""
        for frame in frames:
            await self.deliver(frame)
        self.wire.tell(frames)

    # --- messages ---------------------------------------------------------------------------
    def post(self, socket: Socket, draft: services.Draft) -> None:
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
                results, frames = await _written([draft for _socket, draft in batch])
                await self.tell(frames)
                for (socket, draft), result in zip(batch, results, strict=True):
                    with _alone():
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
                await _in_thread(services.move_marks)(marks=marks, now=clock.now())
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
                await self.repair(await _in_thread(selectors.list_moved)(self.last_of(topics)))
        except DatabaseError:
            logger.exception("What was missed could not be read; the next look tries again.")
        finally:
            self._catching_up = False

    async def repair(self, latest: Mapping[str, int]) -> None:
        """Hand on what sockets missed, given the latest number of topics."""
        last = self.last_of(latest)
        after = {topic: last[topic] for topic in last if last[topic] < latest[topic]}
        if not after:
            return
        for frame in await missed_frames(after):
            await self.deliver(frame)
        for topic in after:
            for socket in self._sockets_at(topic):
                # Who is still behind after a page of events loads anew.
                await socket.skip_to(topic, latest[topic])

    def last_of(self, topics: Iterable[str]) -> dict[str, int]:
        """Return for each topic that sockets follow how far the last of them has got."""
        found = {}
        for topic in topics:
            if sockets := self._sockets_at(topic):
                found[topic] = min(socket.last_of(topic) for socket in sockets)
        return found

    def _sockets_at(self, topic: str) -> list[Socket]:
        """Return the sockets that follow a topic; polls ask for themselves."""
        return [one for one in self.followers.get(topic, ()) if one in self.sockets]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = _start_as_system(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@contextmanager
def _alone() -> Iterator[None]:
    """Let what goes wrong at one socket be its own affair: the others wait for the same event."""
    try:
        yield
    except Exception:
        logger.exception("A socket could not be told something.")


def _in_thread(work: Any) -> Any:
    """Ask the database in a thread of its own: what waits for one answer holds up no other."""
    return database_sync_to_async(work, thread_sensitive=False)


def _start_as_system(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start what works for the sockets of all organizations; a task keeps its maker's context."""
    with tenancy.as_system():
        return asyncio.ensure_future(work)


async def _written(
    drafts: list[services.Draft],
) -> tuple[list[services.Result], list[services.Frame]]:
    try:
        written: tuple[list[services.Result], list[services.Frame]] = await _in_thread(
            services.write_batch
        )(drafts=drafts, now=clock.now())
    except DatabaseError:
        logger.exception("Messages could not be written; their senders try again.")
        return [ServiceUnavailable()] * len(drafts), []
    return written


async def missed_frames(after: dict[str, int]) -> list[services.Frame]:
    """Return the frames of each topic after a number."""
    frames: list[services.Frame] = await _in_thread(_missed_frames)(after)
    return frames


def _missed_frames(after: dict[str, int]) -> list[services.Frame]:
    return [
        services.event_frame(row) if isinstance(row, LiveEvent) else services.message_frame(row)
        for row in selectors.list_missed(after)
    ]
