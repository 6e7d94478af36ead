"""Near misses: rides that would fit if exactly one promise gave way, and by how much.

Asked only when there are few offers. PostgreSQL keeps the rides that could come near at all, the
engine finds what the least is that would have to give, and each answer is proved by searching
again with just that promise changed: what a near miss says is what the rider will then be offered.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.contrib.gis.db.models import PointField
from django.db.models import (
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Q,
    Value,
)
from django.db.models.functions import Extract

from accounts.models import Member
from carpool.kernel.geo import LonLat, box_around, crow_fly_m, to_point
from carpool.kernel.tenancy import keys_of
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import MeetingPoints, load_network, meeting_points
from matching.engine import (
    FartherPoints,
    Limits,
    Promise,
    Relaxation,
    every_relaxation,
    least_relaxations,
)
from matching.selectors.arrays import SearchQuery, gather_arrays, let_arrive_later
from matching.selectors.candidates import with_stops
from matching.selectors.evaluation import (
    Found,
    Meeting,
    evaluate,
    outside,
    places_to_meet,
    within_metres,
)
from matching.selectors.ranking import Ranking
from matching.selectors.shown import seal_near_miss
from rides.models import Ride
from rides.models.rides import RideQuerySet
from rides.selectors import RideView

FEW_OFFERS = 3
MOST_NEAR_MISSES = 5
# Of more rides than these, the ones least out of the way as the crow flies are looked at.
MOST_RIDES = 120
MOST_PROVED = 2 * MOST_NEAR_MISSES
# Where a driver counts metres, too, so many places are measured along the road, the least first.
MOST_ROUTED = 100
MINUTE_MS, WALK_STEP_M = 60_000, 10
# How many metres more are tried: who walks farther is met elsewhere, so each has its own places.
MORE_WALK_M = (100, 200, 400, 800)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A ride that would fit if one promise gave way; meetings and detour are as they then were.

    ``amount`` is in seconds (whole minutes), for the walk in metres (tens). ``query`` is the search
    that finds the ride, or None when it is the driver who would have to agree. With ``token`` it
    can be drawn, not booked.
    """

    view: RideView
    promise: Promise
    amount: int
    query: SearchQuery | None
    pickup: Meeting
    dropoff: Meeting
    detour_s: int
    token: str

    @property
    def ride(self) -> Ride:
        """The ride that comes near."""
        return self.view.ride

    @property
    def promise_name(self) -> str:
        """The promise in lower case, as the API names it."""
        return self.promise.name.lower()

    @property
    def by_s(self) -> int | None:
        """Seconds by which a time would have to give."""
        return None if self.promise is Promise.WALK else self.amount

    @property
    def by_m(self) -> int | None:
        """Metres by which the walk would have to give."""
        return self.amount if self.promise is Promise.WALK else None


@dataclass(frozen=True, slots=True)
class NearlyFound:
    """A near miss before it is shown to anybody; as there, with the ride as the engine found it.

    ``asked`` is the search that found nothing.
    """

    found: Found
    promise: Promise
    amount: int
    query: SearchQuery | None
    asked: SearchQuery

    def show(self, view: RideView) -> NearMiss:
        """Return the near miss with the ride as one member may see it."""
        token = seal_near_miss(
            view.viewer,
            self.query or self.asked,
            self.found,
            driver_gives_s=self.amount if self.query is None else 0,
        )
        return NearMiss(
            token=token,
            view=view,
            promise=self.promise,
            amount=self.amount,
            query=self.query,
            pickup=self.found.pickup,
            dropoff=self.found.dropoff,
            detour_s=self.found.detour_s,
        )


def find_near_misses(
    viewer: Member,
    query: SearchQuery,
    region: Region,
    *,
    fitting: Collection[UUID],
    ranking: Ranking,
    now: datetime,
) -> list[NearlyFound]:
    """Find the rides that nearly serve a query, the least to ask first.

    ``fitting`` are the rides that serve it. Takes one database query when no ride comes near, else
    three.
    """
    network, limits = load_network(region), _limits(viewer, query, now)
    nearby = _rides_near(viewer, region, network, query, limits, now=now)
    keys = keys_of(nearby.exclude(pk__in=fitting)[:MOST_RIDES])
    there = Ride.objects.filter(pk__in=keys).defer("route", "reach")
    rides = sorted(with_stops(there), key=lambda ride: keys.index(ride.pk))
    if not rides:
        return []
    asked = _ask(rides, region, network, query, limits)[:MOST_PROVED]
    return list(islice(_prove(asked, region, query, limits, ranking), MOST_NEAR_MISSES))


