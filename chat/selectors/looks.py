"""What a process asks the database for all its sockets at once: what they missed, who is gone.

What is asked most often is asked in SQL, and so that next to nothing comes back.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import F, Sum

from accounts.models import Member
from carpool.kernel import clock
from chat.models import Conversation, LiveEvent, LiveTopic, Message, Participant
from chat.selectors.notifications import count_unread_of

# Who missed more than this loads the page anew.
MOST_MISSED = 200


def list_missed(after: Mapping[str, int]) -> list[LiveEvent | Message]:
    """Return the events of each topic after a number, in their order; in four queries at most."""
    talks, others = _by_kind(after)
    missed: list[LiveEvent | Message] = []
    if talks:
        ids = [pk for (pk,) in _ask(_SAID_AFTER, talks, MOST_MISSED)]
        said = Message.objects.filter(pk__in=ids).select_related("photo")
        missed += said.order_by("conversation", "sequence")
    if others:
        ids = [pk for (pk,) in _ask(_HAPPENED_AFTER, others, MOST_MISSED)]
        missed += LiveEvent.objects.filter(pk__in=ids).order_by("topic", "number")
    return missed


_SAID_AFTER = f"""
SELECT later.id FROM unnest(%s::uuid[], %s::bigint[]) AS wanted (talk, number)
CROSS JOIN LATERAL (
    SELECT id FROM {Message._meta.db_table}
    WHERE conversation_id = wanted.talk AND sequence > wanted.number
    ORDER BY sequence LIMIT %s) later
"""  # noqa: S608 (the tables' own names)
_HAPPENED_AFTER = f"""
SELECT later.id FROM unnest(%s::text[], %s::bigint[]) AS wanted (topic, number)
CROSS JOIN LATERAL (
    SELECT id FROM {LiveEvent._meta.db_table}
    WHERE topic_id = wanted.topic AND number > wanted.number
    ORDER BY number LIMIT %s) later
"""  # noqa: S608


def list_moved(last: Mapping[str, int]) -> dict[str, int]:
    """Return the latest number of each topic that has got beyond the number given for it."""
    talks, others = _by_kind(last)
    moved: dict[str, int] = {}
    if talks:
        moved.update((f"conversation:{pk}", n) for pk, n in _ask(_TALKS_MOVED, talks))
    if others:
        moved.update(_ask(_TOPICS_MOVED, others))
    return moved


_TALKS_MOVED = f"""
SELECT talk.id, talk.last_sequence FROM unnest(%s::uuid[], %s::bigint[]) AS known (id, number)
JOIN {Conversation._meta.db_table} talk USING (id) WHERE talk.last_sequence > known.number
"""  # noqa: S608
_TOPICS_MOVED = f"""
SELECT topic.name, topic.last FROM unnest(%s::text[], %s::bigint[]) AS known (name, number)
JOIN {LiveTopic._meta.db_table} topic USING (name) WHERE topic.last > known.number
"""  # noqa: S608


def _by_kind(numbers: Mapping[str, int]) -> tuple[dict[UUID, int], dict[str, int]]:
    """Take conversations, whose messages are their events, apart from other topics."""
    talks, others = {}, {}
    for name, number in numbers.items():
        kind, _, text = name.partition(":")
        if kind == "conversation":
            talks[UUID(text)] = number
        else:
            others[name] = number
    return talks, others


def _ask(query: str, numbers: Mapping[Any, int], *more: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [list(numbers), list(numbers.values()), *more])
        return list(cursor.fetchall())


# The looks ask for what is gone, which is next to nothing, not for what is there.
def list_gone(pairs: Iterable[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Return those (conversation, member) pairs in which the member no longer is."""
    wanted = list(pairs)
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_GONE, [[talk for talk, _who in wanted], [who for _talk, who in wanted]])
        return set(cursor.fetchall())


_GONE = f"""
SELECT pair.talk, pair.who FROM unnest(%s::uuid[], %s::uuid[]) AS pair (talk, who)
WHERE NOT EXISTS (SELECT FROM {Participant._meta.db_table} place WHERE place.left_at IS NULL
    AND place.conversation_id = pair.talk AND place.member_id = pair.who)
"""  # noqa: S608


def list_ended(sessions: Iterable[str]) -> set[str]:
    """Return those sessions that are no longer valid."""
    asked = set(sessions)
    if not asked:
        return set()
    valid = Session.objects.filter(session_key__in=asked, expire_date__gt=clock.now())
    return asked - set(valid.values_list("session_key", flat=True))


def list_removed(members: Iterable[UUID]) -> set[UUID]:
    """Return those members who have left or may not sign in."""
    asked = set(members)
    if not asked:
        return set()
    active = Member.objects.active().filter(pk__in=asked).order_by()
    return asked - set(active.values_list("pk", flat=True))


def count_for(members: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """Return what the badges of these members say."""
    wanted = set(members)
    if not wanted:
        return {}
    rows = (
        Participant.objects.filter(member__in=wanted, left_at=None)
        .order_by()
        .values_list("member")
        .annotate(n=Sum(F("conversation__last_sequence") - F("read_sequence")))
    )
    unread = dict(rows)
    news = count_unread_of(wanted)
    return {
        member: {"messages": unread.get(member, 0), "notifications": news.get(member, 0)}
        for member in wanted
    }
