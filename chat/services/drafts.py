"""What somebody wants to say, and the message that it becomes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile

from carpool.kernel.errors import InvalidInput
from chat.models import Message, MessageKind, Photo
from chat.services.photos import DrawnPhoto
from chat.services.texts import QuickReply, clean_text


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say. ``client_id`` stays the same when it is sent again."""

    conversation_id: UUID
    sender_id: UUID
    client_id: UUID
    kind: str = MessageKind.TEXT
    text: str = ""
    code: str = ""
    language: str = ""
    photo: DrawnPhoto | None = None


def compose(draft: Draft, now: datetime) -> Message:
    """Return the message, still without a sender and a number.

    Raises:
        MessageEmpty, MessageTooLong, InvalidInput: what is wrong with it.
    """
    message = Message(
        conversation_id=draft.conversation_id,
        client_id=draft.client_id,
        kind=draft.kind,
        language=draft.language[:8],
        is_checked=draft.kind != MessageKind.TEXT,
        created_at=now,
    )
    if draft.kind == MessageKind.QUICK:
        if draft.code not in QuickReply.values:
            raise InvalidInput(field="code")
        message.code = draft.code
    elif draft.kind == MessageKind.TEXT:
        message.text = clean_text(draft.text)
    elif draft.kind != MessageKind.PHOTO or draft.photo is None:
        raise InvalidInput(field="kind")
    return message


def photo_of(draft: Draft, message: Message) -> Photo | None:
    """Return the picture of a message, not yet stored."""
    if draft.photo is None:
        return None
    image = ContentFile(draft.photo.jpeg, name="photo.jpg")
    size = {"width": draft.photo.width, "height": draft.photo.height}
    return Photo(message=message, image=image, **size)
