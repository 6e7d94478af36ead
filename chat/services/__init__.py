"""All writes about conversations and notifications, and what is told to open pages."""

from chat.services.live import MEMBER, RIDE, announce, group_name

__all__ = ["MEMBER", "RIDE", "announce", "group_name"]
