"""Reads about repeating rides; each begins with the driver who asks."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, Subquery, UUIDField
from django.db.models.functions import Coalesce

from accounts.models import Member
from accounts.selectors import list_holidays
from rides.errors import RecurringRideNotFound
from rides.models import Booking, DayState, RecurringDay, RecurringRide, Ride
from rides.models.recurring import RecurringRideQuerySet

HORIZON = timedelta(weeks=8)
SHOWN_WITHIN = timedelta(days=2)


def list_recurring_rides(member: Member, *, now: datetime) -> RecurringRideQuerySet:
    """List the repeating rides that a member has not ended and that still lie ahead."""
    today = now.astimezone(member.organization.zone).date()
    ahead = Q(last_date=None) | Q(last_date__gte=today)
    rides = RecurringRide.objects.visible_to(member).going_on().filter(ahead)
    return rides.select_related("car", "organization")


def get_recurring_ride_for(
    member: Member, recurring_id: UUID, *, lock: bool = False
) -> RecurringRide:
    """Return one of the member's own repeating rides that is not ended.

    Raises:
        RecurringRideNotFound: it is not theirs, has ended, or does not exist.
    """
    rides = RecurringRide.objects.visible_to(member).going_on().filter(pk=recurring_id)
    if lock:
        rides = rides.select_for_update(of=("self",))
    found = rides.select_related("car", "organization", "region", "driver").first()
    if found is None:
        raise RecurringRideNotFound
    return found


def horizon_of(recurring: RecurringRide, now: datetime) -> date:
    """Return the last day that is offered by now: eight weeks, or as far as the organization lets.

    Source: seed 003 (NetMobiel) generates eight weeks ahead.
    """
    days = timedelta(days=recurring.organization.policy.booking_horizon_days)
    return now.astimezone(recurring.zone).date() + min(HORIZON, days)


@dataclass(frozen=True, slots=True)
class RecurringDayView:
    """One day of a repeating ride as its driver sees it."""

    date: date
    state: str
    holiday: str
    ride_id: UUID | None
    departure_at: datetime | None
    seats_taken: int

    @property
    def is_offered(self) -> bool:
        """Whether colleagues can book it."""
        return self.state == DayState.OFFERED

    @property
    def stays(self) -> bool:
        """Whether a ride that was booked before a change of the others goes on as it was."""
        return self.state == DayState.BOOKED and self.ride_id is not None

    @property
    def can_resume(self) -> bool:
        """Whether the driver left it out and may take it back."""
        return self.state == DayState.SKIPPED

    @property
    def label(self) -> str:
        """What became of it."""
        return str(DayState(self.state).label) if self.state else ""


def list_days(recurring: RecurringRide, *, now: datetime) -> list[RecurringDayView]:
    """Return the days ahead as far as rides are offered, and what the driver left out beyond."""
    today, until = now.astimezone(recurring.zone).date(), horizon_of(recurring, now)
    known = _known_days(recurring, today)
    names = list_holidays(recurring.organization, today, until) if recurring.skips_holidays else {}
    span = (today + timedelta(days=n) for n in range((until - today).days + 1))
    planned = {day for day in span if recurring.falls_on(day)}
    shown = []
    for day in sorted(planned | known.keys()):
        row = known.get(day)
        if row is None and day not in names:
            continue  # today's has left already
        shown.append(_view(day, row, names.get(day, "") if row is None else ""))
    return shown


def _known_days(recurring: RecurringRide, today: date) -> dict[date, RecurringDay]:
    rows = RecurringDay.objects.filter(recurring=recurring, date__gte=today)
    either = Coalesce("ride_id", "kept_id", output_field=UUIDField())
    active = Booking.objects.active().filter(ride=OuterRef("own_ride")).order_by()
    taken = Subquery(active.values("ride").annotate(n=Count("pk")).values("n"))
    known = rows.select_related("ride", "kept").annotate(own_ride=either).annotate(taken=taken)
    return {row.date: row for row in known}


def _view(day: date, row: RecurringDay | None, holiday: str) -> RecurringDayView:
    ride = (row.ride or row.kept) if row else None
    return RecurringDayView(
        date=day,
        state=row.state if row else "",
        holiday=holiday,
        ride_id=ride.pk if ride else None,
        departure_at=ride.departure_at if ride else None,
        seats_taken=getattr(row, "taken", None) or 0,
    )


def next_offered_day(recurring: RecurringRide, *, now: datetime) -> RecurringDay | None:
    """Return the next day on which it leaves and can still be booked."""
    days = RecurringDay.objects.filter(recurring=recurring, ride__departure_at__gt=now)
    return days.select_related("ride").order_by("date").first()


def find_recurring_day(member: Member, ride: Ride) -> RecurringDay | None:
    """Return which day of which repeating ride of the member's own a ride is, if any."""
    days = RecurringDay.objects.filter(ride=ride, recurring__driver=member)
    return days.select_related("recurring").first()


def count_detached(recurring: RecurringRide) -> int:
    """Count the days on which a ride that was booked before a change stays as it was."""
    return recurring.days.filter(state=DayState.BOOKED).count()


def worth_showing(now: datetime) -> Q:
    """Return the condition that a ride belongs on Today: of what repeats, the next and the booked.

    The other days of a repeating ride are on its own page.
    """
    once = Q(recurring_day=None) | Q(departure_at__lt=now + SHOWN_WITHIN)
    return once | Q(Exists(Booking.objects.active().filter(ride=OuterRef("pk"))))
