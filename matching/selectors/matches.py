"""Stored matches of standing requests."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Member
from accounts.selectors import avoided_circles
from carpool.kernel.geo import from_point
from matching.models import Match
from matching.selectors.arrays import SearchQuery
from rides.models import Ride, RideRequest
from rides.services import TripEnd


def query_of(request: RideRequest) -> SearchQuery:
    """Return the query that a standing request stands for."""
    return SearchQuery(
        origin=TripEnd(from_point(request.origin), request.origin_label),
        destination=TripEnd(from_point(request.destination), request.destination_label),
        earliest_departure_at=request.earliest_departure_at,
        latest_arrival_at=request.latest_arrival_at,
        seats=request.seats,
        walk_m=request.walk_m,
        avoided=avoided_circles(request.rider),
    )


def list_matches(member: Member, *, now: datetime) -> QuerySet[Match]:
    """List stored matches for a member's open requests, whose rides can still be booked."""
    return (
        Match.objects.filter(
            request__in=RideRequest.objects.visible_to(member).waiting(now),
            ride__in=Ride.objects.visible_to(member).bookable(now),
        )
        .select_related("ride", "ride__driver", "ride__car", "request")
        .order_by("request_id", "cost_s")
    )
