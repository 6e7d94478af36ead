"""Forgetting people: when they ask, and when a term is over."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.events import MemberWithdrawn
from accounts.models import (
    AccountMerge,
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
from accounts.services.people import end_sessions
from carpool.kernel import outbox, personal_data

NAMELESS = "–"
# So long it is known which address an account was joined by; that it was stays in the history.
MERGE_KEPT_FOR = timedelta(days=7)


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
    _write_down(erasure.member_id)
    _forget(erasure, now)
    return True


def _forget(erasure: Erasure, now: datetime) -> None:
    for holder in reversed(personal_data.holders()):
        holder.erase(erasure.member_id, now)
    erasure.done_at = now
    erasure.save(update_fields=["done_at"])


def _write_down(member_id: UUID) -> None:
    """Note an erasure outside of the database: a backup of before knows nothing of it.

    Before the commit, so that nobody is forgotten who is not on the list. An id that means nothing
    to anybody else is all that it holds.
    """
    path = Path(settings.ERASURE_LIST)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as written:
        written.write(f"{member_id}\n")
        written.flush()
        os.fsync(written.fileno())


def _written_down() -> Iterator[UUID]:
    path = Path(settings.ERASURE_LIST)
    lines = path.read_text().split() if path.exists() else []
    yield from dict.fromkeys(UUID(line) for line in lines)


def reapply_erasures(*, now: datetime) -> int:
    """Forget again whom a restored backup has brought back; return how many. Again does nothing."""
    return sum(_erase_again(member_id, now) for member_id in _written_down())


@transaction.atomic
def _erase_again(member_id: UUID, now: datetime) -> bool:
    if not Member.objects.select_for_update().filter(pk=member_id).exists():
        return False
    erasure, _is_new = Erasure.objects.get_or_create(
        member_id=member_id, defaults={"asked_at": now, "due_at": now}
    )
    if erasure.done_at is not None:
        return False
    # As when they asked: what lies ahead of them ends, and those aboard hear of it.
    outbox.publish(MemberWithdrawn(member_id=member_id), now=now)
    _forget(erasure, now)
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
    AccountMerge.objects.filter(keeper=user).delete()
    AccountMerge.objects.filter(other=user).delete()
    end_sessions(user)
    Authenticator.objects.filter(user=user).delete()
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
        AccountMerge.objects.filter(done_at=None, expires_at__lte=now),
        AccountMerge.objects.filter(done_at__lte=now - MERGE_KEPT_FOR),
        decided.filter(created_at__lt=terms["report"]),
    )
    return sum(some.delete()[0] for some in rows)
