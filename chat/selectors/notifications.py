"""What a member was told."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.models import Member
from chat.models import Notification

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class NewsPage:
    """A stretch of a member's list, and the cursor of the next, older one."""

    items: list[Notification]
    older: str
    unread: int


def list_notifications(member: Member) -> QuerySet[Notification]:
    """List what stands in a member's app, newest first, with all that its text needs."""
    return Notification.objects.of(member).shown().select_related("actor")


def page_of_notifications(member: Member, *, before: str = "") -> NewsPage:
    """Return what was told before the notification of that id; of an unknown one, the newest."""
    own = list_notifications(member)
    try:
        edge = own.filter(pk=UUID(before)).first()
    except ValueError:
        edge = None
    if edge is not None:
        own = own.filter(
            Q(created_at__lt=edge.created_at) | Q(created_at=edge.created_at, pk__lt=edge.pk)
        )
    items = list(own[: PAGE_SIZE + 1])
    older = str(items[PAGE_SIZE - 1].pk) if len(items) > PAGE_SIZE else ""
    return NewsPage(items[:PAGE_SIZE], older, count_unread_notifications(member))


def count_unread_notifications(member: Member) -> int:
    """Count what a member has not read."""
    return Notification.objects.of(member).shown().unread().count()


def count_unread_of(members: Iterable[UUID]) -> dict[UUID, int]:
    """Count what several members have not read, in one query; who read everything is missing."""
    unread = Notification.objects.filter(member__in=set(members)).shown().unread().order_by()
    return dict(unread.values_list("member").annotate(n=Count("pk")))
