"""The days of a repeating ride: each becomes an ordinary ride, by copying what was computed once.

Generating is idempotent. A day that was decided has a row, and a day has one row (a unique
constraint); what is missing within the horizon is made, whenever one looks. Days on which the
driver is in another ride are noted as such, told once, and looked at again until they are free.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from accounts.selectors import list_holidays
from carpool.kernel import clock, outbox
from carpool.kernel.geo import LonLat, to_point
from rides.errors import DriverBusy
from rides.events import RecurringDaysSkipped, RideOffered
from rides.models import (
    DayState,
    RecurringDay,
    RecurringRide,
    Ride,
    RideTransition,
    Stop,
)
from rides.selectors import horizon_of
from rides.services.offers import ONE_RIDE_AT_A_TIME, Draft

logger = structlog.get_logger(__name__)

# Shortly after midnight where the ride goes, one more day comes within the horizon.
LOOKS_AT = time(0, 15)
COPIED = (
    *("organization_id", "region_id", "driver_id", "car_id"),
    *("origin", "origin_label", "origin_area", "origin_public"),
    *("destination", "destination_label", "destination_area", "destination_public"),
    *("seats_offered", "detour_s", "detour_m", "booking_mode", "note"),
    *("solo_duration_s", "solo_distance_m", "route", "reach"),
)


def generate_due(*, now: datetime, limit: int = 500) -> int:
    """Offer the days that came within the horizon; one transaction each; return how many rides."""
    due = RecurringRide.objects.due(now).order_by("next_check_at").values_list("pk", flat=True)
    return sum(_carefully(pk, now) for pk in list(due[:limit]))


def _carefully(pk: UUID, now: datetime) -> int:
    """One that cannot be brought up to date must not stop the others."""
    try:
        with transaction.atomic():
            rides = RecurringRide.objects.select_related("organization", "driver", "car")
            locked = rides.select_for_update(no_key=True, skip_locked=True, of=("self",)).due(now)
            recurring = locked.filter(pk=pk).first()
            return 0 if recurring is None else generate(recurring, now=now)
    except Exception:
        logger.exception("A repeating ride could not be generated", recurring=str(pk))
        return 0


def generate(recurring: RecurringRide, *, now: datetime) -> int:
    """Offer what is missing of a locked repeating ride within its horizon; return how many rides.

    Raises:
        DriverBusy: the driver offered another ride in this very moment.
    """
    today = now.astimezone(recurring.zone).date()
    wanted = _missing_days(recurring, today, now)
    if wanted:
        taken = _taken_spans(recurring, wanted.values())
        busy = {
            day
            for day, at in wanted.items()
            if any(at < end and start < at + _alone(recurring) for start, end in taken)
        }
        _note_busy(recurring, busy, now)
        _offer(recurring, {day: at for day, at in wanted.items() if day not in busy}, now)
        offered = len(wanted) - len(busy)
    else:
        offered = 0
    tomorrow = today + timedelta(days=1)
    recurring.next_check_at = clock.wall_to_utc(tomorrow, LOOKS_AT, recurring.zone)
    if recurring.last_date is not None and recurring.last_date < today:
        recurring.next_check_at = None
    recurring.save(update_fields=["next_check_at"])
    return offered


def departure_on(recurring: RecurringRide, day: date) -> datetime:
    """Return when it leaves on a day, by the wall clock of that day."""
    at = clock.wall_to_utc(day, recurring.wall_time, recurring.zone)
    return at - recurring.longest if recurring.is_arrival else at


def _alone(recurring: RecurringRide) -> timedelta:
    return timedelta(milliseconds=recurring.arrives_after_ms)


def _missing_days(recurring: RecurringRide, today: date, now: datetime) -> dict[date, datetime]:
    """Return the days to come that nothing was decided of, each with its departure."""
    until = horizon_of(recurring, now)
    decided = RecurringDay.objects.filter(recurring=recurring, date__gte=today)
    known = set(decided.exclude(state=DayState.BUSY).values_list("date", flat=True))
    if recurring.skips_holidays:
        known |= list_holidays(recurring.organization, today, until).keys()
    days = (today + timedelta(days=n) for n in range((until - today).days + 1))
    departures = {
        day: departure_on(recurring, day)
        for day in days
        if recurring.falls_on(day) and day not in known
    }
    return {day: at for day, at in departures.items() if at > now}


def _taken_spans(
    recurring: RecurringRide, departures: Iterable[datetime]
) -> list[tuple[datetime, datetime]]:
    """Return when the driver is in another ride of theirs around these departures."""
    at = sorted(departures)
    others = Ride.objects.filter(
        driver_id=recurring.driver_id,
        cancelled_at=None,
        departure_at__lt=at[-1] + _alone(recurring),
        arrival_at__gt=at[0],
    )
    return list(others.values_list("departure_at", "arrival_at"))


def _note_busy(recurring: RecurringRide, busy: set[date], now: datetime) -> None:
    """Write down on which days the driver is elsewhere, and tell them of the new ones."""
    known = RecurringDay.objects.filter(recurring=recurring, state=DayState.BUSY)
    new = sorted(busy - set(known.values_list("date", flat=True)))
    if not new:
        return
    RecurringDay.objects.bulk_create(
        RecurringDay(recurring=recurring, date=day, state=DayState.BUSY) for day in new
    )
    event = RecurringDaysSkipped(
        recurring_id=recurring.pk,
        member_id=recurring.driver_id,
        first_date=new[0].isoformat(),
        days=len(new),
        at=now,
    )
    outbox.publish(event, now=now)


def _offer(recurring: RecurringRide, departures: dict[date, datetime], now: datetime) -> None:
    """Publish the rides of some days at once, in a fixed number of queries."""
    rides = {day: _ride(recurring, at, now) for day, at in departures.items()}
    free = RecurringDay.objects.filter(recurring=recurring, date__in=rides)
    free.filter(state=DayState.BUSY).delete()
    try:
        with transaction.atomic():
            Ride.objects.bulk_create(rides.values())
    except IntegrityError as error:
        if ONE_RIDE_AT_A_TIME not in str(error):
            raise
        raise DriverBusy from error
    Stop.objects.bulk_create(stop for ride in rides.values() for stop in _stops(recurring, ride))
    RideTransition.objects.bulk_create(
        RideTransition(ride=ride, after=ride.state, actor_id=recurring.driver_id, at=now)
        for ride in rides.values()
    )
    RecurringDay.objects.bulk_create(
        RecurringDay(recurring=recurring, date=day, state=DayState.OFFERED, ride=ride)
        for day, ride in rides.items()
    )
    for ride in rides.values():
        outbox.publish(RideOffered(ride_id=ride.pk), now=now)


def _ride(recurring: RecurringRide, departure_at: datetime, now: datetime) -> Ride:
    ride = Ride(
        departure_at=departure_at,
        arrival_at=departure_at + _alone(recurring),
        arrive_latest_at=departure_at + recurring.longest,
        distance_m=sum(stop["leg_m"] for stop in recurring.stops),
        **{name: getattr(recurring, name) for name in COPIED},
    )
    ride.organization = recurring.organization  # its rules time the states
    ride.state = ride.state_at(now, has_open_bookings=False)
    ride.next_check_at = ride.next_change_after(now)
    return ride


def _stops(recurring: RecurringRide, ride: Ride) -> Iterable[Stop]:
    for position, stop in enumerate(recurring.stops):
        yield Stop(
            ride=ride,
            position=position,
            kind=stop["kind"],
            location=to_point(LonLat(stop["lon"], stop["lat"])),
            label=stop["label"],
            planned_at=ride.departure_at + timedelta(milliseconds=stop["planned_after_ms"]),
            latest_at=ride.departure_at + timedelta(milliseconds=stop["latest_after_ms"]),
            seats_after=0,
            leg_distance_m=stop["leg_m"],
            leg_duration_ms=stop["leg_ms"],
        )


def pattern_of(draft: Draft) -> dict[str, Any]:
    """Return what of a drafted ride is the same on every day."""
    ride, itinerary = draft.ride, draft.itinerary
    stops = [
        {
            "kind": str(call.kind),
            "lon": call.location.lon,
            "lat": call.location.lat,
            "label": call.label,
            "leg_m": leg_m,
            "leg_ms": leg_ms,
            "planned_after_ms": _ms(at - ride.departure_at),
            "latest_after_ms": _ms(call.latest_at - ride.departure_at),
        }
        for call, at, leg_m, leg_ms in zip(
            itinerary.calls,
            itinerary.planned_at,
            itinerary.leg_distances_m,
            itinerary.leg_durations_ms,
            strict=True,
        )
    ]
    return {
        **{name: getattr(ride, name) for name in COPIED},
        "arrives_after_ms": _ms(ride.arrival_at - ride.departure_at),
        "arrives_latest_after_ms": _ms(ride.arrive_latest_at - ride.departure_at),
        "stops": stops,
    }


def _ms(delta: timedelta) -> int:
    """Return whole milliseconds, rounded up, as a promise never gets shorter."""
    return -(-delta // timedelta(milliseconds=1))
