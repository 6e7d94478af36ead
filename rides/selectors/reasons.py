"""Why rides and seats were given up, as managers may know it: counts of people, never few."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from accounts.models import Organization
from carpool.kernel.clock import wall_to_utc
from rides.models import Booking, CancelCode

# PRODUCT: managers see counts of at least 5 people.
FEWEST = 5
MONTHS = 3


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many different people gave a reason, and how many seats were given up for it."""

    label: str
    people: int
    seats: int
    late: int


def count_reasons(organization: Organization, *, now: datetime) -> list[ReasonCount]:
    """Count the reasons of the last full months; a reason of fewer than five people is left out.

    The month that goes on is not counted, so that nobody learns from yesterday's count and today's
    what one person has said; neither are lates of fewer than five people shown: those are 0.
    """
    first, last = _months(now.astimezone(organization.zone).date())
    start, end = (wall_to_utc(day, datetime.min.time(), organization.zone) for day in (first, last))
    given = Booking.objects.filter(
        ride__organization=organization, cancelled_at__gte=start, cancelled_at__lt=end
    ).exclude(cancel_code__in=["", CancelCode.RIDE_CHANGED])
    rows = (
        given.values("cancel_code")
        .annotate(
            people=Count("cancelled_by", distinct=True),
            seats=Count("pk"),
            late=Count("pk", filter=Q(is_late=True)),
            late_people=Count("cancelled_by", distinct=True, filter=Q(is_late=True)),
        )
        .filter(people__gte=FEWEST)
        .order_by("-people", "cancel_code")
    )
    return [
        ReasonCount(
            label=str(CancelCode(row["cancel_code"]).label),
            people=row["people"],
            seats=row["seats"],
            late=row["late"] if row["late_people"] >= FEWEST else 0,
        )
        for row in rows
    ]


def _months(today: date) -> tuple[date, date]:
    """Return the first day that counts, and the first that does not any more."""
    last = first = today.replace(day=1)
    for _month in range(MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
    return first, last
