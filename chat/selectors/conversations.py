"""Reads about conversations; each begins with the member who asks."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from accounts.models import Member
from chat.errors import ConversationNotFound
from chat.models import (
    Conversation,
    ConversationKind,
    Message,
    MessageKind,
    Participant,
    Photo,
    TalkSettings,
)
from rides.models import Booking, BookingState, Ride, Room, RoomSeat, SeatState
from rides.models.seats import PARTY_STATES

MOST_MESSAGES = 100
ABOARD_STATES = (
    BookingState.CONFIRMED,
    BookingState.COMPLETED_PENDING_VALIDATION,
    BookingState.VALIDATED,
)


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody in a conversation, as the others may know them."""

    id: UUID
    name: str
    is_masked: bool
    is_me: bool
    is_driver: bool
    is_present: bool
    received_sequence: int
    read_sequence: int


@dataclass(frozen=True, slots=True)
class ConversationShown:
    """A conversation as one of its participants sees it."""

    conversation: Conversation
    me: Participant
    people: list[PersonShown]

    @property
    def id(self) -> UUID:
        """The conversation's own."""
        return self.conversation.pk

    @property
    def unread(self) -> int:
        """How many messages one has not read."""
        return self.conversation.last_sequence - self.me.read_sequence

    @property
    def others(self) -> list[PersonShown]:
        """Whom one talks with."""
        return [person for person in self.people if not person.is_me and person.is_present]

    @property
    def last_message(self) -> Message | None:
        """The latest message that one may see, when the list asked for it."""
        found: Message | None = getattr(self.conversation, "latest", None)
        return found


def get_participant(member: Member, conversation_id: UUID) -> Participant:
    """Return the member's own place in a conversation.

    Raises:
        ConversationNotFound: they are not in it.
    """
    place = (
        Participant.objects.filter(conversation=conversation_id, member=member, left_at=None)
        .select_related("conversation__ride", "conversation__room")
        .first()
    )
    if place is None:
        raise ConversationNotFound
    return place


