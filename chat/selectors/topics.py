"""What can be followed, and by whom.

A topic is written ``today``, ``counters``, ``ride:<id>``, ``room:<id>`` or ``conversation:<id>``.
``today`` stands for the member's own topic, ``member:<id>``.
"""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import Member
from chat.errors import TopicNotFound
from chat.models import LiveTopic
from chat.selectors.conversations import get_participant
from rides.selectors import get_ride_for, get_room_for

TODAY, COUNTERS = "today", "counters"


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
        RideNotFound, RoomNotFound, ConversationNotFound: not for this member.
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
    if kind == "room":
        return _numbered(f"room:{get_room_for(member, pk).pk}")
    if kind != "conversation":
        raise TopicNotFound
    place = get_participant(member, pk)
    return Topic(
        name=f"conversation:{pk}",
        last=place.conversation.last_sequence,
        first=place.since_sequence,
        place_id=place.pk,
    )


def last_of(member: Member, wanted: str) -> int:
    """Return the number of the newest event of the member's day, a ride or a room; 0 if none."""
    return _numbered(f"member:{member.pk}" if wanted == TODAY else wanted).last


def _numbered(name: str) -> Topic:
    last = LiveTopic.objects.filter(name=name).values_list("last", flat=True).first()
    return Topic(name=name, last=last or 0)
