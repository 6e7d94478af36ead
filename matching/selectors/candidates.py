"""The prefilter in PostgreSQL: rides that might serve a query, by ellipse, time and seats.

Source: ESTAM, Masoud & Jayakrishnan (2017), made admissible: the ellipse stored with each ride is
sized from the time it may take and the fastest road of the network, so that every point outside
of it is out of reach within the driver's promise. No direction test: it would lose valid rides.
"""

from datetime import datetime

from django.db.models import Prefetch

from accounts.models import Member
from carpool.kernel.geo import box_around
from maps.models import Region
from rides.models import Ride, Stop
from rides.models.rides import RideQuerySet
from rides.services import RequestTerms


def candidate_rides(
    viewer: Member, region: Region, query: RequestTerms, *, now: datetime
) -> RideQuerySet:
    """Return the rides that might serve a query, not loaded yet: none that does is left out."""
    boxes = [
        box_around(end.location, radius_m=max(query.walk_m, 1))
        for end in (query.origin, query.destination)
    ]
    return (
        Ride.objects.visible_to(viewer)
        .with_avoided()
        .bookable(now)
        .exclude(driver=viewer)
        .filter(
            region=region,
            seats_offered__gte=query.seats,
            reach__intersects=boxes[0],
        )
        .on_the_road(query.earliest_departure_at, query.latest_arrival_at)
        .filter(reach__intersects=boxes[1])
    )


def with_stops(rides: RideQuerySet) -> RideQuerySet:
    """Load what the engine needs, in two queries."""
    stops = Stop.objects.order_by("position")
    return (
        rides.with_avoided()
        .select_related("organization")
        .prefetch_related(Prefetch("stops", queryset=stops))
    )
