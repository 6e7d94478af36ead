"""Saying something.

Messages are written in batches, because a socket server hears many at once: one transaction locks
the conversations, in the order of their ids, gives each message the next number of its
conversation, and writes all of them in a constant number of queries. A single message is a batch of
one. Sending the same message again (same sender, same client id) finds the first copy.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Greatest

from accounts.models import Member
from carpool.kernel.errors import DomainError, InvalidInput
from chat.errors import ConversationClosed, ConversationNotFound, TooManyMessages
from chat.models import Conversation, Message, MessageKind, Participant, Photo
from chat.selectors.conversations import render_message
from chat.services import live
from chat.services.photos import DrawnPhoto
from chat.services.texts import QuickReply, clean_text, flag

# Source: limits of the product's security plan, W4.
MOST_IN_WINDOW = 20
WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say. ``client_id`` stays the same when it is sent again."""

    conversation_id: UUID
    sender_id: UUID
    client_id: UUID
    kind: str = MessageKind.TEXT
    text: str = ""
    code: str = ""
    language: str = ""
    photo: DrawnPhoto | None = None


@dataclass(slots=True)
class _Scene:
    """All that a batch has to know, read after the locks were taken."""

    now: datetime
    conversations: dict[UUID, Conversation]
    places: dict[tuple[UUID, UUID], Participant]
    said: dict[tuple[UUID, UUID], Message]
    recent: Counter[UUID]
    new: list[Message] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)


def post_message(*, draft: Draft, by: Member, now: datetime) -> Message:
    """Say one thing.

    Raises:
        ConversationNotFound: they are not in it (any more).
        ConversationClosed, TooManyMessages, MessageEmpty, MessageTooLong: why not.
    """
    assert draft.sender_id == by.pk
    result = post_messages(drafts=[draft], now=now)[0]
    if isinstance(result, DomainError):
        raise result
    return result


@transaction.atomic
def post_messages(*, drafts: Sequence[Draft], now: datetime) -> list[Message | DomainError]:
    """Write a batch; return for each draft its message, or why it was refused."""
    scene = _read(drafts, now)
    results: list[Message | DomainError] = []
    for draft in drafts:
        try:
            results.append(_add(scene, draft))
        except DomainError as error:
            results.append(error)
    _write(scene)
    return results


def _read(drafts: Sequence[Draft], now: datetime) -> _Scene:
    wanted = {draft.conversation_id for draft in drafts}
    people = {draft.sender_id for draft in drafts}
    rows = Conversation.objects.filter(pk__in=wanted).order_by("pk").select_for_update()
    conversations = {row.pk: row for row in rows}
    # Looked up after the locks: who was removed a moment ago is seen to be gone.
    places = Participant.objects.filter(
        conversation__in=wanted, member__in=people, left_at=None, member__left_at=None
    )
    known = {(place.conversation_id, place.member_id): place for place in places}
    again = Message.objects.filter(
        sender__in=[place.pk for place in known.values()],
        client_id__in=[draft.client_id for draft in drafts],
    ).select_related("photo")
    recent = (
        Message.objects.filter(sender__member__in=people, created_at__gt=now - WINDOW)
        .order_by()
        .values_list("sender__member")
        .annotate(n=Count("pk"))
    )
    return _Scene(
        now=now,
        conversations=conversations,
        places=known,
        said={_key(message): message for message in again},
        recent=Counter(dict(recent)),
    )


def _key(message: Message) -> tuple[UUID, UUID]:
    assert message.sender_id is not None
    assert message.client_id is not None
    return message.sender_id, message.client_id


def _add(scene: _Scene, draft: Draft) -> Message:
    place = scene.places.get((draft.conversation_id, draft.sender_id))
    if place is None:
        raise ConversationNotFound
    if known := scene.said.get((place.pk, draft.client_id)):
        return known
    conversation = scene.conversations[draft.conversation_id]
    if scene.now >= conversation.closes_at:
        raise ConversationClosed
    if scene.recent[draft.sender_id] >= MOST_IN_WINDOW:
        raise TooManyMessages
    message = _compose(draft, place, scene.now)
    scene.recent[draft.sender_id] += 1
    _number(conversation, message)
    if draft.photo is not None:
        image = ContentFile(draft.photo.jpeg, name="photo.jpg")
        size = {"width": draft.photo.width, "height": draft.photo.height}
        scene.photos.append(Photo(message=message, image=image, **size))
    scene.new.append(message)
    scene.said[place.pk, draft.client_id] = message
    place.read_sequence = place.received_sequence = message.sequence
    return message


