"""All writes about conversations and notifications, and what is told to open pages."""

from chat.services.conversations import (
    change_talk_settings,
    follow_ride,
    leave_conversation,
    open_conversation,
)
from chat.services.live import (
    CONVERSATION,
    MEMBER,
    RIDE,
    Frame,
    announce,
    event_frame,
    frame,
    group_name,
    send_frames,
)
from chat.services.messages import (
    Draft,
    Mark,
    message_frame,
    move_marks,
    post_message,
    post_messages,
    remove_message,
)
from chat.services.photos import draw_anew, read_photo
from chat.services.texts import QuickReply

__all__ = [
    "CONVERSATION",
    "MEMBER",
    "RIDE",
    "Draft",
    "Frame",
    "Mark",
    "QuickReply",
    "announce",
    "change_talk_settings",
    "draw_anew",
    "event_frame",
    "follow_ride",
    "frame",
    "group_name",
    "leave_conversation",
    "message_frame",
    "move_marks",
    "open_conversation",
    "post_message",
    "post_messages",
    "read_photo",
    "remove_message",
    "send_frames",
]
