"""What people say to one another, and what they are told."""

from chat.models.conversations import (
    LONGEST_TEXT,
    Conversation,
    ConversationKind,
    Message,
    MessageKind,
    Participant,
    Photo,
    TalkSettings,
)
from chat.models.live import LiveEvent, LiveTopic

__all__ = [
    "LONGEST_TEXT",
    "Conversation",
    "ConversationKind",
    "LiveEvent",
    "LiveTopic",
    "Message",
    "MessageKind",
    "Participant",
    "Photo",
    "TalkSettings",
]
