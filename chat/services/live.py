"""Telling open pages that something they show has changed.

Every event that must not be missed is numbered within its topic and stored before it is sent:
Redis makes it quick, the database makes it certain. What is sent of rides carries identifiers and
the name of the fact, never content: the page asks for what it may see, so nothing has to be hidden
here. What is sent of a conversation is what its participants may all read.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, TypedDict
from uuid import UUID

import orjson
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction
from redis.exceptions import RedisError

from chat.models import LiveEvent, LiveTopic

logger = logging.getLogger(__name__)

RIDE, ROOM, MEMBER, CONVERSATION = "ride", "room", "member", "conversation"
# The channel layer's group of all processes that hold sockets.
EVERYBODY = "live"
KEPT_FOR = timedelta(days=2)


class Frame(TypedDict):
    """An event as it goes out of every socket that follows a topic."""

    type: Literal["live.frame"]
    topic: str
    number: int | None
    event: str
    text: str


class Goodbye(TypedDict):
    """A member's sockets must let go of a topic."""

    type: Literal["live.goodbye"]
    topic: str
    member: str


def frame(*, topic: str, number: int | None, event: str, data: Any) -> Frame:
    """Write an event once, however many sockets it goes out of.

    ``number`` is None for what needs no repeating: a marker, a person who is typing.
    """
    said = {"topic": topic, "event": event, "data": data}
    if number is not None:
        said["id"] = number
    return {
        "type": "live.frame",
        "topic": topic,
        "number": number,
        "event": event,
        "text": orjson.dumps(said).decode(),
    }


def event_frame(event: LiveEvent) -> Frame:
    """Return a stored event as it was sent."""
    return frame(topic=event.topic_id, number=event.number, event=event.event, data=event.data)


def goodbye(*, topic: str, member_id: UUID) -> Goodbye:
    """Write that somebody may follow a topic no more."""
    return {"type": "live.goodbye", "topic": topic, "member": str(member_id)}


def parcel(frames: Sequence[Frame | Goodbye], *, origin: str = "") -> dict[str, Any]:
    """Write a channel layer's message: events, and which process need not hear them again."""
    return {"type": "live.parcel", "frames": list(frames), "origin": origin}


def send_frames(frames: Sequence[Frame | Goodbye]) -> None:
    """Hand events to Redis. When it does not answer, sockets find them in the database."""
    if not frames:
        return
    try:
        async_to_sync(get_channel_layer().group_send)(EVERYBODY, parcel(frames))
    except (RedisError, OSError) as error:
        logger.warning("Redis does not answer (%s); open pages look again by themselves.", error)


@transaction.atomic
def announce(
    *, topics: Iterable[tuple[str, UUID]], event: str, data: dict[str, str], now: datetime
) -> None:
    """Store a fact for every topic that it concerns, and send it once the transaction is over."""
    names = sorted({f"{kind}:{pk}" for kind, pk in topics})
    numbers = _next_numbers(names)
    LiveEvent.objects.bulk_create(
        LiveEvent(topic_id=name, number=numbers[name], event=event, data=data, at=now)
        for name in names
    )
    frames = [frame(topic=name, number=numbers[name], event=event, data=data) for name in names]
    transaction.on_commit(partial(send_frames, frames))


def _next_numbers(names: Sequence[str]) -> dict[str, int]:
    """Count each topic on, in the order of the names, so that two facts never lock crosswise."""
    table = connection.ops.quote_name(LiveTopic._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (name, last) SELECT name, 1 FROM unnest(%s::text[]) name "  # noqa: S608
            f"ORDER BY name ON CONFLICT (name) DO UPDATE SET last = {table}.last + 1 "
            "RETURNING name, last",
            [list(names)],
        )
        return dict(cursor.fetchall())


def forget(*, now: datetime) -> int:
    """Delete events older than ``KEPT_FOR``; a page away for longer loads itself anew."""
    return LiveEvent.objects.filter(at__lt=now - KEPT_FOR).delete()[0]
