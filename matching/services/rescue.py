"""The first steps of the rescue ladder: nobody who lost their seat looks for another one alone.

A standing request is left for the way of the lost seat; it is matched at once and against every new
ride, and Today shows how it stands.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point
from matching.services.standing import find_request
from rides import services as rides
from rides.models import Booking, BookingState, RideRequest


@transaction.atomic
def rescue_rider(*, booking_id: UUID, now: datetime) -> RideRequest | None:
    """Look for another ride for a rider whose seat was taken from them; None if nobody need look.

    Whoever gave their seat back themselves, or looks already, is left alone. Twice is once.
    """
    lost = Booking.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "rider__organization"
    )
    booking = lost.filter(pk=booking_id, state=BookingState.CANCELLED).first()
    if booking is None or booking.cancelled_by_id == booking.rider_id:
        return None
    starts_at, ends_at = booking.earliest_departure_at, booking.latest_arrival_at
    is_known = RideRequest.objects.filter(instead_of=booking).exists()
    if is_known or find_request(booking.rider, starts_at, ends_at, now=now) is not None:
        return None
    policy = booking.rider.organization.policy
    walked_m = booking.walk_to_m + booking.walk_from_m
    terms = rides.RequestTerms(
        origin=rides.TripEnd(from_point(booking.origin), booking.origin_label),
        destination=rides.TripEnd(from_point(booking.destination), booking.destination_label),
        earliest_departure_at=max(starts_at, now),
        latest_arrival_at=ends_at,
        seats=booking.seats,
        walk_m=min(max(policy.default_walk_m, walked_m), policy.most_walk_m),
    )
    try:
        return rides.post_request(rider=booking.rider, terms=terms, instead_of=booking, now=now)
    except DomainError:
        return None  # The time is over, or the map has changed: there is nothing to look for.
