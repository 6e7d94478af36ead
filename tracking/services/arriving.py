"""What the car's positions say of its way: it has left home, it is at the next stop."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Member
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from rides.models import Ride, RideState, Stop, StopKind
from rides.services import visit_stop
from tracking.models import Trace
from tracking.permissions import AT_STOP_M, leaves_home
from tracking.services.fixes import Fix

# With each batch, too: the ORM takes longer to word it than PostgreSQL to answer.
_AHEAD = """
SELECT id, ride_id, location FROM rides_stop
WHERE ride_id = %s AND visited_at IS NULL AND kind = ANY (%s) ORDER BY position
"""


def follow_car(trace: Trace, ordered: Sequence[Fix], *, by: Member, now: datetime) -> None:
    """Note when others may see the car, and which stops it has reached."""
    ride = trace.ride
    if trace.shown_from is None:
        _show(trace, ordered)
    if ride.state_at(now, has_open_bookings=True) == RideState.IN_TRANSIT:
        _visit_stops(ride, ordered, by=by, now=now)


def _show(trace: Trace, ordered: Sequence[Fix]) -> None:
    ride = trace.ride
    stop = None if ride.origin_public else ride.stops.filter(kind=StopKind.ORIGIN).first()
    threshold = from_point(stop.location) if stop else None
    for fix in ordered:
        if leaves_home(ride, threshold, fix.place):
            trace.shown_from = fix.recorded_at
            trace.save(update_fields=["shown_from"])
            return


def _visit_stops(ride: Ride, ordered: Sequence[Fix], *, by: Member, now: datetime) -> None:
    """Visit stops in their order, each when the car was there: nobody presses a button.

    Only the next stop counts: a way may come past a later one before its turn.
    """
    begin = 0
    for stop in Stop.objects.raw(_AHEAD, [ride.pk, [StopKind.PICKUP, StopKind.DROPOFF]]):
        there = (n for n in range(begin, len(ordered)) if _is_at(stop, ordered[n].place))
        begin = next(there, len(ordered))
        if begin == len(ordered):
            return
        visit_stop(ride_id=ride.pk, stop_id=stop.pk, by=by, now=now, at=ordered[begin].recorded_at)


def _is_at(stop: Stop, place: LonLat) -> bool:
    return crow_fly_m(from_point(stop.location), place) <= AT_STOP_M
