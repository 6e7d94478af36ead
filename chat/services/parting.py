"""Ending conversations: when one wants nothing to do with the other, or has gone."""

from datetime import datetime
from uuid import UUID

from accounts.models import Member, kept_apart
from chat.models import Conversation, ConversationKind
from chat.services.conversations import leave_conversation


def part_people(*, member_id: UUID, now: datetime) -> int:
    """Close a member's questions to, and from, whom they are kept apart from; return how many.

    People who share a car go on talking: they have to find each other.
    """
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        return 0
    questions = Conversation.objects.filter(kind=ConversationKind.QUESTION, closes_at__gt=now)
    asked = questions.filter(kept_apart(member, "ride__driver"), asker=member)
    answered = questions.filter(kept_apart(member, "asker"), ride__driver=member)
    return asked.update(closes_at=now) + answered.update(closes_at=now)


def leave_questions(*, member_id: UUID, now: datetime) -> int:
    """Take who has gone out of all questions; a ride's conversation follows its bookings."""
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        return 0
    questions = Conversation.objects.visible_to(member).filter(kind=ConversationKind.QUESTION)
    ids = list(questions.values_list("pk", flat=True))
    for pk in ids:
        leave_conversation(conversation_id=pk, by=member, now=now)
    return len(ids)
