"""Two memberships of one person become one: what they said, heard, and want to be told."""

from datetime import datetime
from uuid import UUID

from chat.models import (
    Conversation,
    ConversationKind,
    Message,
    Notification,
    NotificationPreference,
    NotificationSettings,
    Participant,
    PushDevice,
    TalkSettings,
)


def unite_chat(kept_id: UUID, gone_id: UUID, now: datetime) -> None:
    """Give the one who stays the conversations and news of the one who goes.

    What the one who stays wants to be told holds; the other's wishes only where they have none.
    The other's devices are signed out, so nothing is pushed there until somebody signs in again.
    """
    _unite_questions(kept_id, gone_id)
    for gone in Participant.objects.filter(member=gone_id).select_related("conversation"):
        kept = Participant.objects.filter(conversation=gone.conversation_id, member=kept_id).first()
        if kept is None:
            Participant.objects.filter(pk=gone.pk).update(member=kept_id)
        else:
            _unite_participants(kept, gone)
    Conversation.objects.filter(asker=gone_id).update(asker=kept_id)
    asked = Conversation.objects.filter(asker=kept_id, ride__driver=kept_id, closes_at__gt=now)
    asked.update(closes_at=now)  # a question to oneself
    _unite_news(kept_id, gone_id)
    for kind in (NotificationSettings, TalkSettings):
        theirs = kind._default_manager.filter(member=gone_id)
        if kind._default_manager.filter(member=kept_id).exists():
            theirs.delete()
        theirs.update(member=kept_id)
    PushDevice.objects.filter(member=gone_id).delete()


def _unite_news(kept_id: UUID, gone_id: UUID) -> None:
    told = Notification.objects.filter(member=kept_id).values("occasion")
    Notification.objects.filter(member=gone_id, occasion__in=told).delete()
    Notification.objects.filter(member=gone_id).update(member=kept_id)
    Notification.objects.filter(actor=gone_id).update(actor=kept_id)
    chosen = NotificationPreference.objects.filter(member=gone_id)
    if NotificationPreference.objects.filter(member=kept_id).exists():
        chosen.delete()  # a matrix is one decision
    chosen.update(member=kept_id)


def _unite_participants(kept: Participant, gone: Participant) -> None:
    """Make one of two who are in the same conversation, with what either of them could see."""
    Message.objects.filter(sender=gone).update(sender=kept)
    if kept.left_at is not None:
        kept.left_at = gone.left_at and max(kept.left_at, gone.left_at)
    kept.joined_at = min(kept.joined_at, gone.joined_at)
    kept.since_sequence = min(kept.since_sequence, gone.since_sequence)
    for mark in ("received_sequence", "read_sequence", "told_sequence"):
        setattr(kept, mark, max(getattr(kept, mark), getattr(gone, mark)))
    kept.is_masked = kept.is_masked and gone.is_masked
    gone.delete()
    kept.save()


def _unite_questions(kept_id: UUID, gone_id: UUID) -> None:
    """Append what the one who goes asked about a ride to what the one who stays asked."""
    questions = Conversation.objects.filter(kind=ConversationKind.QUESTION)
    asked = {one.ride_id: one for one in questions.filter(asker=kept_id)}
    for theirs in questions.filter(asker=gone_id, ride__in=asked).order_by("pk"):
        _append(theirs, asked[theirs.ride_id])


def _append(theirs: Conversation, own: Conversation) -> None:
    locked = Conversation.objects.select_for_update(of=("self",)).in_bulk([theirs.pk, own.pk])
    own, theirs = locked[own.pk], locked[theirs.pk]
    into = {one.member_id: one for one in own.participants.all()}
    asker = next(one for one in into.values() if one.member_id == own.asker_id)
    for message in theirs.messages.select_related("sender").order_by("sequence"):
        own.last_sequence += 1
        message.conversation, message.sequence = own, own.last_sequence
        if message.sender is not None:
            message.sender = into.get(message.sender.member_id, asker)
        message.save(update_fields=["conversation", "sequence", "sender"])
    own.last_message_at = max(own.last_message_at, theirs.last_message_at)
    own.closes_at = max(own.closes_at, theirs.closes_at)
    own.save(update_fields=["last_sequence", "last_message_at", "closes_at"])
    Notification.objects.filter(conversation=theirs).update(conversation=own)
    theirs.delete()
