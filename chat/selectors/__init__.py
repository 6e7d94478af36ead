"""All reads about conversations and notifications, and who has to hear of what."""

from chat.selectors.conversations import (
    ConversationShown,
    PersonShown,
    count_unread,
    get_participant,
    get_photo_for,
    list_conversations,
    list_messages,
    list_messages_after,
    render_message,
    show_conversations,
    takes_questions,
    view_conversation,
)
from chat.selectors.looks import (
    count_for,
    list_ended,
    list_gone,
    list_missed,
    list_moved,
    list_removed,
)
from chat.selectors.people import owner_of_request, people_of_ride, people_of_room
from chat.selectors.topics import COUNTERS, TODAY, Topic, last_of, open_topic

__all__ = [
    "COUNTERS",
    "TODAY",
    "ConversationShown",
    "PersonShown",
    "Topic",
    "count_for",
    "count_unread",
    "get_participant",
    "get_photo_for",
    "last_of",
    "list_conversations",
    "list_ended",
    "list_gone",
    "list_messages",
    "list_messages_after",
    "list_missed",
    "list_moved",
    "list_removed",
    "open_topic",
    "owner_of_request",
    "people_of_ride",
    "people_of_room",
    "render_message",
    "show_conversations",
    "takes_questions",
    "view_conversation",
]
