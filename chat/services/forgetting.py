"""Forgetting somebody: what they wrote, and how they wanted to be told."""

from datetime import datetime
from uuid import UUID

from chat.models import (
    Message,
    MessageReview,
    Notification,
    NotificationPreference,
    NotificationSettings,
    PushDevice,
    TalkSettings,
)
from chat.services.moderation import take_out


def erase_chat(member_id: UUID, now: datetime) -> None:
    """Empty what a member wrote; that something was said at that place stays."""
    own = Message.objects.filter(sender__member=member_id)
    take_out(own.values_list("pk", flat=True), now)
    MessageReview.objects.filter(message__in=own).update(excerpt="")
    for kind in (
        Notification,
        NotificationPreference,
        NotificationSettings,
        PushDevice,
        TalkSettings,
    ):
        kind.objects.filter(member=member_id).delete()
