"""Taking what somebody wrote out of sight: by a moderator, or because they are to be forgotten."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from chat.models import (
    Message,
    Notification,
    NotificationPreference,
    NotificationSettings,
    Photo,
    PushDevice,
    TalkSettings,
)


def erase_chat(member_id: UUID, now: datetime) -> None:
    """Empty what a member wrote; that something was said at that place stays."""
    _take_out(Message.objects.filter(sender__member=member_id), now)
    for kind in (
        Notification,
        NotificationPreference,
        NotificationSettings,
        PushDevice,
        TalkSettings,
    ):
        kind.objects.filter(member=member_id).delete()


def hide_message(*, message_id: int, now: datetime) -> None:
    """Take one message out of sight for good."""
    _take_out(Message.objects.filter(pk=message_id, removed_at=None), now)


def _take_out(messages: QuerySet[Message], now: datetime) -> None:
    for photo in Photo.objects.filter(message__in=messages):
        photo.image.delete(save=False)
        photo.delete()
    messages.update(text="", removed_at=now)
