"""Fitting those who booked into a ride whose terms change.

In words: the car keeps its order of stops and drives it on the new terms. Whoever is still reached
within their promised window keeps it. Who is not, or would make the car wait for longer than the
leeway of a stop, is to be asked whether they come at the time at which it passes now. When even so
a leg has too few seats, or the driver's own promises break, the newest bookings whose absence mends
it cannot come along; nor can those who cannot be asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from rides.errors import RideChanged, SeatsExhausted
from rides.models import Booking, Ride, StopKind
from rides.services.itinerary import Call, Itinerary, check, plan

_ANY_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fit:
    """A ride on its new terms: how it drives, who is asked, who cannot come along."""

    itinerary: Itinerary
    asked: frozenset[UUID]
    out: frozenset[UUID]


def refit(
    ride: Ride,
    own: Sequence[Call],
    inner: Sequence[Call],
    can_be_asked: Callable[[Booking, Itinerary], bool],
) -> Fit:
    """Fit the pick-ups and drop-offs of bookings, ``inner``, between a ride's own stops.

    Raises:
        RideChanged: the terms cannot be kept even without anybody.
    """
    out: frozenset[UUID] = frozenset()
    while True:
        itinerary, asked = _arrange(ride, own, _without(inner, out))
        if not _is_kept(ride, itinerary):
            out |= {_who_goes(ride, own, inner, out)}
            continue
        booked = {call.booking.pk: call.booking for call in inner if call.booking is not None}
        unasked = {pk for pk in asked if not can_be_asked(booked[pk], itinerary)}
        if not unasked:
            return Fit(itinerary, asked, out)
        out |= unasked


def _arrange(
    ride: Ride, own: Sequence[Call], inner: Sequence[Call]
) -> tuple[Itinerary, frozenset[UUID]]:
    """Drive the stops in order; return the way, and whose promised times it does not keep."""
    first = next(i for i, call in enumerate(own) if call.kind == StopKind.ORIGIN) + 1
    free: frozenset[UUID] = frozenset()
    while True:
        between = [_freed(call) if _of(call) in free else call for call in inner]
        itinerary = plan(ride, [*own[:first], *between, *own[first:]])
        moved = _moved(ride, itinerary)
        if not moved:
            return itinerary, free
        free |= moved


def _of(call: Call) -> UUID | None:
    return None if call.booking is None else call.booking.pk


def _freed(call: Call) -> Call:
    return replace(call, earliest_at=None, latest_at=_ANY_TIME)


def _moved(ride: Ride, itinerary: Itinerary) -> frozenset[UUID]:
    """Return whose promise is broken; where none is, who would make the car wait too long."""
    stops = list(zip(itinerary.calls, itinerary.planned_at, strict=True))
    late = {_of(call) for call, at in stops if at > call.latest_at}
    found = frozenset(pk for pk in late if pk is not None)
    if found:
        return found
    policy = ride.organization.policy
    leeway, boarding = (
        timedelta(seconds=policy.stop_leeway_s),
        timedelta(seconds=policy.boarding_s),
    )
    legs = itinerary.leg_durations_ms[1:]
    for ((before, left_at), (call, at)), leg_ms in zip(pairwise(stops), legs, strict=True):
        dwell = boarding if before.kind in {StopKind.PICKUP, StopKind.DROPOFF} else timedelta(0)
        waited = at - (left_at + dwell + timedelta(milliseconds=leg_ms))
        if waited > leeway and call.booking is not None:
            return frozenset({call.booking.pk})
    return frozenset()


def _is_kept(ride: Ride, itinerary: Itinerary) -> bool:
    try:
        check(ride, itinerary)
    except (SeatsExhausted, RideChanged):
        return False
    return True


def _without(inner: Sequence[Call], out: frozenset[UUID]) -> list[Call]:
    return [call for call in inner if _of(call) not in out]


def _who_goes(ride: Ride, own: Sequence[Call], inner: Sequence[Call], out: frozenset[UUID]) -> UUID:
    """Return the newest booking whose absence mends it all, else the newest.

    Raises:
        RideChanged: there is nobody left.
    """
    here = {
        call.booking.pk: call.booking for call in _without(inner, out) if call.booking is not None
    }
    newest = sorted(here.values(), key=lambda one: (one.created_at, one.pk), reverse=True)
    if not newest:
        raise RideChanged
    for one in newest:
        itinerary, _asked = _arrange(ride, own, _without(inner, out | {one.pk}))
        if _is_kept(ride, itinerary):
            return one.pk
    return newest[0].pk
