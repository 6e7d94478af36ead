"""Reporting people, and what moderators do about it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import NotAMessage, OnlyOthers, ReportDecided, TooManyReports
from accounts.events import MemberWarned, MemberWithdrawn, MessageHidden, ReviewHidden
from accounts.models import (
    REPORT_TRANSITIONS,
    Member,
    ModerationAct,
    ModerationStep,
    Report,
    ReportReason,
    ReportState,
    ReportSubject,
    User,
)
from accounts.selectors import count_recent_reports, lock_report
from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput

MOST_REPORTS_A_DAY = 20


def report_member(
    *,
    by: Member,
    reported: Member,
    subject: str,
    subject_id: str,
    reason: str,
    text: str,
    now: datetime,
    excerpt: str = "",
) -> Report:
    """Put a complaint into the moderators' queue. The reported person is told nothing of it.

    The caller has made sure that the reporter may see the ride or message that it is about.

    Raises:
        OnlyOthers: it is the member themselves.
        InvalidInput: the reason is none of ours (names it).
        TooManyReports: 20 were made within a day.
    """
    if by.pk == reported.pk:
        raise OnlyOthers
    if reason not in ReportReason.values:
        raise InvalidInput(_("Choose one of these."), field="reason")
    if count_recent_reports(by, now=now) >= MOST_REPORTS_A_DAY:
        raise TooManyReports
    return Report.objects.create(
        organization=by.organization,
        reporter=by,
        reported=reported,
        subject=ReportSubject(subject),
        subject_id=subject_id,
        excerpt=excerpt[:2_000],
        reason=reason,
        text=text[:1_000],
    )


@transaction.atomic
def moderate(*, report_id: UUID, step: str, by: User, now: datetime) -> Report:
    """Do something about a report, and write down who did.

    Raises:
        ReportNotFound: there is no such report.
        ReportDecided: it was acted upon, and can't be dismissed any more.
        NotAMessage: only a message, or what a rating says, can be hidden.
    """
    report = lock_report(report_id)
    step = ModerationStep(step)
    after = ReportState.DISMISSED if step == ModerationStep.DISMISS else ReportState.ACTED
    if after not in REPORT_TRANSITIONS[ReportState(report.state)]:
        raise ReportDecided
    _STEPS[step](report, now)
    report.state = after
    report.save(update_fields=["state"])
    ModerationAct.objects.create(report=report, moderator=by, step=step, at=now)
    return report


def _dismiss(report: Report, now: datetime) -> None:
    """Leave everything as it is."""


def _warn(report: Report, now: datetime) -> None:
    outbox.publish(MemberWarned(member_id=report.reported_id, reason=report.reason), now=now)


def _suspend(report: Report, now: datetime) -> None:
    suspend_member(member=report.reported, now=now)


def _hide_message(report: Report, now: datetime) -> None:
    if report.subject == ReportSubject.REVIEW:
        outbox.publish(ReviewHidden(review_id=report.subject_id), now=now)
        return
    if report.subject != ReportSubject.MESSAGE:
        raise NotAMessage
    outbox.publish(MessageHidden(message_id=report.subject_id), now=now)


_STEPS: dict[ModerationStep, Callable[[Report, datetime], None]] = {
    ModerationStep.DISMISS: _dismiss,
    ModerationStep.WARN: _warn,
    ModerationStep.SUSPEND: _suspend,
    ModerationStep.HIDE_MESSAGE: _hide_message,
}


@transaction.atomic
def suspend_member(*, member: Member, now: datetime) -> None:
    """Shut a member out; their rides and bookings that lie ahead are cancelled."""
    locked = Member.objects.select_for_update().get(pk=member.pk)
    if locked.suspended_at is not None:
        return
    locked.suspended_at = now
    locked.save(update_fields=["suspended_at"])
    outbox.publish(MemberWithdrawn(member_id=member.pk), now=now)


@transaction.atomic
def readmit_member(*, member: Member) -> None:
    """Let a suspended member in again."""
    Member.objects.filter(pk=member.pk).update(suspended_at=None)
