"""Writes of matching: booking what was found, and remembering what fits a standing request."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel import outbox
from maps.models import Region
from matching.models import Match
from matching.selectors import (
    Found,
    ShownOffer,
    candidate_rides,
    evaluate,
    query_of,
    read_offer,
    with_stops,
)
from rides import services as rides
from rides.errors import RideChanged, SeatsExhausted
from rides.events import RequestMatched
from rides.models import Booking, RequestState, Ride, RideRequest
from rides.selectors import get_ride_for

# How often a booking is computed anew because somebody else changed the ride meanwhile.
ATTEMPTS = 3
KEPT_PER_REQUEST = 10


def book_offer(
    *, rider: Member, token: str, now: datetime, request_id: UUID | None = None
) -> Booking:
    """Book an offer that a search has shown.

    The insertion is computed again for the stops that the ride has now, outside of any lock, and
    checked by ``rides`` under the ride's lock. If another booking came between, it is computed
    anew.

    Raises:
        OfferExpired: the token is too old, altered, or somebody else's.
        SeatsExhausted, RideChanged, RideClosed, AlreadyBooked, RiderBusy, OwnRide, RideNotFound:
            the ride can't be booked (any more).
    """
    shown = read_offer(rider, token)
    for _attempt in range(ATTEMPTS - 1):
        try:
            return _book(rider, shown, now=now, request_id=request_id)
        except RideChanged:
            continue
    return _book(rider, shown, now=now, request_id=request_id)


def _book(rider: Member, shown: ShownOffer, *, now: datetime, request_id: UUID | None) -> Booking:
    ride = with_stops(Ride.objects.filter(pk=get_ride_for(rider, shown.ride_id).pk)).get()
    rides.check_may_book(ride, rider, seats=shown.query.seats, now=now)
    found = _find_again(ride, shown)
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
        ),
        now=now,
        request_id=request_id,
    )


def _find_again(ride: Ride, shown: ShownOffer) -> Found:
    """Insert the rider, at the meeting points that were shown, into the stops of now."""
    only = (shown.pickup, shown.dropoff)
    found = evaluate([ride], ride.region, shown.query, only=only)
    if found:
        return found[0]
    ride.seats_offered += shown.query.seats * len(ride.stops.all())
    if evaluate([ride], ride.region, shown.query, only=only):
        raise SeatsExhausted
    raise RideChanged


def match_ride(*, ride_id: UUID, now: datetime) -> int:
    """Store which waiting requests a ride serves as it is now; return how many.

    Runs for a new ride and after every booking of it, given or given back: what no longer fits is
    forgotten, and a seat that became free is found.
    """
    ride = with_stops(Ride.objects.bookable(now).filter(pk=ride_id)).first()
    served = _serve_waiting(ride, now=now) if ride else set()
    Match.objects.filter(ride=ride_id).exclude(request__in=served).delete()
    return len(served)


def _serve_waiting(ride: Ride, *, now: datetime) -> set[UUID]:
    requests = (
        RideRequest.objects.waiting(now)
        .filter(
            region=ride.region,
            rider__organization=ride.organization,
            earliest_departure_at__lt=ride.arrive_latest_at,
            latest_arrival_at__gt=ride.departure_at,
            seats__lte=ride.seats_offered,
        )
        .exclude(rider=ride.driver)
        .select_related("rider")
    )
    return {
        request.pk
        for request in requests
        if _remember(request, evaluate([ride], ride.region, query_of(request)), now=now)
    }


def match_request(*, request_id: UUID, now: datetime) -> int:
    """Store which bookable rides serve a standing request; return how many."""
    request = (
        RideRequest.objects.waiting(now)
        .select_related("rider", "region")
        .filter(pk=request_id)
        .first()
    )
    if request is None:
        return 0
    region: Region = request.region
    query = query_of(request)
    candidates = list(candidate_rides(request.rider, region, query, now=now))
    found = evaluate(candidates, region, query)
    return _remember(request, found[:KEPT_PER_REQUEST], now=now)


@transaction.atomic
def _remember(request: RideRequest, found: list[Found], *, now: datetime) -> int:
    """Write matches down, and tell of those that are new."""
    if RideRequest.objects.select_for_update().get(pk=request.pk).state != RequestState.OPEN:
        return 0
    for match in found:
        _row, is_new = Match.objects.update_or_create(
            request=request,
            ride=match.ride,
            defaults={
                "pickup_at": match.pickup.at,
                "dropoff_at": match.dropoff.at,
                "walk_to_m": match.pickup.walk_m,
                "walk_from_m": match.dropoff.walk_m,
                "detour_s": match.detour_s,
                "cost_s": match.insertion.cost_s,
            },
        )
        if is_new:
            outbox.publish(RequestMatched(request_id=request.pk, ride_id=match.ride.pk), now=now)
    return len(found)
