"""Who talks with whom: opening conversations, and keeping them true to who travels along.

A ride's conversation is brought up to date from the ride as it is now, never stepped by the facts
that arrive. So facts may come twice, late, or in another order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from chat.errors import ConversationNotFound, QuestionsNotTaken
from chat.models import Conversation, ConversationKind, Message, Participant, TalkSettings
from chat.selectors.conversations import (
    get_participant,
    people_aboard,
    people_in_room,
    takes_questions,
)
from chat.services import live
from chat.services.messages import post_system_messages
from rides.errors import RideClosed
from rides.models import Ride, Room, RoomEnd
from rides.selectors import get_ride_for, get_room_for

# Below this a shifted pick-up is not worth a line.
LEAST_SHIFT = timedelta(minutes=1)


@transaction.atomic
def open_conversation(*, ride_id: UUID, by: Member, now: datetime) -> Conversation:
    """Return the conversation about a ride that this member may have.

    Who drives or rides along talks with everybody in the car; who may still book asks the driver,
    without the driver learning who asks.

    Raises:
        RideNotFound: no such ride for them.
        RideClosed: one can no longer book, so there is nothing to ask.
        QuestionsNotTaken: the driver does not want to be asked.
    """
    ride = get_ride_for(by, ride_id)
    if by.pk in people_aboard(ride):
        conversation = _conversation_of(ride)
        _bring_up_to_date(conversation, ride, now)
        return conversation
    known = Conversation.objects.filter(
        ride=ride, asker=by, participants__member=by, participants__left_at=None
    ).first()
    if known is not None:
        return known
    if not ride.is_bookable_at(now):
        raise RideClosed
    if not takes_questions(ride.driver):
        raise QuestionsNotTaken
    return _ask(ride, by, now)


def _conversation_of(ride: Ride) -> Conversation:
    """Return the ride's conversation, locked; there is one from now on."""
    conversation, _is_new = Conversation.objects.get_or_create(
        kind=ConversationKind.RIDE,
        ride=ride,
        defaults={"organization_id": ride.organization_id, "closes_at": _closing(ride)},
    )
    return Conversation.objects.select_for_update().get(pk=conversation.pk)


def _closing(ride: Ride) -> datetime:
    """Lost gloves and thanks are for the days after; then it is something to read."""
    return ride.ends_at + timedelta(days=ride.organization.policy.conversation_days)


def _ask(ride: Ride, asker: Member, now: datetime) -> Conversation:
    conversation, _is_new = Conversation.objects.get_or_create(
        kind=ConversationKind.QUESTION,
        ride=ride,
        asker=asker,
        defaults={"organization_id": ride.organization_id, "closes_at": _closing(ride)},
    )
    for member_id in (ride.driver_id, asker.pk):
        Participant.objects.get_or_create(
            conversation=conversation,
            member_id=member_id,
            defaults={"joined_at": now, "is_masked": member_id == asker.pk},
        )
    return conversation


@transaction.atomic
def follow_ride(*, ride_id: UUID, now: datetime) -> None:
    """Bring a ride's conversation up to date, once somebody travels along."""
    ride = Ride.objects.filter(pk=ride_id).first()
    if ride is None:
        return
    has_one = Conversation.objects.filter(ride=ride, kind=ConversationKind.RIDE).exists()
    if has_one or len(people_aboard(ride)) > 1:
        _bring_up_to_date(_conversation_of(ride), ride, now)


@transaction.atomic
def open_room_conversation(*, room_id: UUID, by: Member, now: datetime) -> Conversation:
    """Return the conversation of a shared taxi; only who has a seat is in it.

    Raises:
        RoomNotFound: no such room for them.
        ConversationNotFound: they have no seat in it.
    """
    room = get_room_for(by, room_id)
    if by.pk not in people_in_room(room):
        raise ConversationNotFound
    conversation = _conversation_in(room)
    _bring_room_up_to_date(conversation, room, now)
    return conversation


@transaction.atomic
def follow_room(*, room_id: UUID, now: datetime) -> None:
    """Bring a room's conversation up to date, once somebody joins the host."""
    room = Room.objects.select_related("organization").filter(pk=room_id).first()
    if room is None:
        return
    has_one = Conversation.objects.filter(room=room).exists()
    if has_one or len(people_in_room(room)) > 1:
        _bring_room_up_to_date(_conversation_in(room), room, now)


def _conversation_in(room: Room) -> Conversation:
    """Return the room's conversation, locked; there is one from now on."""
    conversation, _is_new = Conversation.objects.get_or_create(
        kind=ConversationKind.ROOM,
        room=room,
        defaults={"organization_id": room.organization_id, "closes_at": _room_closing(room)},
    )
    return Conversation.objects.select_for_update().get(pk=conversation.pk)


def _room_closing(room: Room) -> datetime:
    return room.arrives_at + timedelta(days=room.organization.policy.conversation_days)


def _bring_room_up_to_date(conversation: Conversation, room: Room, now: datetime) -> None:
    # Of a room that became one with another nobody is left: they talk in the other one.
    if room.cancelled_at is not None and room.ended_by != RoomEnd.MERGED:
        _tell_once(conversation, "room_cancelled", now)
        return
    aboard = {pk: _Place(is_first=pk == room.host_id) for pk in people_in_room(room)}
    _follow(conversation, aboard, _room_closing(room), now)


