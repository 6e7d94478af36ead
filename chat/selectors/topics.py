"""What can be followed, by whom, and what was missed.

A topic is written ``today``, ``counters``, ``ride:<id>`` or ``conversation:<id>``. ``today`` stands
for the member's own topic, ``member:<id>``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import F, Sum

from accounts.models import Member
from carpool.kernel import clock
from chat.errors import TopicNotFound
from chat.models import Conversation, LiveEvent, LiveTopic, Message, Participant
from chat.selectors.conversations import get_participant
from chat.selectors.notifications import count_unread_of
from rides.selectors import get_ride_for

TODAY, COUNTERS = "today", "counters"
# Who missed more than this loads the page anew.
MOST_MISSED = 200


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that somebody may follow: its own name, and where one begins to listen."""

    name: str
    last: int
    first: int = 0
    place_id: UUID | None = None


def open_topic(member: Member, wanted: str) -> Topic:
    """Return a topic that the member may follow.

    Raises:
        TopicNotFound: nothing is called so.
        RideNotFound, ConversationNotFound: not for this member.
    """
    if wanted == COUNTERS:
        return Topic(name=COUNTERS, last=0)
    if wanted == TODAY:
        return _numbered(f"member:{member.pk}")
    kind, _, text = wanted.partition(":")
    try:
        pk = UUID(text)
    except ValueError as error:
        raise TopicNotFound from error
    if kind == "ride":
        return _numbered(f"ride:{get_ride_for(member, pk).pk}")
    if kind != "conversation":
        raise TopicNotFound
    place = get_participant(member, pk)
    return Topic(
        name=f"conversation:{pk}",
        last=place.conversation.last_sequence,
        first=place.since_sequence,
        place_id=place.pk,
    )


def _numbered(name: str) -> Topic:
    last = LiveTopic.objects.filter(name=name).values_list("last", flat=True).first()
    return Topic(name=name, last=last or 0)


def latest_numbers(topics: Iterable[str]) -> dict[str, int]:
    """Return the number of each topic's latest event, in two queries at most."""
    names = set(topics)
    talks = {name.partition(":")[2] for name in names if name.startswith("conversation:")}
    others = {name for name in names if not name.startswith("conversation:")}
    latest: dict[str, int] = {}
    if others:
        latest.update(LiveTopic.objects.filter(pk__in=others).values_list("name", "last"))
    if talks:
        rows = Conversation.objects.filter(pk__in=talks).order_by()
        latest.update(
            (f"conversation:{pk}", last) for pk, last in rows.values_list("pk", "last_sequence")
        )
    return latest


def list_missed(after: Mapping[str, int]) -> list[LiveEvent | Message]:
    """Return the events of each topic after a number, in their order."""
    missed: list[LiveEvent | Message] = []
    for name, number in after.items():
        kind, _, text = name.partition(":")
        if kind == "conversation":
            said = Message.objects.filter(conversation=UUID(text), sequence__gt=number)
            missed += said.select_related("photo").order_by("sequence")[:MOST_MISSED]
        else:
            events = LiveEvent.objects.filter(topic=name, number__gt=number)
            missed += events.order_by("number")[:MOST_MISSED]
    return missed


def list_present(pairs: Iterable[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Return those (conversation, member) pairs in which the member still is."""
    wanted = set(pairs)
    if not wanted:
        return set()
    rows = Participant.objects.filter(
        conversation__in={pk for pk, _member in wanted},
        member__in={pk for _conversation, pk in wanted},
        left_at=None,
    ).order_by()
    return wanted & set(rows.values_list("conversation", "member"))


def list_signed_in(sessions: Iterable[str]) -> set[str]:
    """Return those sessions that are still valid."""
    wanted = set(sessions)
    if not wanted:
        return set()
    rows = Session.objects.filter(session_key__in=wanted, expire_date__gt=clock.now())
    return set(rows.values_list("session_key", flat=True))


def list_active(members: Iterable[UUID]) -> set[UUID]:
    """Return those members who have not left and may sign in."""
    wanted = set(members)
    rows = Member.objects.active().filter(pk__in=wanted).order_by()
    return set(rows.values_list("pk", flat=True)) if wanted else set()


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
