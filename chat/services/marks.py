"""How far everybody has got: what they received, what they read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction

from chat.models import Conversation, Participant
from chat.services import live
from chat.services.notifications import mark_conversations_read

# Rows are locked in the order of their ids, as a batch of messages locks them.
_MOVE = f"""
WITH due AS (
    SELECT place.id, least(mark.read, talk.last_sequence) AS read,
        least(greatest(mark.received, mark.read), talk.last_sequence) AS received
    FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[])
        AS mark (conversation, member, received, read)
    JOIN {Conversation._meta.db_table} talk ON talk.id = mark.conversation
    JOIN {Participant._meta.db_table} place ON place.conversation_id = talk.id
        AND place.member_id = mark.member AND place.left_at IS NULL
    WHERE place.read_sequence < least(mark.read, talk.last_sequence)
        OR place.received_sequence
            < least(greatest(mark.received, mark.read), talk.last_sequence)
    ORDER BY place.id FOR UPDATE OF place
)
UPDATE {Participant._meta.db_table} place
SET read_sequence = greatest(place.read_sequence, due.read),
    received_sequence = greatest(place.received_sequence, due.received)
FROM due WHERE place.id = due.id
RETURNING place.conversation_id, place.id, due.read, due.received, place.member_id
"""  # noqa: S608 (the tables' own names)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has got in a conversation."""

    conversation_id: UUID
    member_id: UUID
    received: int = 0
    read: int = 0


@transaction.atomic
def move_marks(*, marks: Sequence[Mark], now: datetime) -> None:
    """Move markers forward, never back and never beyond what was said; tell the others.

    A mark of somebody who is not in the conversation moves nothing. One statement moves them all;
    whoever read a conversation needs no news of it any more.
    """
    furthest: dict[tuple[UUID, UUID], tuple[int, int]] = {}
    for mark in marks:
        key = mark.conversation_id, mark.member_id
        received, read = furthest.get(key, (0, 0))
        furthest[key] = max(received, mark.received), max(read, mark.read)
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            [
                [talk for talk, _member in furthest],
                [member for _talk, member in furthest],
                [received for received, _read in furthest.values()],
                [read for _received, read in furthest.values()],
            ],
        )
        moved = cursor.fetchall()
    readers = {(talk, member) for talk, _place, read, _received, member in moved if read}
    if readers:
        mark_conversations_read(pairs=readers, now=now)
    frames = [_frame(*row[:4]) for row in moved]
    transaction.on_commit(partial(live.send_frames, frames))


def _frame(conversation_id: UUID, place_id: UUID, read: int, received: int) -> live.Frame:
    topic = f"{live.CONVERSATION}:{conversation_id}"
    data = {"participant": str(place_id), "read": read, "received": received}
    return live.frame(topic=topic, number=None, event="mark", data=data)