def _limits(viewer: Member, query: SearchQuery, now: datetime) -> Limits:
    """Return how far each promise may give: nobody can leave before now."""
    usual, most_m = Limits(), viewer.organization.policy.most_walk_m
    until_then = max(0, (query.earliest_departure_at - now) // timedelta(minutes=1))
    return replace(
        usual,
        earliest_departure_ms=min(usual.earliest_departure_ms, until_then * MINUTE_MS),
        walk_m=max(0, min(usual.walk_m, most_m - query.walk_m)),
    )


class _CrowFlyM(Func):
    """Metres between two places, on the sphere."""

    function = "ST_DistanceSphere"
    output_field = FloatField()


def _from(end: str, place: LonLat) -> _CrowFlyM:
    return _CrowFlyM(F(end), Value(to_point(place), output_field=PointField(srid=4326)))


def _rides_near(
    viewer: Member,
    region: Region,
    network: RoadNetwork,
    query: SearchQuery,
    limits: Limits,
    *,
    now: datetime,
) -> RideQuerySet:
    """Return the rides for which one promise might suffice, the least out of the way first.

    Either the rider gives way: the ride's ellipse comes within the longer walk and its time within
    the wider window. Or the driver does: a wider ellipse holds both ends, up to the walk.
    """
    pickup, dropoff = query.origin.location, query.destination.location
    farthest_m = query.walk_m + limits.walk_m
    rider_gives = Q(
        departure_at__lt=query.latest_arrival_at + _ms(limits.latest_arrival_ms),
        arrive_latest_at__gt=query.earliest_departure_at - _ms(limits.earliest_departure_ms),
        reach__intersects=box_around(pickup, radius_m=max(farthest_m, 1)),
    ) & Q(reach__intersects=box_around(dropoff, radius_m=max(farthest_m, 1)))
    longest = ExpressionWrapper(
        F("arrive_latest_at") - F("departure_at"), output_field=DurationField()
    )
    wider_axis = (Extract(longest, "epoch") + limits.detour_ms / 1000) * network.max_speed_mps
    driver_gives = Q(
        departure_at__lt=query.latest_arrival_at,
        arrive_latest_at__gt=query.earliest_departure_at - _ms(limits.detour_ms),
        around_pickup__lte=F("wider_axis_m") + 2 * query.walk_m,
        around_dropoff__lte=F("wider_axis_m") + 2 * query.walk_m,
    )
    return (
        Ride.objects.visible_to(viewer)
        .bookable(now)
        .exclude(driver=viewer)
        .filter(region=region, seats_offered__gte=query.seats)
        .on_the_road(
            query.earliest_departure_at - _ms(max(limits.earliest_departure_ms, limits.detour_ms)),
            query.latest_arrival_at + _ms(limits.latest_arrival_ms),
        )
        .alias(
            wider_axis_m=ExpressionWrapper(wider_axis, output_field=FloatField()),
            around_pickup=_from("origin", pickup) + _from("destination", pickup),
            around_dropoff=_from("origin", dropoff) + _from("destination", dropoff),
            out_of_the_way=_from("origin", pickup)
            + crow_fly_m(pickup, dropoff)
            + _from("destination", dropoff)
            - F("solo_distance_m"),
        )
        .filter(rider_gives | driver_gives)
        .order_by("out_of_the_way", "departure_at", "pk")
    )


def _ask(
    rides: Sequence[Ride],
    region: Region,
    network: RoadNetwork,
    query: SearchQuery,
    limits: Limits,
) -> list[tuple[Relaxation, Ride]]:
    """Return what the least is that would have to give, least first."""
    near = places_to_meet(region, query)
    far = [
        _farther(region, end, query.walk_m, limits.walk_m, field=field)
        for end, field in (
            (query.origin.location, "origin"),
            (query.destination.location, "destination"),
        )
    ]
    far = [outside(network, points, query.avoided) for points in far]
    pickups, dropoffs = (_joined(*points) for points in zip(near, far, strict=True))
    if not (len(pickups) and len(dropoffs)):
        return []
    beyond = FartherPoints(
        pickup_m=_beyond(pickups, len(near[0]), query.walk_m),
        dropoff_m=_beyond(dropoffs, len(near[1]), query.walk_m),
    )
    gather = gather_arrays(rides, network, query, pickups, dropoffs)
    arrays = (gather.batch, gather.window, beyond, gather.times, limits)
    asked = []
    for r, (ride, least) in enumerate(zip(rides, least_relaxations(*arrays), strict=True)):
        relaxation = least
        if ride.detour_m is not None:
            choices = every_relaxation(r, *arrays)[:MOST_ROUTED]
            relaxation = within_metres(network, ride, gather, r, choices)
        if relaxation is not None:
            asked.append((relaxation, ride))
    return sorted(asked, key=lambda one: (one[0].share, one[0].promise, one[1].departure_at))


def _farther(region: Region, end: LonLat, walk_m: int, most_m: int, *, field: str) -> MeetingPoints:
    """Return where searches with longer walks would meet, beyond the rider's tolerance."""
    searches = [
        meeting_points(region, end, walk_m=walk_m + more_m, field=field)
        for more_m in MORE_WALK_M
        if more_m <= most_m
    ]
    nodes = np.concatenate([points.nodes for points in searches] or [np.zeros(0, np.int32)])
    metres = np.concatenate([points.walk_m for points in searches] or [np.zeros(0)])
    nodes, first = np.unique(nodes, return_index=True)
    beyond = metres[first] > walk_m
    return MeetingPoints(nodes=nodes[beyond], walk_m=metres[first][beyond])


def _joined(near: MeetingPoints, far: MeetingPoints) -> MeetingPoints:
    return MeetingPoints(
        nodes=np.concatenate([near.nodes, far.nodes]),
        walk_m=np.concatenate([near.walk_m, far.walk_m]),
    )


def _beyond(points: MeetingPoints, near: int, walk_m: int) -> npt.NDArray[np.int64]:
    """Return metres beyond the tolerance; the first ``near`` points need none."""
    metres = np.maximum(np.ceil(points.walk_m).astype(np.int64) - walk_m, 0)
    metres[:near] = 0
    return metres


def _prove(
    asked: Sequence[tuple[Relaxation, Ride]],
    region: Region,
    query: SearchQuery,
    limits: Limits,
    ranking: Ranking,
) -> Iterator[NearlyFound]:
    """Search again with each promise changed, and yield what is found."""
    for relaxation, ride in asked:
        promise = relaxation.promise
        if promise is Promise.WALK:
            found = _walk_more(relaxation.amount, ride, region, query, limits, ranking)
            if found is not None:
                yield found
            continue
        seconds = 60 * -(-relaxation.amount // MINUTE_MS)
        changed = _changed(query, promise, seconds)
        if promise is Promise.DETOUR:
            let_arrive_later(ride, seconds)
        for fits in evaluate([ride], region, changed or query, ranking=ranking):
            yield NearlyFound(fits, promise, seconds, changed, query)


def _changed(query: SearchQuery, promise: Promise, amount: int) -> SearchQuery | None:
    """Return the query with one of the rider's own promises changed; None for the driver's."""
    if promise is Promise.EARLIEST_DEPARTURE:
        earlier = query.earliest_departure_at - timedelta(seconds=amount)
        return replace(query, earliest_departure_at=earlier)
    if promise is Promise.LATEST_ARRIVAL:
        later = query.latest_arrival_at + timedelta(seconds=amount)
        return replace(query, latest_arrival_at=later)
    return replace(query, walk_m=query.walk_m + amount) if promise is Promise.WALK else None


def _walk_more(
    least_m: int,
    ride: Ride,
    region: Region,
    query: SearchQuery,
    limits: Limits,
    ranking: Ranking,
) -> NearlyFound | None:
    """Return a longer walk with which a search finds the ride, and with 10 m less does not.

    The least may not do, or not be the least, as a search spreads its meeting points over the whole
    walk; so the walks follow from which the places were taken, and what does is halved down. None
    if no single walk has both places.
    """

    def find(steps: int) -> Found | None:
        longer = replace(query, walk_m=query.walk_m + steps * WALK_STEP_M)
        return next(iter(evaluate([ride], region, longer, ranking=ranking)), None)

    exact = -(-least_m // WALK_STEP_M)
    tries = [exact, *(m // WALK_STEP_M for m in MORE_WALK_M if m > least_m)]
    does = next((n for n in tries if n * WALK_STEP_M <= limits.walk_m and find(n)), None)
    if does is None:
        return None
    does_not = max((n for n in tries if n < does), default=0)
    while does - does_not > 1:
        middle = (does + does_not) // 2
        does, does_not = (middle, does_not) if find(middle) else (does, middle)
    found, amount = find(does), does * WALK_STEP_M
    assert found is not None
    longer = _changed(query, Promise.WALK, amount)
    return NearlyFound(found, Promise.WALK, amount, longer, query)


def _ms(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)