def _compose(draft: Draft, place: Participant, now: datetime) -> Message:
    message = Message(
        conversation_id=draft.conversation_id,
        sender=place,
        client_id=draft.client_id,
        kind=draft.kind,
        language=draft.language[:8],
        created_at=now,
    )
    if draft.kind == MessageKind.QUICK:
        if draft.code not in QuickReply.values:
            raise InvalidInput(field="code")
        message.code = draft.code
    elif draft.kind == MessageKind.TEXT:
        message.text = clean_text(draft.text)
        message.flagged_for = flag(message.text)
    elif draft.kind != MessageKind.PHOTO or draft.photo is None:
        raise InvalidInput(field="kind")
    return message


def _number(conversation: Conversation, message: Message) -> None:
    conversation.last_sequence += 1
    conversation.last_message_at = message.created_at
    message.sequence = conversation.last_sequence


def _write(scene: _Scene) -> None:
    if not scene.new:
        return
    Message.objects.bulk_create(scene.new)
    for photo in scene.photos:
        photo.save(force_insert=True)
    changed = {message.conversation_id for message in scene.new}
    Conversation.objects.bulk_update(
        [scene.conversations[pk] for pk in changed], ["last_sequence", "last_message_at"]
    )
    senders = {message.sender_id: message.sender for message in scene.new}
    Participant.objects.bulk_update(
        [place for place in senders.values() if place], ["read_sequence", "received_sequence"]
    )
    frames = [message_frame(message) for message in scene.new]
    transaction.on_commit(partial(live.send_frames, frames))


def message_frame(message: Message) -> live.Frame:
    """Return a message as open pages get it."""
    topic = f"{live.CONVERSATION}:{message.conversation_id}"
    data = render_message(message)
    return live.frame(topic=topic, number=message.sequence, event="message", data=data)


def post_system_messages(
    *, conversation: Conversation, facts: Sequence[tuple[str, dict[str, Any]]], now: datetime
) -> None:
    """Write down what happened in a locked conversation, in the transaction of the change."""
    messages = []
    for code, data in facts:
        message = Message(
            conversation=conversation,
            kind=MessageKind.SYSTEM,
            code=code,
            data=data,
            created_at=now,
        )
        _number(conversation, message)
        messages.append(message)
    Message.objects.bulk_create(messages)
    conversation.save(update_fields=["last_sequence", "last_message_at"])
    frames = [message_frame(message) for message in messages]
    transaction.on_commit(partial(live.send_frames, frames))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has got in a conversation."""

    conversation_id: UUID
    member_id: UUID
    received: int = 0
    read: int = 0


@transaction.atomic
def move_marks(*, marks: Sequence[Mark]) -> None:
    """Move markers forward, never back and never beyond what was said; tell the others.

    A mark of somebody who is not in the conversation moves nothing.
    """
    frames = []
    for mark in sorted(marks, key=lambda mark: (mark.conversation_id, mark.member_id)):
        last = Conversation.objects.filter(pk=mark.conversation_id).values("last_sequence")
        current = last.values_list("last_sequence", flat=True).first() or 0
        read = min(max(mark.read, 0), current)
        received = min(max(mark.received, read), current)
        places = Participant.objects.filter(
            Q(read_sequence__lt=read) | Q(received_sequence__lt=received),
            conversation=mark.conversation_id,
            member=mark.member_id,
            left_at=None,
        )
        moved = places.update(
            read_sequence=Greatest(F("read_sequence"), read),
            received_sequence=Greatest(F("received_sequence"), received),
        )
        if moved:
            frames.append(_mark_frame(mark, read, received))
    transaction.on_commit(partial(live.send_frames, frames))


def _mark_frame(mark: Mark, read: int, received: int) -> live.Frame:
    place = Participant.objects.only("pk").get(
        conversation=mark.conversation_id, member=mark.member_id
    )
    topic = f"{live.CONVERSATION}:{mark.conversation_id}"
    data = {"participant": str(place.pk), "read": read, "received": received}
    return live.frame(topic=topic, number=None, event="mark", data=data)


@transaction.atomic
def remove_message(*, message_id: int, now: datetime) -> None:
    """Take a message out of sight, as a moderator; that something stood there remains."""
    message = Message.objects.select_for_update().get(pk=message_id)
    if message.removed_at is not None:
        return
    message.removed_at = now
    message.save(update_fields=["removed_at"])
    topic = f"{live.CONVERSATION}:{message.conversation_id}"
    data = {"sequence": message.sequence}
    frames = [live.frame(topic=topic, number=None, event="removed", data=data)]
    transaction.on_commit(partial(live.send_frames, frames))
