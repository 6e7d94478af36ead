"""Reads about reports: the reporter's own count, and the moderators' queue."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.errors import ReportNotFound
from accounts.models import Member, Report


def count_recent_reports(member: Member, *, now: datetime) -> int:
    """Return how many reports a member made within a day."""
    return Report.objects.filter(reporter=member, created_at__gt=now - timedelta(days=1)).count()


def list_reports() -> QuerySet[Report]:
    """List all reports with their people, for moderators."""
    return Report.objects.select_related("reporter", "reported", "organization")


def lock_report(report_id: UUID) -> Report:
    """Return a report, locked.

    Raises:
        ReportNotFound: there is none of that id.
    """
    report = list_reports().select_for_update(of=("self",)).filter(pk=report_id).first()
    if report is None:
        raise ReportNotFound
    return report
