"""All writes about conversations and notifications, and what is told to open pages."""

from chat.services.conversations import (
    change_talk_settings,
    follow_ride,
    follow_room,
    leave_conversation,
    mute_conversation,
    open_conversation,
    open_room_conversation,
)
from chat.services.drafts import Draft
from chat.services.live import (
    CONVERSATION,
    EVERYBODY,
    MEMBER,
    RIDE,
    ROOM,
    Frame,
    Goodbye,
    announce,
    event_frame,
    frame,
    parcel,
    send_frames,
)
from chat.services.marks import Mark, move_marks
from chat.services.messages import (
    Result,
    message_frame,
    post_message,
    post_messages,
    write_batch,
)
from chat.services.moderation import flag_messages, remove_message, review_message
from chat.services.photos import draw_anew, read_photo
from chat.services.texts import QuickReply

__all__ = [
    "CONVERSATION",
    "EVERYBODY",
    "MEMBER",
    "RIDE",
    "ROOM",
    "Draft",
    "Frame",
    "Goodbye",
    "Mark",
    "QuickReply",
    "Result",
    "announce",
    "change_talk_settings",
    "draw_anew",
    "event_frame",
    "flag_messages",
    "follow_ride",
    "follow_room",
    "frame",
    "leave_conversation",
    "message_frame",
    "move_marks",
    "mute_conversation",
    "open_conversation",
    "open_room_conversation",
    "parcel",
    "post_message",
    "post_messages",
    "read_photo",
    "remove_message",
    "review_message",
    "send_frames",
    "write_batch",
]