@dataclass(slots=True)
class _News:
    """What a look at the ride brings to light."""

    facts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    joined: list[Participant] = field(default_factory=list)
    changed: list[Participant] = field(default_factory=list)
    left: list[Participant] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """Somebody who travels along: when they get in, and whether the others are told that they do.

    Whoever drives, or hosts, was there from the beginning.
    """

    pickup_at: datetime | None = None
    is_first: bool = False


def _bring_up_to_date(conversation: Conversation, ride: Ride, now: datetime) -> None:
    if ride.cancelled_at is not None:
        _tell_once(conversation, "ride_cancelled", now)
        return
    aboard = {
        member_id: _Place(booking.pickup_at) if booking else _Place(is_first=True)
        for member_id, booking in people_aboard(ride).items()
    }
    _follow(conversation, aboard, _closing(ride), now)


def _follow(
    conversation: Conversation, aboard: Mapping[UUID, _Place], closes_at: datetime, now: datetime
) -> None:
    """Let those in a locked conversation be who travels along now, and say what has changed."""
    places = {place.member_id: place for place in conversation.participants.all()}
    news = _News()
    for member_id, there in aboard.items():
        _look_at(places.get(member_id), member_id, there, conversation, news, now)
    for member_id, place in places.items():
        if member_id not in aboard and place.left_at is None:
            place.left_at = now
            news.left.append(place)
            news.facts.append(("left", {"participant": str(place.pk)}))
    _save(conversation, closes_at, news, now)


def _look_at(
    place: Participant | None,
    member_id: UUID,
    there: _Place,
    conversation: Conversation,
    news: _News,
    now: datetime,
) -> None:
    """See whether somebody aboard is new to the conversation, or gets in at another time."""
    pickup_at = there.pickup_at
    if place is None or place.left_at is not None:
        place = place or Participant(conversation=conversation, member_id=member_id)
        place.left_at, place.joined_at, place.told_pickup_at = None, now, pickup_at
        seen = conversation.last_sequence
        place.since_sequence = place.received_sequence = place.read_sequence = seen
        news.joined.append(place)
        if not there.is_first:
            news.facts.append(("joined", {"participant": str(place.pk)}))
        return
    told = place.told_pickup_at
    if pickup_at and told and abs(pickup_at - told) >= LEAST_SHIFT:
        data = {
            "participant": str(place.pk),
            "before": told.isoformat().replace("+00:00", "Z"),
            "after": pickup_at.isoformat().replace("+00:00", "Z"),
        }
        news.facts.append(("time_changed", data))
        place.told_pickup_at = pickup_at
        news.changed.append(place)


def _save(conversation: Conversation, closes_at: datetime, news: _News, now: datetime) -> None:
    for place in news.joined:
        place.save()
    for place in news.changed:
        place.save(update_fields=["told_pickup_at"])
    for place in news.left:
        place.save(update_fields=["left_at"])
    _tell_membership(conversation, news)
    if news.facts:
        post_system_messages(conversation=conversation, facts=news.facts, now=now)
    if conversation.closes_at != closes_at:
        conversation.closes_at = closes_at
        conversation.save(update_fields=["closes_at"])


def _tell_membership(conversation: Conversation, news: _News) -> None:
    """Whoever left stops hearing at once, before anything else is said."""
    topic = f"{live.CONVERSATION}:{conversation.pk}"
    goodbyes = [live.goodbye(topic=topic, member_id=place.member_id) for place in news.left]
    transaction.on_commit(partial(live.send_frames, goodbyes))


def _tell_once(conversation: Conversation, code: str, now: datetime) -> None:
    if not Message.objects.filter(conversation=conversation, code=code).exists():
        post_system_messages(conversation=conversation, facts=[(code, {})], now=now)


@transaction.atomic
def leave_conversation(*, conversation_id: UUID, by: Member, now: datetime) -> None:
    """Leave a question. Out of a ride's conversation one gets by giving the seat back.

    Raises:
        ConversationNotFound: they are not in it, or it is a ride's.
    """
    conversation = (
        Conversation.objects.visible_to(by)
        .filter(pk=conversation_id, kind=ConversationKind.QUESTION)
        .select_for_update(of=("self",))
        .first()
    )
    if conversation is None:
        raise ConversationNotFound
    take_out(conversation, by, now=now)


def take_out(conversation: Conversation, member: Member, *, now: datetime) -> None:
    """Let a participant of a locked conversation be one no longer, and say so to the others."""
    place = conversation.participants.get(member=member)
    place.left_at = now
    place.save(update_fields=["left_at"])
    _tell_membership(conversation, _News(left=[place]))
    fact = ("left", {"participant": str(place.pk)})
    post_system_messages(conversation=conversation, facts=[fact], now=now)


def mute_conversation(*, conversation_id: UUID, by: Member, is_muted: bool) -> None:
    """Store whether a participant wants news of what is said in a conversation.

    Raises:
        ConversationNotFound: they are not in it.
    """
    place = get_participant(by, conversation_id)
    place.is_muted = is_muted
    place.save(update_fields=["is_muted"])


def change_talk_settings(*, member: Member, takes_questions: bool) -> TalkSettings:
    """Store whether colleagues may ask before they book."""
    settings, _is_new = TalkSettings.objects.update_or_create(
        member=member, defaults={"takes_questions": takes_questions}
    )
    return settings