def _with_everything(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    people = Participant.objects.select_related("member")
    return (
        conversations.select_related("ride", "room")
        .defer("ride__reach", "ride__route", "room__route")
        .prefetch_related(Prefetch("participants", queryset=people))
    )


def list_conversations(member: Member) -> QuerySet[Conversation]:
    """List the conversations that a member is in."""
    return _with_everything(Conversation.objects.visible_to(member))


def show_conversations(
    member: Member, conversations: list[Conversation]
) -> list[ConversationShown]:
    """Show loaded conversations with their latest messages, in one more query."""
    _add_latest(member, conversations)
    return [as_seen_by(member, conversation) for conversation in conversations]


def _add_latest(member: Member, conversations: list[Conversation]) -> None:
    newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-sequence").values("pk")
    ids = Conversation.objects.filter(pk__in=[c.pk for c in conversations]).values_list(
        Subquery(newest[:1]), flat=True
    )
    found = Message.objects.filter(pk__in=ids).select_related("sender", "photo")
    latest = {message.conversation_id: message for message in found}
    for conversation in conversations:
        message = latest.get(conversation.pk)
        mine = next(p for p in conversation.participants.all() if p.member_id == member.pk)
        shown = message if message and message.sequence > mine.since_sequence else None
        conversation.latest = shown  # type: ignore[attr-defined]


def view_conversation(member: Member, conversation_id: UUID) -> ConversationShown:
    """Return a conversation as the member sees it.

    Raises:
        ConversationNotFound: they are not in it.
    """
    conversation = list_conversations(member).filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFound
    return as_seen_by(member, conversation)


def as_seen_by(member: Member, conversation: Conversation) -> ConversationShown:
    """Show a fully loaded conversation to one of its participants."""
    places = list(conversation.participants.all())
    return ConversationShown(
        conversation=conversation,
        me=next(place for place in places if place.member_id == member.pk),
        people=[_shown(place, conversation, member) for place in places],
    )


def _shown(place: Participant, conversation: Conversation, viewer: Member) -> PersonShown:
    is_me, ride = place.member_id == viewer.pk, conversation.ride
    return PersonShown(
        id=place.pk,
        name=shown_name(place, conversation),
        is_masked=place.is_masked,
        is_me=is_me,
        is_driver=ride is not None and place.member_id == ride.driver_id,
        is_present=place.left_at is None,
        received_sequence=place.received_sequence,
        read_sequence=place.read_sequence,
    )


def shown_name(place: Participant, conversation: Conversation) -> str:
    """Return what the others call somebody: who shares a ride knows names, who asks does not."""
    if place.is_masked:
        return _("A colleague")
    if conversation.kind == ConversationKind.QUESTION:
        return place.member.first_name
    return place.member.display_name


def list_messages(place: Participant) -> QuerySet[Message]:
    """List the messages that a participant may see, newest first."""
    return (
        Message.objects.filter(
            conversation=place.conversation_id, sequence__gt=place.since_sequence
        )
        .select_related("sender", "photo")
        .order_by("-sequence")
    )


def list_messages_after(place: Participant, sequence: int) -> list[Message]:
    """Return what was said after a number, oldest first, a page at most."""
    later = list_messages(place).filter(sequence__gt=sequence).order_by("sequence")
    return list(later[:MOST_MESSAGES])


def count_unread(member: Member) -> int:
    """Count the messages that a member has not read, in all conversations."""
    total = Participant.objects.filter(member=member, left_at=None).aggregate(
        n=Sum(F("conversation__last_sequence") - F("read_sequence"))
    )["n"]
    return total or 0


def get_photo_for(member: Member, conversation_id: UUID, photo_id: UUID) -> Photo:
    """Return a photo that the member may see.

    Raises:
        ConversationNotFound: they are not in that conversation, or it has no such photo for them
            (any more).
    """
    place = get_participant(member, conversation_id)
    photo = Photo.objects.filter(
        pk=photo_id,
        message__conversation=conversation_id,
        message__sequence__gt=place.since_sequence,
        message__removed_at=None,
    ).first()
    if photo is None or not photo.image.storage.exists(str(photo.image.name)):
        raise ConversationNotFound
    return photo


def takes_questions(member: Member) -> bool:
    """Tell whether a driver may be asked before somebody books."""
    answer = TalkSettings.objects.filter(member=member).values_list("takes_questions", flat=True)
    return answer.first() is not False


def people_aboard(ride: Ride) -> dict[UUID, Booking | None]:
    """Return who travels in a ride: its driver, and each rider with their booking."""
    bookings = Booking.objects.filter(ride=ride, state__in=ABOARD_STATES)
    return {ride.driver_id: None, **{booking.rider_id: booking for booking in bookings}}


def people_in_room(room: Room) -> set[UUID]:
    """Return who shares a taxi: the host, and whoever has paid for their seat."""
    seats = RoomSeat.objects.filter(room=room, state__in=(*PARTY_STATES, SeatState.ABSENT))
    return set(seats.values_list("rider_id", flat=True))


def render_message(message: Message) -> dict[str, object]:
    """Return a message as every participant gets it, whoever asks and in whatever language."""
    is_removed = message.removed_at is not None
    photo = None if is_removed or message.kind != MessageKind.PHOTO else message.photo
    return {
        "sequence": message.sequence,
        "sender": str(message.sender_id) if message.sender_id else None,
        "client_id": str(message.client_id) if message.client_id else None,
        "kind": message.kind,
        "text": "" if is_removed else message.text,
        "language": message.language,
        "code": message.code,
        "data": message.data,
        "photo": photo and {"id": str(photo.pk), "width": photo.width, "height": photo.height},
        "sent_at": message.created_at.isoformat().replace("+00:00", "Z"),
        "is_removed": is_removed,
    }
