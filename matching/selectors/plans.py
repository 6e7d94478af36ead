"""Reads about commute plans: one's own week, and who travels on a day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Member, Organization
from matching.models import CommutePlan, CommuteRole, CommuteTrip, Direction
from rides.models import Booking, Ride


def plan_of(member: Member, *, lock: bool = False) -> CommutePlan | None:
    """Return a member's own plan with its trips, or None while there is none."""
    plans = (
        CommutePlan.objects.visible_to(member)
        .select_related("member__organization", "home", "work_place", "work_site", "car")
        .prefetch_related("trips")
    )
    if lock:
        plans = plans.select_for_update(of=("self",))
    return plans.first()


@dataclass(frozen=True, slots=True)
class Habit:
    """Trips that are alike: the days on which they happen, and one of them."""

    days: tuple[int, ...]
    trip: CommuteTrip


def habits_of(trips: Iterable[CommuteTrip]) -> list[Habit]:
    """Gather trips that are alike, to work first, the earliest day first."""
    alike: dict[tuple[str, str, time, int], list[CommuteTrip]] = {}
    for trip in sorted(trips, key=lambda t: (t.direction == Direction.TO_HOME, t.weekday)):
        if trip.role != CommuteRole.NONE:
            key = (trip.direction, trip.role, trip.at, trip.flexibility_s)
            alike.setdefault(key, []).append(trip)
    return [Habit(tuple(t.weekday for t in same), same[0]) for same in alike.values()]


def list_trips(
    organization: Organization, day: date, direction: str, *, beyond: bool = False
) -> QuerySet[CommuteTrip]:
    """List the trips that an organization's people plan for a day in one direction.

    ``beyond``: of those only whom partner organizations may see.
    """
    plans = CommutePlan.objects.on(organization, day)
    if beyond:
        plans = plans.filter(member__shares_beyond=True, member__suspended_at=None)
    return (
        CommuteTrip.objects.filter(
            plan__in=plans,
            weekday=day.weekday(),
            direction=direction,
        )
        .exclude(role=CommuteRole.NONE)
        .select_related(
            "plan__member__organization",
            "plan__home",
            "plan__work_place",
            "plan__work_site",
            "plan__car",
        )
        .prefetch_related("plan__member__avoided_places")
        .order_by("plan__member_id")
    )


Periods = dict[UUID, list[tuple[datetime, datetime]]]


def busy_periods(organization: Organization, start: datetime, end: datetime) -> Periods:
    """Return when an organization's people drive or ride already, within a period."""
    drives = Ride.objects.filter(
        organization=organization, cancelled_at=None, departure_at__lt=end, arrival_at__gt=start
    ).values_list("driver_id", "departure_at", "arrival_at")
    seats = (
        Booking.objects.active()
        .filter(rider__organization=organization, pickup_at__lt=end, dropoff_at__gt=start)
        .values_list("rider_id", "pickup_at", "dropoff_at")
    )
    busy: Periods = defaultdict(list)
    for member_id, begins_at, ends_at in (*drives.order_by(), *seats.order_by()):
        busy[member_id].append((begins_at, ends_at))
    return busy


def next_service_day(organization: Organization, now: datetime) -> date:
    """Return the first day after today for which anybody plans a trip, else tomorrow."""
    today = now.astimezone(organization.zone).date()
    days = [today + timedelta(days=n) for n in range(1, 8)]
    trips = CommuteTrip.objects.filter(
        plan__member__organization=organization, plan__is_active=True
    ).exclude(role=CommuteRole.NONE)
    planned = set(trips.values_list("weekday", flat=True).distinct().order_by())
    return next((day for day in days if day.weekday() in planned), days[0])


def next_trip_day(member: Member, *, now: datetime) -> date | None:
    """Return the first day after today on which a member's own plan has a trip."""
    plan = plan_of(member)
    if plan is None:
        return None
    today = now.astimezone(member.organization.zone).date()
    travelled = {trip.weekday for trip in plan.trips.all() if trip.role != CommuteRole.NONE}
    days = (today + timedelta(days=n) for n in range(1, 8))
    return next(
        (day for day in days if day.weekday() in travelled and not plan.is_paused_on(day)), None
    )
