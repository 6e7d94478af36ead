"""Saying something.

Messages are written in batches, because a socket server hears many at once: one transaction locks
the conversations, in the order of their ids, gives each message the next number of its
conversation, and writes all of them in a constant number of statements. A single message is a batch
of one. Sending the same message again (same sender, same client id) finds the first copy.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel.errors import DomainError
from chat.errors import ConversationClosed, ConversationNotFound, TooManyMessages
from chat.models import Conversation, Message, MessageKind, Photo
from chat.selectors.conversations import render_message
from chat.services import batches, live
from chat.services.drafts import Draft, compose, photo_of

# Source: limits of the product's security plan, W4.
MOST_IN_WINDOW = 20
WINDOW = timedelta(seconds=10)

Result = Message | DomainError


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


def post_messages(*, drafts: Sequence[Draft], now: datetime) -> list[Result]:
    """Write a batch and tell open pages; return for each draft its message, or why not."""
    results, frames = write_batch(drafts=drafts, now=now)
    transaction.on_commit(partial(live.send_frames, frames))
    return results


def write_batch(*, drafts: Sequence[Draft], now: datetime) -> tuple[list[Result], list[live.Frame]]:
    """Write a batch; return the results and, to be sent once it is stored, what pages are told."""
    composed = [_composed(draft, now) for draft in drafts]
    with transaction.atomic():
        batch = _Batch(drafts, now)
        results = [batch.add(n, message) for n, message in enumerate(composed)]
        batch.write()
    return results, [message_frame(message) for message in batch.new]


def _composed(draft: Draft, now: datetime) -> Result:
    try:
        return compose(draft, now)
    except DomainError as error:
        return error


class _Batch:
    """All that a batch has to know, read after the locks were taken."""

    def __init__(self, drafts: Sequence[Draft], now: datetime) -> None:
        self.drafts, self.now = drafts, now
        self.lines = batches.lock_conversations({draft.conversation_id for draft in drafts})
        # Looked up after the locks: who was removed a moment ago is seen to be gone.
        self.standings = batches.read_standings(drafts, now - WINDOW)
        earlier = [at.said_id for at in self.standings if at.said_id is not None]
        self.earlier = Message.objects.select_related("photo").in_bulk(earlier) if earlier else {}
        self.recent = {
            draft.sender_id: at.recent for draft, at in zip(drafts, self.standings, strict=True)
        }
        self.said: dict[tuple[UUID, UUID], Message] = {}
        self.new: list[Message] = []
        self.photos: list[Photo] = []

    def add(self, n: int, composed: Result) -> Result:
        """Number the message of the n-th draft, or tell why it is refused."""
        try:
            return self._add(self.drafts[n], self.standings[n], composed)
        except DomainError as error:
            return error

    def _add(self, draft: Draft, at: batches.Standing, composed: Result) -> Message:
        if at.place_id is None:
            raise ConversationNotFound
        if at.said_id is not None:
            return self.earlier[at.said_id]
        if known := self.said.get((at.place_id, draft.client_id)):
            return known
        if isinstance(composed, DomainError):
            raise composed
        line = self.lines[draft.conversation_id]
        if self.now >= line.closes_at:
            raise ConversationClosed
        if self.recent[draft.sender_id] >= MOST_IN_WINDOW:
            raise TooManyMessages
        self.recent[draft.sender_id] += 1
        line.last += 1
        composed.sequence, composed.sender_id = line.last, at.place_id
        self.said[at.place_id, draft.client_id] = composed
        self.new.append(composed)
        if photo := photo_of(draft, composed):
            self.photos.append(photo)
        return composed

    def write(self) -> None:
        """Store what is new."""
        if not self.new:
            return
        batches.write_messages(self.new, self.now)
        for photo in self.photos:
            photo.save(force_insert=True)


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
        conversation.last_sequence += 1
        conversation.last_message_at = now
        message = Message(
            conversation=conversation,
            sequence=conversation.last_sequence,
            kind=MessageKind.SYSTEM,
            code=code,
            data=data,
            is_checked=True,
            created_at=now,
        )
        messages.append(message)
    Message.objects.bulk_create(messages)
    conversation.save(update_fields=["last_sequence", "last_message_at"])
    frames = [message_frame(message) for message in messages]
    transaction.on_commit(partial(live.send_frames, frames))
