"""The look: once a second the database is asked for all sockets of a process at once.

Which topics have moved on, who left a conversation, what the badges say; every other second, who
is still signed in. So an event that Redis lost is a second late and never missing, and a session
that was ended, a token that was taken back, a member who was removed end their sockets.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError
from redis.exceptions import RedisError

from chat import selectors
from chat.consumers.registry import SocketRegistry
from chat.consumers.sockets import Follower, Socket
from chat.consumers.wire import Wire

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
# Every how many looks it is asked who is signed in.
SIGNED_IN_EVERY = 2


class Watched(Protocol):
    """What the watch wants of a hub."""

    sockets: set[Socket]
    followers: dict[str, set[Follower]]
    registry: SocketRegistry
    wire: Wire

    def last_of(self, topics: Iterable[str]) -> dict[str, int]:
        """Return how far the last socket at each topic has got."""

    async def repair(self, latest: Mapping[str, int]) -> None:
        """Hand on what sockets missed."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a look asks."""

    last: dict[str, int]
    pairs: set[tuple[UUID, UUID]]
    counted: set[UUID]
    sessions: set[str]
    members: set[UUID]


@dataclass(frozen=True, slots=True)
class Answer:
    """What it finds: ``moved`` holds the latest numbers of topics in which somebody is behind."""

    moved: dict[str, int]
    gone: set[tuple[UUID, UUID]]
    counts: dict[UUID, dict[str, int]]
    ended: set[str]
    removed: set[UUID]


async def keep_watch(hub: Watched) -> None:
    """Look every second, until cancelled."""
    number = 0
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        number += 1
        try:
            await _look(hub, asks_who=number % SIGNED_IN_EVERY == 0)
        except (DatabaseError, RedisError, OSError):
            logger.exception("A look at the sockets failed; the next one follows.")


async def _look(hub: Watched, *, asks_who: bool) -> None:
    sockets = list(hub.sockets)
    asked = _question(hub.last_of(hub.followers), sockets, asks_who=asks_who)
    found = await database_sync_to_async(_answer, thread_sensitive=False)(asked)
    for socket in sockets:
        if socket.session_key in found.ended or socket.member.pk in found.removed:
            await socket.turn_away()
        elif found.gone and not found.gone.isdisjoint(socket.conversations()):
            await socket.leave()
        elif socket.wants_counters and socket.member.pk in found.counts:
            await socket.count(found.counts[socket.member.pk])
    await hub.repair(found.moved)
    await hub.wire.open()
    await hub.registry.renew(sockets)


def _question(last: dict[str, int], sockets: list[Socket], *, asks_who: bool) -> Question:
    return Question(
        last=last,
        pairs={pair for socket in sockets for pair in socket.conversations()},
        counted={socket.member.pk for socket in sockets if socket.wants_counters},
        sessions={s.session_key for s in sockets if asks_who and s.session_key},
        members={s.member.pk for s in sockets if asks_who},
    )


def _answer(asked: Question) -> Answer:
    """Ask the database. Only who was asked after can be found gone: others came in meanwhile."""
    return Answer(
        moved=selectors.list_moved(asked.last),
        gone=selectors.list_gone(asked.pairs),
        counts=selectors.count_for(asked.counted),
        ended=selectors.list_ended(asked.sessions),
        removed=selectors.list_removed(asked.members),
    )
