"""What a trusted contact, without an account, may see of a ride; and what an emergency needs.

A first name, the car, and the member's own stops: meeting points, which are public. An end of the
ride that may be a home is named by its area only, and has no position at all.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from accounts.models import Car, Member
from accounts.selectors import emergency_number
from carpool.kernel.geo import LonLat, from_point
from rides.errors import BookingNotFound, LinkOver, RideNotFound
from rides.models import Ride, RideShare, Stop, StopKind
from rides.permissions import is_driver, travels_along
from rides.selectors.seeing import INNER, RideView, between_thresholds, view_ride


@dataclass(frozen=True, slots=True)
class FollowedStop:
    """A stop on the followed way; ``place`` is None where somebody may live."""

    label: str
    place: LonLat | None
    planned_at: datetime
    visited_at: datetime | None


@dataclass(frozen=True, slots=True)
class FollowedRide:
    """A ride as the trusted contact of one of its people sees it."""

    first_name: str
    state: str
    state_label: str
    drives: bool
    car: Car
    stops: list[FollowedStop]
    zone: ZoneInfo

    @property
    def last_seen(self) -> FollowedStop | None:
        """The last stop that was reached."""
        return next((stop for stop in reversed(self.stops) if stop.visited_at), None)

    @property
    def next_stop(self) -> FollowedStop | None:
        """The next stop to come."""
        return next((stop for stop in self.stops if stop.visited_at is None), None)


def follow_ride(token: str, *, now: datetime) -> tuple[UUID, FollowedRide]:
    """Return whose link it is and what it shows, whoever has it.

    Raises:
        LinkOver: there is no such link, it was ended, or the ride is over for an hour.
    """
    links = RideShare.objects.with_token(token).alive(now)
    link = (
        links.select_related("ride__car", "ride__driver", "member__organization")
        .prefetch_related(
            Prefetch("ride__stops", Stop.objects.select_related("booking").order_by("position"))
        )
        .first()
    )
    if link is None:
        raise LinkOver
    return link.member_id, as_followed(link.ride, link.member)


def as_followed(ride: Ride, member: Member) -> FollowedRide:
    """Show a ride to the contact of a member: the driver's way, or from pick-up to drop-off."""
    drives = ride.driver_id == member.pk
    mine = [
        stop
        for stop in between_thresholds(ride)
        if drives or (stop.booking and stop.booking.rider_id == member.pk)
    ]
    return FollowedRide(
        first_name=member.first_name,
        state=ride.state,
        state_label=ride.get_state_display(),
        drives=drives,
        car=ride.car,
        stops=[_shown(ride, stop) for stop in mine],
        zone=member.organization.zone,
    )


def _shown(ride: Ride, stop: Stop) -> FollowedStop:
    is_start = stop.kind == StopKind.ORIGIN
    is_public = ride.origin_public if is_start else ride.destination_public
    return FollowedStop(
        label=stop.label,
        place=from_point(stop.location) if stop.kind in INNER or is_public else None,
        planned_at=stop.planned_at,
        visited_at=stop.visited_at,
    )


def count_links(member: Member, ride: Ride, *, now: datetime) -> int:
    """Return how many of a member's links to a ride are alive."""
    return RideShare.objects.filter(ride=ride, member=member).alive(now).count()


@dataclass(frozen=True, slots=True)
class Emergency:
    """Whom to call, and what to read out."""

    number: str
    ride: FollowedRide


def get_emergency(view: RideView) -> Emergency:
    """Return what somebody in the car has to say on the phone.

    Raises:
        RideNotFound: they are not in the car; where it was last is for those who are.
    """
    if not is_driver(view.viewer, view.ride) and not travels_along(view.viewer, view.bookings):
        raise RideNotFound
    number = emergency_number(view.viewer.organization)
    return Emergency(number, as_followed(view.ride, view.viewer))


def get_fellow(
    member: Member, ride_id: UUID, booking_id: UUID | None = None
) -> tuple[RideView, Member]:
    """Return a ride and whom the member meets in it: its driver, or who made a booking.

    Raises:
        RideNotFound: the member may not see the ride.
        BookingNotFound: the booking is not among those that they may see, or it is their own.
    """
    view = view_ride(member, ride_id)
    if booking_id is None:
        people = [] if view.is_driver else [view.ride.driver]
    else:
        people = [b.rider for b in view.bookings if b.pk == booking_id and b.rider != member]
    if not people:
        raise BookingNotFound
    return view, people[0]
