"""Booking what was found."""

from datetime import datetime
from uuid import UUID

from accounts.models import Member
from matching.selectors import (
    Found,
    Ranking,
    ShownOffer,
    evaluate,
    get_ranking,
    read_offer,
    with_stops,
)
from rides import services as rides
from rides.errors import PriceDiffers, RideChanged, SeatsExhausted
from rides.models import Booking, Ride
from rides.selectors import get_ride_for

# How often a booking is computed anew because somebody else changed the ride meanwhile.
ATTEMPTS = 3


def book_offer(
    *,
    rider: Member,
    token: str,
    now: datetime,
    request_id: UUID | None = None,
    pay_by: rides.PayBy | None = None,
) -> Booking:
    """Book an offer that a search has shown.

    Where seats are prepaid, the seat is held until ``rides.collect_price`` has asked for the price.

    The insertion is computed again for the stops that the ride has now, outside of any lock, and
    checked by ``rides`` under the ride's lock. If another booking came between, it is computed
    anew.

    Raises:
        OfferExpired: the token is too old, altered, or somebody else's.
        SeatsExhausted, RideChanged, RideClosed, AlreadyBooked, RiderBusy, OwnRide, RideNotFound:
            the ride can't be booked (any more).
        PriceDiffers: it costs something else than what was shown.
        ProviderUnknown: it can't be paid for that way.
    """
    shown = read_offer(rider, token)
    return book_shown(rider=rider, shown=shown, now=now, request_id=request_id, pay_by=pay_by)


def book_shown(
    *,
    rider: Member,
    shown: ShownOffer,
    now: datetime,
    request_id: UUID | None = None,
    told_dropoff_at: datetime | None = None,
    pay_by: rides.PayBy | None = None,
) -> Booking:
    """Book what a rider was shown, by a search or by a proposal; as :func:`book_offer`."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return _book(rider, shown, now, request_id, told_dropoff_at, pay_by)
        except RideChanged:
            continue
    return _book(rider, shown, now, request_id, told_dropoff_at, pay_by)


def _book(
    rider: Member,
    shown: ShownOffer,
    now: datetime,
    request_id: UUID | None,
    told_dropoff_at: datetime | None,
    pay_by: rides.PayBy | None,
) -> Booking:
    ride = with_stops(Ride.objects.filter(pk=get_ride_for(rider, shown.ride_id).pk)).get()
    rides.check_may_book(ride, rider, seats=shown.query.seats, now=now)
    is_told = told_dropoff_at is not None
    found = _find_again(ride, shown, get_ranking(rider.organization), is_told=is_told)
    costs = found.price.minor if found.price else None
    if shown.price_minor not in {None, costs}:
        raise PriceDiffers
    query = shown.query
    return rides.book_ride(
        ride_id=ride.pk,
        rider=rider,
        terms=rides.BookingTerms(
            origin=query.origin,
            destination=query.destination,
            earliest_departure_at=query.earliest_departure_at,
            latest_arrival_at=query.latest_arrival_at,
            seats=query.seats,
        ),
        insertion=rides.PlannedInsertion(
            pickup=rides.TripEnd(found.pickup.location, found.pickup.label),
            dropoff=rides.TripEnd(found.dropoff.location, found.dropoff.label),
            pickup_after=found.insertion.pickup_after,
            dropoff_after=found.insertion.dropoff_after,
            walk_to_m=found.pickup.walk_m,
            walk_from_m=found.dropoff.walk_m,
            shown_pickup_at=shown.shown_pickup_at,
            told_dropoff_at=told_dropoff_at,
        ),
        now=now,
        request_id=request_id,
        price=found.price,
        pay_by=pay_by,
    )


def _find_again(ride: Ride, shown: ShownOffer, ranking: Ranking, *, is_told: bool) -> Found:
    """Insert the rider, at the meeting points that were shown, into the stops of now."""
    only = (shown.pickup, shown.dropoff)
    told_at = shown.shown_pickup_at if is_told else None
    found = evaluate(
        [ride], ride.region, shown.query, only=only, ranking=ranking, told_pickup_at=told_at
    )
    if found:
        return found[0]
    ride.seats_offered += shown.query.seats * len(ride.stops.all())
    if evaluate([ride], ride.region, shown.query, only=only):
        raise SeatsExhausted
    raise RideChanged
