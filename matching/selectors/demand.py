"""The waiting requests of a region in this process's memory, to be asked which a ride can serve.

Like the rides (:mod:`matching.selectors.live`), they are as fresh as the database at every search.
Where a rider may get in and out is found when a request is first seen. Most people travel between
the same few places, so what was found for a place is remembered.
"""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef

from accounts.models import Member
from carpool.kernel.bulk import FLOAT, INT, TIME, UUID_BYTES, Records, to_epoch_ms
from carpool.kernel.geo import LonLat
from maps.errors import OffNetwork
from maps.models import Region
from maps.selectors import load_cells, load_network, meeting_points
from matching.engine import CostWeights
from matching.engine.demand import DemandIndex
from matching.engine.demand_segment import Demand
from matching.engine.insertion import Int32
from matching.selectors.arrays import route_ride, to_ms, walks_ms
from matching.selectors.live import KEPT_FOR, LiveRows
from rides.models import Booking, Ride, RideRequest
from rides.models.requests import RequestQuerySet

# About 400 bytes each.
PLACES_REMEMBERED = 50_000
_COLUMNS = {
    "number": INT,
    "horizon": INT,
    "changed_in": INT,
    "organization": UUID_BYTES,
    "is_open": INT,
    "earliest_at": TIME,
    "latest_at": TIME,
    "seats": INT,
    "walk_m": INT,
    "from_lon": FLOAT,
    "from_lat": FLOAT,
    "to_lon": FLOAT,
    "to_lat": FLOAT,
}
_SELECT = """
SELECT request.number, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    request.changed_in,
    rider.organization_id, (request.state = 'open')::int::bigint,
    request.earliest_departure_at, request.latest_arrival_at,
    request.seats::bigint, request.walk_m::bigint,
    ST_X(request.origin), ST_Y(request.origin),
    ST_X(request.destination), ST_Y(request.destination)
FROM rides_riderequest request
JOIN accounts_member rider ON rider.id = request.rider_id
WHERE request.region_id = '{region}' AND {which}
"""

Points = tuple[Int32, Int32]
"""Vertices where a car can stop, and the milliseconds on foot."""


class LiveDemand(LiveRows):
    """The waiting requests of one region. One thread at a time reads or searches; the rest wait."""

    columns, select, touched = _COLUMNS, _SELECT, "request.changed_in"

    def __init__(self, region: Region) -> None:
        super().__init__(region)
        self._region = region
        self._network = load_network(region)
        self._index: DemandIndex = DemandIndex(self._network.labels, load_cells(region))
        self._points = lru_cache(maxsize=PLACES_REMEMBERED)(self._find_points)

    def search(self, ride: Ride, *, now: datetime) -> list[int]:
        """Return the numbers of the requests that a ride can serve and its organization may see.

        None that it does is left out; the driver's limit in metres, and whose request it is, are
        not looked at.
        """
        with self._lock:
            self._catch_up()
            self._index.forget_before(to_ms(now - KEPT_FOR))
            routed = route_ride(ride, self._network)
            found = [
                placement
                for ours in map(self._organizations.get, (one.bytes for one in served_by(ride)))
                if ours is not None
                for placement in self._index.search(
                    routed,
                    boarding_ms=1000 * ride.organization.policy.boarding_s,
                    weights=CostWeights(),
                    organization=ours,
                )
            ]
        return [placement.key for placement in found]

    def _open_at(self, now: datetime) -> str:
        return f"request.state = 'open' AND request.latest_arrival_at > '{now.isoformat()}'"

    def _put(self, rows: Records) -> None:
        ends = [
            self._ends(*row) for row in rows[["from_lon", "from_lat", "to_lon", "to_lat", "walk_m"]]
        ]
        on_map = np.array([end is not None for end in ends])
        self._index.remove(rows["number"][~on_map].astype(np.int64))
        if on_map.any():
            self._index.put(self._to_demand(rows[on_map], [end for end in ends if end]))

    def _to_demand(self, rows: Records, ends: list[tuple[Points, Points]]) -> Demand:
        sizes = np.array([[len(points) for points, _walks in both] for both in ends])
        start = np.concatenate([[0], np.cumsum(sizes.sum(axis=1))])
        return Demand(
            key=rows["number"].astype(np.int64),
            organization=self._owners(rows["organization"]),
            seats=rows["seats"].astype(np.int32),
            earliest_ms=to_epoch_ms(rows["earliest_at"]),
            latest_ms=to_epoch_ms(rows["latest_at"]),
            anchored_at_arrival=np.zeros(len(rows), np.bool_),
            start=start.astype(np.int32),
            middle=(start[:-1] + sizes[:, 0]).astype(np.int32),
            node=np.concatenate([points for both in ends for points, _walks in both]),
            walk_ms=np.concatenate([walks for both in ends for _points, walks in both]),
        )

    def _ends(
        self, from_lon: float, from_lat: float, to_lon: float, to_lat: float, walk_m: int
    ) -> tuple[Points, Points] | None:
        """Return where the rider may get in and out, None where the roads have gone."""
        try:
            return self._points(from_lon, from_lat, walk_m), self._points(to_lon, to_lat, walk_m)
        except OffNetwork:
            return None

    def _find_points(self, lon: float, lat: float, walk_m: int) -> Points:
        found = meeting_points(self._region, LonLat(float(lon), float(lat)), walk_m=int(walk_m))
        return found.nodes, walks_ms(found).astype(np.int32)


def served_by(ride: Ride) -> list[UUID]:
    """Return the organizations whose people may ride along: partners only if the driver wants."""
    partners = ride.organization.partner_ids if ride.driver.shares_beyond else []
    return [ride.organization_id, *partners]


def requests_served(ride: Ride, *, now: datetime) -> RequestQuerySet:
    """Return the waiting requests that a ride might serve: none that it does is left out.

    Narrowed down by the index in memory; while another thread fills that, by time and seats only.
    """
    aboard = Member.objects.filter(
        Exists(Booking.objects.active().filter(ride=ride.pk, rider=OuterRef("pk")))
    )
    waiting = (
        RideRequest.objects.waiting(now)
        .welcome_among([ride.driver, *aboard])
        .filter(
            region=ride.region_id,
            rider__organization__in=served_by(ride),
            earliest_departure_at__lt=ride.arrive_latest_at,
            latest_arrival_at__gt=ride.departure_at,
            seats__lte=ride.seats_offered,
        )
        .exclude(rider=ride.driver_id)
        .select_related("rider")
        .prefetch_related("rider__avoided_places")
    )
    demand = _demand_of(ride.region_id, ride.region.network_version)
    if not demand.fill(now):
        return waiting
    return waiting.filter(number__in=demand.search(ride, now=now))


def forget_demands() -> None:
    """Drop all requests from this process's memory; the next search reads them anew."""
    _demand_of.cache_clear()


@lru_cache(maxsize=8)
def _demand_of(region_id: UUID, _network_version: str) -> LiveDemand:
    return LiveDemand(Region.objects.get(pk=region_id))
