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
from chat.models.deliveries import (
    DELIVERY_TRANSITIONS,
    UNSETTLED,
    Delivery,
    DeliveryState,
    PushDevice,
    Transport,
)
from chat.models.live import LiveEvent, LiveTopic
from chat.models.moderation import MessageReview, ReviewStep
from chat.models.notifications import (
    DEFAULTS,
    NEVER,
    STALE_AFTER,
    URGENCY,
    Channel,
    Kind,
    Notification,
    Urgency,
)
from chat.models.preferences import Digest, NotificationPreference, NotificationSettings

__all__ = [
    "DEFAULTS",
    "DELIVERY_TRANSITIONS",
    "LONGEST_TEXT",
    "NEVER",
    "STALE_AFTER",
    "UNSETTLED",
    "URGENCY",
    "Channel",
    "Conversation",
    "ConversationKind",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Kind",
    "LiveEvent",
    "LiveTopic",
    "Message",
    "MessageKind",
    "MessageReview",
    "Notification",
    "NotificationPreference",
    "NotificationSettings",
    "Participant",
    "Photo",
    "PushDevice",
    "ReviewStep",
    "TalkSettings",
    "Transport",
    "Urgency",
]
