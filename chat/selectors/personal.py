"""What chat holds about a member, for their export."""

from typing import Any
from uuid import UUID

from chat.models import Message, Notification

Table = list[Any]


def export_chat(member_id: UUID) -> dict[str, Table]:
    """Return what a member wrote and what they were told, JSON-ready."""
    written = Message.objects.filter(sender__member=member_id, removed_at=None)
    told = Notification.objects.filter(member=member_id)
    return {
        "written": list(written.values("text", "code", "created_at")),
        "told": list(told.values("kind", "created_at")),
    }
