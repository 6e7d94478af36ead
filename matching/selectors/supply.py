"""The open rides of a region in this process's memory, and how they stay as fresh as the database.

Filled once from the database; from then on every search first reads the rides that were touched
since the last one (:mod:`carpool.kernel.changes`), usually none, in one indexed query. So what is
committed before a search is found by it, in every process, without any message that could be lost.

The index proposes, it does not decide: who asks reads the rides proposed from the database again.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from uuid import UUID

import numpy as np
import numpy.typing as npt

from carpool.kernel.bulk import FLOAT, INT, TIME, UUID_BYTES, Records, read_records, to_epoch_ms
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import load_cells, load_network
from matching.engine import CostWeights
from matching.engine.insertion import NO_EARLIEST, RideBatch
from matching.engine.segment import Supply
from matching.engine.supply import Placement, RoutedRequest, SearchCounts, SupplyIndex

# A ride is forgotten so long after it left: by then it is over for every clock and time zone.
KEPT_AFTER_DEPARTURE = timedelta(days=1)
_COLUMNS = {
    "number": INT,
    "horizon": INT,
    "organization": UUID_BYTES,
    "is_open": INT,
    "departure_at": TIME,
    "seats_offered": INT,
    "boarding_s": INT,
    "position": INT,
    "is_inner": INT,
    "lon": FLOAT,
    "lat": FLOAT,
    "leg_ms": INT,
    "earliest_at": TIME,
    "latest_at": TIME,
    "seats_after": INT,
}
_SELECT = """
SELECT ride.number, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    ride.organization_id, (ride.cancelled_at IS NULL AND ride.started_at IS NULL)::int::bigint,
    ride.departure_at, ride.seats_offered::bigint, organization.boarding_s::bigint,
    stop.position::bigint, (stop.kind IN ('pickup', 'dropoff'))::int::bigint,
    ST_X(stop.location), ST_Y(stop.location), stop.leg_duration_ms::bigint,
    coalesce(stop.earliest_at, '-infinity'), stop.latest_at, stop.seats_after::bigint
FROM rides_ride ride
JOIN accounts_organization organization ON organization.id = ride.organization_id
JOIN rides_stop stop ON stop.ride_id = ride.id
WHERE ride.region_id = '{region}' AND {which}
"""
_MINUS_INFINITY = np.iinfo(np.int64).min


class LiveSupply:
    """The open rides of one region. One thread at a time reads or searches; the rest wait."""

    def __init__(self, region: Region) -> None:
        self._region_id = region.pk
        self._network: RoadNetwork = load_network(region)
        self._index = SupplyIndex(self._network.labels, load_cells(region))
        self._organizations: dict[bytes, int] = {}
        self._horizon: int | None = None
        self._last_read = b""
        self._lock = Lock()

    def fill(self, now: datetime) -> bool:
        """Read all open rides, unless that was done; False while another thread is at it."""
        if self._horizon is not None:
            return True
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._horizon is None:
                horizon = _current_horizon()
                oldest = now - KEPT_AFTER_DEPARTURE
                which = f"""ride.cancelled_at IS NULL AND ride.started_at IS NULL
                    AND ride.departure_at > '{oldest.isoformat()}'"""
                self._take(self._read(which))
                self._index.settle()
                self._horizon = horizon
        finally:
            self._lock.release()
        return True

    def search(
        self,
        request: RoutedRequest,
        count: int,
        *,
        weights: CostWeights,
        organization: UUID,
    ) -> tuple[list[Placement], SearchCounts]:
        """Return the cheapest insertions among an organization's open rides, by number."""
        counts = SearchCounts()
        with self._lock:
            self._catch_up()
            ours = self._organizations.get(organization.bytes)
            if ours is None:
                return [], counts
            return self._index.search(
                request, count, weights=weights, organization=ours, counts=counts
            ), counts

    def forget(self, numbers: npt.NDArray[np.int64]) -> None:
        """Drop rides that are not in the database any more."""
        with self._lock:
            self._index.remove(numbers)

    def _catch_up(self) -> None:
        """Read what was touched since the last time."""
        rows = self._read(f"ride.changed_in >= {self._horizon}")
        if not len(rows):
            return
        read = rows.tobytes()
        if read != self._last_read:  # the same again, as long as an older transaction runs
            self._take(rows)
        self._last_read, self._horizon = read, int(rows["horizon"].max())

    def _read(self, which: str) -> Records:
        return read_records(_SELECT.format(region=self._region_id, which=which), _COLUMNS)

    def _take(self, rows: Records) -> None:
        """Put the rides that are open, drop those that are not."""
        is_open = rows["is_open"] > 0
        self._index.remove(np.unique(rows["number"][~is_open]).astype(np.int64))
        if is_open.any():
            self._index.put(self._to_supply(rows[is_open]))

    def _to_supply(self, rows: Records) -> Supply:
        rows = rows[np.lexsort((rows["position"], rows["number"]))]
        first = np.flatnonzero(np.diff(rows["number"], prepend=-1))
        rides = rows[first]
        waits = rows["earliest_at"] != _MINUS_INFINITY
        return Supply(
            key=rides["number"].astype(np.int64),
            organization=self._owners(rides["organization"]),
            node=_nodes(self._network, rows["lon"], rows["lat"]),
            rides=RideBatch(
                start=np.append(first, len(rows)).astype(np.int32),
                departure_ms=to_epoch_ms(rides["departure_at"]),
                seats_offered=rides["seats_offered"].astype(np.int32),
                leg_ms=rows["leg_ms"].astype(np.int32),
                earliest_ms=np.where(
                    waits, to_epoch_ms(np.where(waits, rows["earliest_at"], 0)), NO_EARLIEST
                ),
                latest_ms=to_epoch_ms(rows["latest_at"]),
                boarding_ms=(1000 * rows["boarding_s"] * rows["is_inner"]).astype(np.int32),
                seats_after=rows["seats_after"].astype(np.int32),
            ),
        )

    def _owners(self, organizations: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int32]:
        """Return a small number for each organization, the same for the life of the process."""
        distinct, which = np.unique(organizations, return_inverse=True)
        numbers = [
            self._organizations.setdefault(bytes(one).ljust(16, b"\0"), len(self._organizations))
            for one in distinct
        ]
        return np.array(numbers, np.int32)[which]


def live_supply(region: Region, now: datetime) -> LiveSupply | None:
    """Return the region's rides, filled by whoever asks first; None as long as that takes."""
    supply = _supply_of(region.pk, region.network_version)
    return supply if supply.fill(now) else None


def forget_supplies() -> None:
    """Drop all rides from this process's memory; the next search reads them anew."""
    _supply_of.cache_clear()


@lru_cache(maxsize=8)
def _supply_of(region_id: UUID, _network_version: str) -> LiveSupply:
    return LiveSupply(Region.objects.get(pk=region_id))


def _current_horizon() -> int:
    rows = read_records("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", {"at": INT})
    return int(rows["at"][0])


def _nodes(
    network: RoadNetwork, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> npt.NDArray[np.int32]:
    """Return the vertex of each stop; many stops share a place, and each is looked up once."""
    places, which = np.unique(lon.astype(np.float64) + 1j * lat, return_inverse=True)
    return network.nearest_nodes(places.real.copy(), places.imag.copy())[which]
