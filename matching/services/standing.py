"""What the platform does by itself for a member whose plan says so: look for a ride, offer one."""

from datetime import datetime
from uuid import UUID

from django.contrib.gis.geos import Point

from accounts.models import Member
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import LonLat, from_point
from matching.models import CarpoolProposal, CommutePlan, ProposalSeat
from rides import services as rides
from rides.models import Ride, RideRequest


def keep_looking(
    *,
    rider: Member,
    origin: tuple[LonLat, str],
    destination: tuple[LonLat, str],
    earliest_departure_at: datetime,
    latest_arrival_at: datetime,
    walk_m: int,
    now: datetime,
) -> RideRequest | None:
    """Leave a standing request, unless the rider has one for that time or it is too late."""
    if find_request(rider, earliest_departure_at, latest_arrival_at, now=now) is not None:
        return None
    terms = rides.RequestTerms(
        origin=rides.TripEnd(*origin),
        destination=rides.TripEnd(*destination),
        earliest_departure_at=max(earliest_departure_at, now),
        latest_arrival_at=latest_arrival_at,
        walk_m=walk_m,
    )
    try:
        return rides.post_request(rider=rider, terms=terms, now=now)
    except DomainError:
        return None  # The time is over, or the map has changed: there is nothing to look for.


def find_request(
    rider: Member, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> UUID | None:
    """Return the rider's own standing request for about that time."""
    waiting = RideRequest.objects.visible_to(rider).waiting(now)
    same = waiting.filter(earliest_departure_at__lt=ends_at, latest_arrival_at__gt=starts_at)
    return same.order_by("created_at").values_list("pk", flat=True).first()


def keep_looking_for(seat: ProposalSeat, *, now: datetime) -> RideRequest | None:
    """Look on for a rider whose proposal came to nothing, if their plan says so."""
    plan = CommutePlan.objects.filter(member=seat.rider, keeps_looking=True, is_active=True)
    if not plan.exists():
        return None
    return keep_looking(
        rider=seat.rider,
        origin=_end(seat.origin, seat.origin_label),
        destination=_end(seat.destination, seat.destination_label),
        earliest_departure_at=seat.earliest_departure_at,
        latest_arrival_at=seat.latest_arrival_at,
        walk_m=seat.walk_m,
        now=now,
    )


def offer_proposed_ride(proposal: CarpoolProposal, *, now: datetime) -> Ride:
    """Publish the ride of a proposal, with exactly the departure that was proposed.

    Raises:
        DriverBusy, InThePast, SeatsOutOfRange, CarNotFound: as in :func:`rides.offer_ride`.
    """
    terms = rides.OfferTerms(
        origin=rides.TripEnd(*_end(proposal.origin, proposal.origin_label)),
        destination=rides.TripEnd(*_end(proposal.destination, proposal.destination_label)),
        car_id=proposal.car_id,
        seats=proposal.seats_offered,
        detour_s=proposal.detour_s,
        departure_at=proposal.departure_at,
        arrive_by=proposal.arrive_by,
    )
    return rides.offer_ride(driver=proposal.driver, terms=terms, now=now)


def _end(point: Point, label: str) -> tuple[LonLat, str]:
    return from_point(point), label
