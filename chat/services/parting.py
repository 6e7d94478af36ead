"""Ending what two people said to each other, when one wants nothing to do with the other."""

from datetime import datetime
from uuid import UUID

from accounts.models import Member, kept_apart
from chat.models import Conversation, ConversationKind


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
