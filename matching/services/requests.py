"""Remembering which rides fit which standing requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

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
    # Read first: what another process finds meanwhile, for a younger request, must stay.
    before = dict(Match.objects.filter(ride=ride_id).values_list("request_id", "pk"))
    bookable = Ride.objects.bookable(now).select_related("region")
    ride = with_stops(bookable.filter(pk=ride_id)).first()
    served = _serve_waiting(ride, now=now) if ride else set()
    over = [pk for request_id, pk in before.items() if request_id not in served]
    Match.objects.filter(pk__in=over).delete()
    return len(served)


def _serve_waiting(ride: Ride, *, now: datetime) -> set[UUID]:
    ranking = get_ranking(ride.organization).knowing([ride], now=now)
    return _remember(
        {
            request.pk: evaluate([ride], ride.region, query_of(request), ranking=ranking)
            for request in requests_served(ride, now=now)
        },
        now=now,
    )


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
    kept = found[:KEPT_PER_REQUEST]
    return len(kept) if _remember({request.pk: kept}, now=now) else 0


@transaction.atomic
def _remember(found: Mapping[UUID, Sequence[Found]], *, now: datetime) -> set[UUID]:
    """Write down which rides fit which requests, and tell of what is new.

    Returns the requests that some ride fits and that are still open. Locks rides before requests,
    each by id, as whoever books does.
    """
    fits = {(request_id, fit.ride.pk): fit for request_id, fits in found.items() for fit in fits}
    there = _lock(Ride.objects.filter(pk__in={ride_id for _request_id, ride_id in fits}))
    is_open = RideRequest.objects.filter(state=RequestState.OPEN)
    waiting = _lock(is_open.filter(pk__in={request_id for request_id, _ride_id in fits}))
    fits = {pair: fit for pair, fit in fits.items() if pair[0] in waiting and pair[1] in there}
    known = set(
        Match.objects.filter(request__in=waiting, ride__in=there).values_list(
            "request_id", "ride_id"
        )
    )
    Match.objects.bulk_create(
        [_to_match(request_id, fit) for (request_id, _ride_id), fit in fits.items()],
        update_conflicts=True,
        unique_fields=["request", "ride"],
        update_fields=list(_NUMBERS),
    )
    for request_id, ride_id in fits:
        if (request_id, ride_id) not in known:
            outbox.publish(RequestMatched(request_id=request_id, ride_id=ride_id), now=now)
    return {request_id for request_id, _ride_id in fits}


def _lock(rows: QuerySet[Any]) -> set[UUID]:
    """Lock rows until the transaction ends, by id, against all but references to them."""
    locked = rows.order_by("pk").select_for_update(no_key=True, of=("self",))
    return set(locked.values_list("pk", flat=True))


_NUMBERS = ("pickup_at", "dropoff_at", "walk_to_m", "walk_from_m", "detour_s", "cost_s")


def _to_match(request_id: UUID, fit: Found) -> Match:
    return Match(
        request_id=request_id,
        ride_id=fit.ride.pk,
        pickup_at=fit.pickup.at,
        dropoff_at=fit.dropoff.at,
        walk_to_m=fit.pickup.walk_m,
        walk_from_m=fit.dropoff.walk_m,
        detour_s=fit.detour_s,
        cost_s=fit.insertion.cost_s,
    )
