"""Reading what a socket sends."""

from typing import Any
from uuid import UUID

from accounts.models import Member
from carpool.kernel.errors import InvalidInput
from chat import services
from chat.errors import ConversationNotFound
from chat.models import MessageKind

KINDS = (MessageKind.TEXT, MessageKind.QUICK)


def draft_from(said: dict[str, Any], member: Member) -> services.Draft:
    """Return what somebody wants to say.

    Raises:
        InvalidInput: a part is missing or of another type.
        ConversationNotFound: its id is none.
    """
    kind = said.get("kind", MessageKind.TEXT)
    if kind not in KINDS:
        raise InvalidInput(field="kind")
    try:
        client_id = UUID(_text(said, "client_id"))
    except ValueError as error:
        raise InvalidInput(field="client_id") from error
    return services.Draft(
        conversation_id=_conversation(said.get("conversation")),
        sender_id=member.pk,
        client_id=client_id,
        kind=kind,
        text=_text(said, "text"),
        code=_text(said, "code"),
        language=_text(said, "language")[:8],
    )


def mark_from(content: dict[str, Any], member: Member) -> services.Mark:
    """Return how far somebody has got.

    Raises:
        ConversationNotFound: the id is none.
    """
    name = "read" if "read" in content else "received"
    number = min(max(content["sequence"], 0), 2**62)
    return services.Mark(
        conversation_id=_conversation(content[name]), member_id=member.pk, **{name: number}
    )


def _conversation(text: Any) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConversationNotFound from error


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise InvalidInput(field=name)
    return value
