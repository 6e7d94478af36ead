"""Ending conversations: when one wants nothing to do with the other, or has gone."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member, kept_apart
from chat.models import Conversation, ConversationKind
from chat.services.conversations import take_out


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


@transaction.atomic
def leave_conversations(*, member_id: UUID, now: datetime) -> int:
    """Take who has gone out of all conversations, those of rides that ended included."""
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        return 0
    theirs = Conversation.objects.visible_to(member).select_for_update(of=("self",))
    conversations = list(theirs.order_by("pk"))
    for conversation in conversations:
        take_out(conversation, member, now=now)
    return len(conversations)
