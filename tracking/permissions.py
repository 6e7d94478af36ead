"""Pure predicates: whose position is taken, who may see where the car is, and when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import Member
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from rides.models import Booking, Ride, Stop, StopKind
from rides.permissions import is_driver, travels_along

# What a phone kept while it was offline is taken for a day. Source: the French register refuses
# journeys that are sent more than 24 hours late.
TAKEN_FOR = timedelta(hours=24)
# Nobody sees the car this near to its driver's door: it may be a home.
DOOR_M = 300.0
# No threshold lies this far from its door: see ``rides.services.thresholds``.
BEYOND_M = 1_700.0
# Past a threshold: a car at full speed tells of itself every hundred metres.
PAST_M = 150.0
# The car is at a stop: the width of a junction, and a phone's error.
AT_STOP_M = 75.0


def window_of(ride: Ride) -> tuple[datetime, datetime]:
    """Return when a ride's positions are recorded: from T-15 min to some minutes after arrival.

    Both ends are the organization's rules: when a ride can be started, and when both are asked.
    """
    return ride.departing_at, ride.validating_at


def is_of_the_ride(member: Member, ride: Ride, bookings: Sequence[Booking]) -> bool:
    """Tell whether somebody drives, or has a confirmed seat."""
    return is_driver(member, ride) or travels_along(member, bookings)


def can_share(member: Member, ride: Ride, bookings: Sequence[Booking], now: datetime) -> bool:
    """Only who is in the car, from T-15 min until shortly after it arrived."""
    begins, ends = window_of(ride)
    is_now = ride.cancelled_at is None and begins <= now < ends
    return is_now and is_of_the_ride(member, ride, bookings)


def sees_car(
    member: Member, ride: Ride, bookings: Sequence[Booking], stops: Sequence[Stop], now: datetime
) -> bool:
    """Only its driver, who waits for it and who sits in it, from T-15 min until they get out.

    Source: ``payments-security.md`` C4, the row of the live position.
    """
    if ride.cancelled_at is not None or not ride.departing_at <= now < ride.validating_at:
        return False
    if is_driver(member, ride):
        return True
    if ride.finished_at is not None or not travels_along(member, bookings):
        return False
    mine = {booking.pk for booking in bookings if booking.rider_id == member.pk}
    ends = [s for s in stops if s.kind == StopKind.DROPOFF and s.booking_id in mine]
    return any(stop.visited_at is None for stop in ends)


def leaves_home(ride: Ride, threshold: LonLat | None, place: LonLat) -> bool:
    """Tell whether a car that is here has left the surroundings of its driver's door.

    It has when it comes past the ride's threshold, which was drawn by lot around the door; or when
    it is farther away than any threshold. If cars appeared at a fixed distance from their doors, a
    few mornings would draw a circle around each.
    """
    if ride.origin_public:
        return True
    if threshold is not None and crow_fly_m(threshold, place) < PAST_M:
        return True
    return crow_fly_m(from_point(ride.origin), place) > BEYOND_M


def tells_a_door(ride: Ride, place: LonLat) -> bool:
    """Tell whether the car is so near to a private end that seeing it would give a home away."""
    doors = (
        (ride.origin_public, from_point(ride.origin)),
        (ride.destination_public, from_point(ride.destination)),
    )
    return any(not is_public and crow_fly_m(door, place) < DOOR_M for is_public, door in doors)
