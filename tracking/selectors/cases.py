"""What the engine is told of a trip: both traces, and what is known besides."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import ConsentPurpose, Member
from maps.selectors import load_network
from rides.models import Booking, BookingState, Stop, StopKind
from tracking import engine
from tracking.models import ProofRules, StrategyName, Trace
from tracking.selectors.consents import agrees
from tracking.selectors.traces import load_trace

# A rider is aboard longer than this, or the stops were ticked off at the end.
LEAST_ABOARD_S = 60.0
# Earlier traces that are still kept are searched for the one that is replayed.
MOST_EARLIER = 20


def build_case(booking: Booking, *, now: datetime) -> engine.Case:
    """Return a rider's trip as the engine judges it.

    Only the traces of those are used who agree that their trips are proven by them.
    """
    ride, pair = booking.ride, (booking.ride.driver, booking.rider)
    agreed = Trace.objects.filter(agrees(ConsentPurpose.TRIP_PROOF, who="member"))
    rows = {one.member_id: one for one in agreed.filter(ride=ride, member__in=pair)}
    driver, rider = (_loaded(rows.get(member.pk)) for member in pair)
    facts = _facts(booking, rows, rider or driver, now)
    roads = engine.road_distance(load_network(ride.region))
    return engine.Case(driver, rider, facts, _earlier(booking, pair), roads)


def _loaded(row: Trace | None) -> engine.Trace | None:
    return None if row is None else load_trace(row)


def _facts(
    booking: Booking, rows: dict[UUID, Trace], recorded: engine.Trace | None, now: datetime
) -> engine.Facts:
    ride, aboard = booking.ride, _aboard_s(booking)
    devices = [row.device for row in rows.values() if row.device]
    part = recorded.between(*aboard) if recorded is not None and aboard else recorded
    others, between_s = _other_trips(booking)
    return engine.Facts(
        same_device=len(devices) == 2 and len(set(devices)) == 1,
        same_person=ride.driver.user_id == booking.rider.user_id,
        # Noted where the driver enters the rider's code at the kerb; planned rides have none.
        boarding_code=booking.boarded_at is not None if booking.boarding_code else None,
        aboard_s=aboard,
        distance_m=None if part is None else engine.distance_m(part),
        routed_distance_m=float(booking.shared_distance_m),
        routed_duration_s=(booking.dropoff_at - booking.pickup_at).total_seconds(),
        other_trips_that_day=others,
        to_other_trip_s=between_s,
        reported_after_s=(now - booking.pickup_at).total_seconds(),
    )


def _aboard_s(booking: Booking) -> tuple[float, float] | None:
    """Return when the rider got in and out, as the car's stops tell."""
    stops = Stop.objects.filter(booking=booking).exclude(visited_at=None)
    visited = {stop.kind: stop.visited_at.timestamp() for stop in stops if stop.visited_at}
    if StopKind.PICKUP not in visited or StopKind.DROPOFF not in visited:
        return None
    start, end = visited[StopKind.PICKUP], visited[StopKind.DROPOFF]
    return (start, end) if end - start >= LEAST_ABOARD_S else None


def _other_trips(booking: Booking) -> tuple[int, float | None]:
    """Return the most other trips of either that day, and how near the pair's next one is."""
    day = booking.pickup_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    real = Booking.objects.filter(
        pickup_at__range=(day, day + timedelta(days=1)),
        state__in=[
            BookingState.CONFIRMED,
            BookingState.COMPLETED_PENDING_VALIDATION,
            BookingState.VALIDATED,
        ],
    ).exclude(ride=booking.ride_id)
    driver, rider = booking.ride.driver_id, booking.rider_id
    counts = [
        real.filter(Q(ride__driver=who) | Q(rider=who)).values("ride").distinct().count()
        for who in (driver, rider)
    ]
    pairs = Q(ride__driver=driver, rider=rider) | Q(ride__driver=rider, rider=driver)
    gaps = [
        max((booking.pickup_at - end).total_seconds(), (start - booking.dropoff_at).total_seconds())
        for start, end in real.filter(pairs).values_list("pickup_at", "dropoff_at")
    ]
    return max(counts), max(0.0, min(gaps)) if gaps else None


def _earlier(booking: Booking, pair: tuple[Member, Member]) -> tuple[engine.Trace, ...]:
    """Return what both recorded on other rides, as far as it is still kept."""
    rows = Trace.objects.filter(member__in=pair, purged_at=None, day__lte=_day(booking))
    found = rows.exclude(ride=booking.ride_id).order_by("-day")[:MOST_EARLIER]
    loaded = (load_trace(row) for row in found)
    return tuple(one for one in loaded if one is not None)


def _day(booking: Booking) -> date:
    return booking.pickup_at.astimezone(UTC).date()


def strategy_of(rules: ProofRules) -> engine.Strategy:
    """Return the rule that a version stands for.

    Raises:
        TypeError: a threshold has no such name.
    """
    if rules.strategy == StrategyName.SEED:
        return engine.SeedRule(**rules.thresholds)
    told: dict[str, Any] = {name: _as_told(value) for name, value in rules.thresholds.items()}
    return engine.OurRule(engine.Thresholds(**told), version=str(rules.pk))


def _as_told(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def known_thresholds(strategy: str) -> dict[str, object]:
    """Return every threshold of a strategy with its default."""
    rule = engine.SeedRule() if strategy == StrategyName.SEED else engine.Thresholds()
    return {field.name: getattr(rule, field.name) for field in fields(rule)}
