"""What every page shows of notifications: how many are unread."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from accounts.models import Member
from chat.selectors.notifications import count_unread_notifications


def unread_notifications(request: HttpRequest) -> dict[str, Any]:
    """Count them, when and only when the page shows the number."""
    member: Member | None = getattr(request, "member", None)
    if member is None:
        return {"notifications_unread": 0}
    return {"notifications_unread": cache(lambda: count_unread_notifications(member))}
