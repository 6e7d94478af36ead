"""Remembering which rides fit which standing requests."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from carpool.kernel import outbox
from maps.models import Region
from matching.models import Match
from matching.selectors import (
    Found,
    evaluate,
    find_rides,
    get_ranking,
    query_of,
    requests_served,
    with_stops,
)
from rides.events import RequestMatched
from rides.models import RequestState, Ride, RideRequest

KEPT_PER_REQUEST = 10


def match_ride(*, ride_id: UUID, now: datetime) -> int:
    """Store which waiting requests a ride serves as it is now; return how many.

    Runs for a new ride and after every booking of it, given or given back: what no longer fits is
    forgotten, and a seat that became free is found.
    """
    bookable = Ride.objects.bookable(now).select_related("region")
    ride = with_stops(bookable.filter(pk=ride_id)).first()
    served = _serve_waiting(ride, now=now) if ride else set()
    Match.objects.filter(ride=ride_id).exclude(request__in=served).delete()
    return len(served)


def _serve_waiting(ride: Ride, *, now: datetime) -> set[UUID]:
    served = set()
    ranking = get_ranking(ride.organization).knowing([ride], now=now)
    for request in requests_served(ride, now=now):
        found = evaluate([ride], ride.region, query_of(request), ranking=ranking)
        if found and _remember(request, found, now=now):
            served.add(request.pk)
    return served


def match_request(*, request_id: UUID, now: datetime) -> int:
    """Store which bookable rides serve a standing request; return how many."""
    request = (
        RideRequest.objects.waiting(now)
        .select_related("rider__organization", "region")
        .filter(pk=request_id)
        .first()
    )
    if request is None:
        return 0
    region: Region = request.region
    query = query_of(request)
    ranking = get_ranking(request.rider.organization)
    found, _considered = find_rides(
        request.rider, region, query, count=KEPT_PER_REQUEST, ranking=ranking, now=now
    )
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
