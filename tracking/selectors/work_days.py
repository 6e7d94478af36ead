"""A member's month of working days, and the counts that those see who steer the organization."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, CharField, Count, F, QuerySet, Value, When

from accounts.models import Member
from accounts.selectors import require_manager
from tracking.errors import MonthUnknown
from tracking.models import DayKind, WorkDay

FEW = 5  # a manager sees no count of fewer people
SEEN_AHEAD, SEEN_BACK = 14, 28  # days


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of a month's sheet; without a row nobody knows anything of it."""

    date: date
    row: WorkDay | None
    is_today: bool

    @property
    def kind(self) -> str:
        """Where the member worked; empty: unknown."""
        return self.row.kind.value if self.row else ""

    @property
    def label(self) -> str:
        """The same in words."""
        return str(self.row.kind.label) if self.row else ""


@dataclass(frozen=True, slots=True)
class MonthSheet:
    """A month as a wall calendar: weeks of seven cells, None where another month's days are."""

    first: date
    weeks: list[list[DayCell | None]]
    counts: dict[str, int]

    @property
    def before(self) -> date:
        """The month before, by its first day."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        """The month after, by its first day."""
        return (self.first + timedelta(days=31)).replace(day=1)

    @property
    def weekdays(self) -> list[date]:
        """Seven days in the order of the columns, to name them."""
        full = next(week for week in self.weeks if all(week))
        return [cell.date for cell in full if cell is not None]

    def cell_of(self, day: date) -> DayCell | None:
        """Return a day's cell; None where it is another month's."""
        cells = (cell for week in self.weeks for cell in week if cell is not None)
        return next((cell for cell in cells if cell.date == day), None)


def read_month(text: str, *, today: date) -> date:
    """Return the first day of a month written as 2026-11; of nothing, this one's.

    Raises:
        MonthUnknown: it is no month.
    """
    if not text:
        return today.replace(day=1)
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 (a month has no zone)
    except ValueError as error:
        raise MonthUnknown(field="month") from error


def month_sheet(member: Member, first: date, *, today: date) -> MonthSheet:
    """Return a member's own month; one query."""
    days = list_work_days(member).filter(date__year=first.year, date__month=first.month)
    rows = {row.date: row for row in days}
    starts_on = member.organization.week_start - 1  # ISO counts from 1
    sheet = calendar.Calendar(starts_on).monthdatescalendar(first.year, first.month)
    weeks = [
        [
            DayCell(day, rows.get(day), day == today) if day.month == first.month else None
            for day in week
        ]
        for week in sheet
    ]
    kinds = [row.kind for row in rows.values()]
    return MonthSheet(first, weeks, {kind.value: kinds.count(kind) for kind in DayKind})


def list_work_days(member: Member) -> "QuerySet[WorkDay]":
    """Return what is known of a member's own days."""
    return WorkDay.objects.filter(member=member).order_by("date")


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many people worked where on a day; None: somebody did, and they are fewer than five."""

    date: date
    on_site: int | None
    telework: int | None
    away: int | None


def count_work_days(member: Member, *, now: datetime) -> list[DayCount]:
    """Return the counts of the organization that a member steers, latest day first.

    A day of which no figure may be told is left out.

    Raises:
        ManagersOnly: they steer none.
    """
    require_manager(member)
    today = now.astimezone(member.organization.zone).date()
    span = today - timedelta(days=SEEN_BACK), today + timedelta(days=SEEN_AHEAD)
    people = Member.objects.active().filter(organization=member.organization_id)
    rows = WorkDay.objects.filter(member__in=people, date__range=span).order_by()
    counted = rows.annotate(
        where=Case(
            When(said="", then=Value(DayKind.ON_SITE.value)),
            default=F("said"),
            output_field=CharField(),
        )
    )
    found: dict[date, dict[str, int]] = {}
    for row in counted.values("date", "where").annotate(n=Count("pk")):
        found.setdefault(row["date"], {})[row["where"]] = row["n"]
    return list(_told(found))


def _told(found: dict[date, dict[str, int]]) -> Iterator[DayCount]:
    for day in sorted(found, reverse=True):
        figures = found[day]
        if max(figures.values()) >= FEW:
            yield DayCount(day, *(_enough(figures.get(kind.value, 0)) for kind in DayKind))


def _enough(people: int) -> int | None:
    return people if people == 0 or people >= FEW else None
