"""Three statements that a batch of messages takes, however large it is.

Written in SQL because they are the heart of chat under load: through the ORM the same batch takes
eight statements, two of them with one ``CASE`` branch for each row. Locks are taken in one order
everywhere: conversations by id, then participants by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts.models import Member
from chat.models import Conversation, Message, Participant
from chat.services.drafts import Draft

_TABLES = {
    "conversation": Conversation._meta.db_table,
    "participant": Participant._meta.db_table,
    "message": Message._meta.db_table,
    "member": Member._meta.db_table,
}
_LOCK = """
SELECT id, last_sequence, closes_at FROM {conversation} WHERE id = ANY(%s) ORDER BY id FOR UPDATE
""".format(**_TABLES)
_READ = """
SELECT place.id, said.id, (
    SELECT count(*) FROM {participant} own JOIN {message} recent ON recent.sender_id = own.id
    WHERE own.member_id = draft.member AND recent.created_at > %s)
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) WITH ORDINALITY
    AS draft (conversation, member, client, n)
LEFT JOIN ({participant} place JOIN {member} person
        ON person.id = place.member_id AND person.left_at IS NULL)
    ON place.conversation_id = draft.conversation AND place.member_id = draft.member
    AND place.left_at IS NULL
LEFT JOIN {message} said ON said.sender_id = place.id AND said.client_id = draft.client
ORDER BY draft.n
""".format(**_TABLES)  # noqa: S608 (the tables' own names)
_WRITE = """
WITH written AS (
    INSERT INTO {message} (conversation_id, sequence, sender_id, client_id, kind, text, language,
        code, is_checked, flagged_for, data, created_at)
    SELECT *, '', '{{}}'::jsonb, %s FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::uuid[],
        %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[])
    RETURNING id, conversation_id, sequence, sender_id
), counted AS (
    UPDATE {conversation} SET last_sequence = latest.sequence, last_message_at = %s
    FROM (SELECT conversation_id, max(sequence) AS sequence FROM written GROUP BY 1) latest
    WHERE {conversation}.id = latest.conversation_id
), place AS (
    SELECT {participant}.id, latest.sequence
    FROM (SELECT sender_id, max(sequence) AS sequence FROM written GROUP BY 1) latest
    JOIN {participant} ON {participant}.id = latest.sender_id
    ORDER BY {participant}.id FOR UPDATE OF {participant}
), read AS (
    UPDATE {participant} SET read_sequence = place.sequence, received_sequence = place.sequence
    FROM place WHERE {participant}.id = place.id
)
SELECT id, conversation_id, sequence FROM written
""".format(**_TABLES)  # noqa: S608


@dataclass(slots=True)
class Line:
    """A locked conversation: its last number, and when it closes."""

    last: int
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the sender of a draft stands: their place, an earlier copy, how much they said."""

    place_id: UUID | None
    said_id: int | None
    recent: int


def lock_conversations(ids: Iterable[UUID]) -> dict[UUID, Line]:
    """Lock conversations until the transaction ends; return those that there are."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(ids)])
        return {pk: Line(last, closes_at) for pk, last, closes_at in cursor.fetchall()}


def read_standings(drafts: Sequence[Draft], since: datetime) -> list[Standing]:
    """Return for each draft where its sender stands. To be called once the locks are held."""
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            [
                since,
                [draft.conversation_id for draft in drafts],
                [draft.sender_id for draft in drafts],
                [draft.client_id for draft in drafts],
            ],
        )
        return [Standing(*row) for row in cursor.fetchall()]


def write_messages(messages: Sequence[Message], now: datetime) -> None:
    """Store numbered messages; count their conversations on; their senders have read so far."""
    names = (
        "conversation_id", "sequence", "sender_id", "client_id", "kind", "text", "language",
        "code", "is_checked",
    )  # fmt: skip
    columns = [[getattr(message, name) for message in messages] for name in names]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, *columns, now])
        ids = {(talk, number): pk for pk, talk, number in cursor.fetchall()}
    for message in messages:
        message.pk = ids[message.conversation_id, message.sequence]
        message._state.adding = False
