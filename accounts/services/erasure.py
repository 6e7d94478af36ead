"""Forgetting people: when they ask, and when a term is over."""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.events import MemberWithdrawn
from accounts.models import (
    AvoidedPlace,
    Block,
    Car,
    DataExport,
    Erasure,
    Gender,
    Member,
    Place,
    PositionRead,
    Report,
    ReportState,
    User,
)
from carpool.kernel import outbox, personal_data

NAMELESS = "–"


@transaction.atomic
def ask_for_erasure(*, member: Member, now: datetime) -> Erasure:
    """Cancel what lies ahead of a member at once, and forget them when the grace is over."""
    due_at = now + timedelta(hours=settings.ERASURE_GRACE_HOURS)
    erasure, is_new = Erasure.objects.get_or_create(
        member=member, defaults={"asked_at": now, "due_at": due_at}
    )
    if is_new:
        outbox.publish(MemberWithdrawn(member_id=member.pk), now=now)
    return erasure


def think_again(*, member: Member) -> None:
    """Take the wish back while it is not carried out; what was cancelled stays so."""
    Erasure.objects.filter(member=member, done_at=None).delete()


def erase_due(*, now: datetime, limit: int = 100) -> int:
    """Forget everybody whose grace is over, each in a transaction of their own."""
    due = Erasure.objects.filter(done_at=None, due_at__lte=now).values_list("pk", flat=True)
    return sum(_erase(pk, now) for pk in list(due[:limit]))


@transaction.atomic
def _erase(erasure_id: int, now: datetime) -> bool:
    waiting = Erasure.objects.select_for_update(skip_locked=True).filter(done_at=None)
    erasure = waiting.filter(pk=erasure_id).first()
    if erasure is None:
        return False
    for holder in reversed(personal_data.holders()):
        holder.erase(erasure.member_id, now)
    erasure.done_at = now
    erasure.save(update_fields=["done_at"])
    return True


def erase_accounts(member_id: UUID, now: datetime) -> None:
    """Leave of a member a row without a name, to which past bookings can point."""
    for kind in (Place, AvoidedPlace, DataExport, PositionRead):
        kind.objects.filter(member=member_id).delete()
    Block.objects.filter(blocker=member_id).delete()
    Block.objects.filter(blocked=member_id).delete()
    Report.objects.filter(reporter=member_id).update(reporter=None, text="")
    Car.objects.filter(member=member_id).update(
        make=NAMELESS, model="", colour="", plate="", removed_at=now
    )
    member = Member.objects.select_for_update().get(pk=member_id)
    member.display_name, member.phone, member.language = _("Former member"), "", ""
    member.gender, member.same_gender_only = Gender.UNSTATED, False
    member.left_at = member.left_at or now
    member.save()
    if not Member.objects.filter(user=member.user_id, left_at=None).exists():
        _erase_user(member.user)


def _erase_user(user: User) -> None:
    """Close the door for good: nobody can sign in as somebody who is forgotten."""
    EmailAddress.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    user.email = f"{user.pk}@erased.invalid"
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


def keep_terms(*, now: datetime) -> int:
    """Delete what was kept for long enough; return how many rows went. Terms are settings."""
    terms = {name: now - timedelta(days=days) for name, days in settings.RETENTION_DAYS.items()}
    decided = Report.objects.exclude(state=ReportState.OPEN)
    rows = (
        PositionRead.objects.filter(at__lt=terms["position_read"]),
        DataExport.objects.filter(expires_at__lte=now),
        decided.filter(created_at__lt=terms["report"]),
    )
    return sum(some.delete()[0] for some in rows)
