"""Instant rides: a driver at the kerb shows a code, riders join in one tap.

An instant ride is a ride like any other, but for its departure: that is when the driver says so,
at the latest when the code expires. All promises are therefore made for this latest departure, as
if the driver left then; what is planned lies earlier by as much as they leave earlier. At the kerb
everybody gets in together, so it takes no time; then the car stops where somebody gets out, in the
order that brings the driver there soonest. Instant rides have no price.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from accounts.selectors import avoided_circles
from carpool.kernel.geo import LonLat, from_point, to_point, walking_time
from carpool.kernel.tenancy import as_system
from maps.selectors import load_network, meeting_points
from rides.errors import (
    AlreadyBooked,
    OutOfTheWay,
    OwnRide,
    RideChanged,
    RideClosed,
    SeatsExhausted,
    SeatsOutOfRange,
)
from rides.models import (
    CODE_ALPHABET,
    CODE_LENGTH,
    Booking,
    BookingState,
    InstantCode,
    Ride,
    StopKind,
)
from rides.permissions import is_driver
from rides.selectors import get_instant_for, get_trip_region
from rides.services import itinerary as itineraries
from rides.services.bookings import store_booking
from rides.services.itinerary import Call, Itinerary
from rides.services.kerb import SOON, move_departure
from rides.services.offers import OfferTerms, TripEnd, offer_ride
from rides.services.transitions import record_new_booking

# So many meeting points are looked at for one that neither side avoids.
_MOST_TRIED = 8


@dataclass(frozen=True, slots=True)
class InstantTerms:
    """What a driver at the kerb accepts."""

    kerb: LonLat
    destination: TripEnd
    car_id: UUID
    seats: int
    detour_s: int


@dataclass(frozen=True, slots=True)
class _GetOut:
    """Where a rider gets out, and how far they walk from there."""

    location: LonLat
    label: str
    walk_m: int


@transaction.atomic
def open_instant(*, driver: Member, terms: InstantTerms, now: datetime) -> InstantCode:
    """Let a driver stand at the kerb; return the code that they show.

    Raises:
        OutsideMap, OffNetwork, TooClose, SeatsOutOfRange, InvalidInput: a term makes no sense.
        KerbAtDoor: whoever joins would see where the driver lives.
        CarNotFound: the car is not the driver's.
        DriverBusy: the driver has another ride at that time, or stands at the kerb already.
    """
    waits_until = now + timedelta(seconds=driver.organization.policy.instant_wait_s)
    ride = offer_ride(
        driver=driver,
        terms=OfferTerms(
            origin=TripEnd(terms.kerb),
            destination=terms.destination,
            car_id=terms.car_id,
            seats=terms.seats,
            detour_s=terms.detour_s,
            departure_at=now + SOON,
            waits_until=waits_until,
        ),
        now=now,
    )
    return InstantCode.objects.create(code=_new_code(), ride=ride, expires_at=waits_until)


@as_system()  # codes of other organizations are taken, too
def _new_code() -> str:
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _place in range(CODE_LENGTH))
        if not InstantCode.objects.filter(code=code).exists():
            return code


@transaction.atomic
def join_instant(
    *, code: str, rider: Member, dropoff: TripEnd | None = None, seats: int = 1, now: datetime
) -> Booking:
    """Take seats in the car that stands at the kerb; without ``dropoff`` to its destination.

    Raises:
        InstantNotFound: nobody whom the rider may meet waits with this code.
        OwnRide, AlreadyBooked, RiderBusy, RideClosed, SeatsOutOfRange: the rider may not.
        SeatsExhausted: somebody was faster.
        OutOfTheWay, OutsideMap, OffNetwork, TooClose: not to there (names ``destination``).
    """
    found = get_instant_for(rider, code, now=now, lock=True)
    ride = found.ride
    _check_may_join(found, rider, seats=seats, now=now)
    if ride.departure_at <= now:  # the watcher is late
        move_departure(ride, min(now + SOON, found.expires_at), now=now)
    calls = itineraries.calls_of(ride)
    booking = _new_booking(ride, rider, dropoff, seats, calls, now)
    get_out = _get_out(ride, rider, dropoff, calls)
    earlier = ride.departure_at - found.expires_at
    itinerary = _insert(_leaving_at(ride, found.expires_at), booking, get_out, calls)
    arrives_at = booking.dropoff_at + _leeway(ride)
    booking.latest_arrival_at = arrives_at + walking_time(get_out.walk_m)
    booking.walk_from_m = get_out.walk_m
    added = itinerary.planned_at[-1] + earlier - ride.arrival_at
    booking.detour_s = max(0, -int(-added.total_seconds() // 1))
    promised = _promise(itinerary, booking, arrives_at, found.expires_at)
    booking.pickup_at += earlier
    booking.dropoff_at += earlier
    store_booking(ride, booking, itineraries.moved(promised, earlier))
    record_new_booking(booking, now=now, actor=rider)
    return booking


def _check_may_join(found: InstantCode, rider: Member, *, seats: int, now: datetime) -> None:
    ride = found.ride
    if is_driver(rider, ride):
        raise OwnRide
    if ride.bookings.filter(rider=rider).exclude(state=BookingState.CANCELLED).exists():
        raise AlreadyBooked
    if not found.is_valid_at(now):
        raise RideClosed
    if not 1 <= seats <= 8:
        raise SeatsOutOfRange(field="seats")


def _leaving_at(ride: Ride, departure_at: datetime) -> Ride:
    """Return the ride as it would be if it left then; nothing of it is to be saved."""
    late = Ride(pk=ride.pk, is_instant=True)
    for name in ("organization", "region", "seats_offered", "detour_m", "solo_distance_m"):
        setattr(late, name, getattr(ride, name))
    late.departure_at = departure_at
    return late


def _leeway(ride: Ride) -> timedelta:
    """Return how much later than now a rider may get out because others join."""
    return timedelta(seconds=max(ride.organization.policy.stop_leeway_s, ride.detour_s))


def _new_booking(
    ride: Ride,
    rider: Member,
    dropoff: TripEnd | None,
    seats: int,
    calls: Sequence[Call],
    now: datetime,
) -> Booking:
    """Return a booking that knows everything but its times."""
    label = ride.destination_label if ride.destination_public else ride.destination_area
    return Booking(
        ride=ride,
        rider=rider,
        seats=seats,
        state=BookingState.CONFIRMED,
        origin=ride.origin,
        origin_label=ride.origin_label,
        destination=to_point(dropoff.location if dropoff else _end_of(calls).location),
        destination_label=dropoff.label if dropoff else label,
        earliest_departure_at=now,
        walk_to_m=0,
        boarding_code=_boarding_code(ride),
    )


def _boarding_code(ride: Ride) -> str:
    taken = set(ride.bookings.values_list("boarding_code", flat=True))
    while True:
        code = f"{secrets.randbelow(10_000):04}"
        if code not in taken:
            return code


def _get_out(ride: Ride, rider: Member, dropoff: TripEnd | None, calls: Sequence[Call]) -> _GetOut:
    """Return where the rider gets out: a public place near their own, or the destination."""
    if dropoff is None:
        end = _end_of(calls)
        return _GetOut(end.location, end.label, 0)
    get_trip_region(from_point(ride.origin), dropoff.location)
    network, most_m = load_network(ride.region), ride.organization.policy.default_walk_m
    near = meeting_points(
        ride.region, dropoff.location, walk_m=most_m, limit=_MOST_TRIED, field="destination"
    )
    avoided = (*avoided_circles(rider), *avoided_circles(ride.driver))
    for node, walk_m in zip(near.nodes, near.walk_m, strict=True):
        place = network.location(int(node))
        if not any(circle.holds(place) for circle in avoided):
            return _GetOut(place, network.corner_name(int(node)), -int(-float(walk_m) // 1))
    raise OutOfTheWay(field="destination")


def _insert(late: Ride, booking: Booking, get_out: _GetOut, calls: Sequence[Call]) -> Itinerary:
    """Return the way that brings the driver there soonest and keeps every promise.

    Raises:
        SeatsExhausted: no seat is left.
        OutOfTheWay: none does.
    """
    last = max(i for i, call in enumerate(calls) if call.kind in {StopKind.ORIGIN, StopKind.PICKUP})
    end = calls.index(_end_of(calls))
    if _aboard(calls) + booking.seats > late.seats_offered:
        raise SeatsExhausted
    kerb = calls[0]
    pickup = Call(
        StopKind.PICKUP, kerb.location, kerb.label, booking.seats, booking, None, kerb.latest_at
    )
    dropoff = Call(
        StopKind.DROPOFF, get_out.location, get_out.label, -booking.seats, booking, None,
        calls[-1].latest_at,
    )  # fmt: skip
    choices = []
    for after in range(last, end):
        longer = itineraries.with_insertion(
            calls, pickup=pickup, dropoff=dropoff, pickup_after=last, dropoff_after=after
        )
        choice = itineraries.plan(late, longer)
        try:
            itineraries.check(late, choice)
        except RideChanged:
            continue
        choices.append((choice.planned_at[-1], choice.planned_at[after + 2], after, choice))
    if not choices:
        raise OutOfTheWay(field="destination")
    _arrival_at, booking.dropoff_at, after, itinerary = min(choices, key=lambda one: one[:3])
    booking.pickup_at = itinerary.planned_at[last + 1]
    booking.shared_distance_m = sum(itinerary.leg_distances_m[last + 2 : after + 3])
    return itinerary


def _end_of(calls: Sequence[Call]) -> Call:
    """Return where the ride ends for everybody but its driver."""
    return next(call for call in calls if call.kind == StopKind.DESTINATION)


def _aboard(calls: Sequence[Call]) -> int:
    """Return how many seats are taken when the car leaves the kerb."""
    return sum(call.seats for call in calls if call.kind == StopKind.PICKUP)


def _promise(
    itinerary: Itinerary, booking: Booking, arrives_at: datetime, leaves_at: datetime
) -> Itinerary:
    """Turn what is planned for a new rider into what is promised; nobody waits for a time."""
    latest = {StopKind.PICKUP: leaves_at, StopKind.DROPOFF: arrives_at}
    calls = tuple(
        replace(call, latest_at=latest[call.kind]) if call.booking is booking else call
        for call in itinerary.calls
    )
    return replace(itinerary, calls=calls)
