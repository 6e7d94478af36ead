"""The open rides of a region in this process's memory; see :mod:`matching.selectors.live`.

How reliable a driver is moves slowly, and every search judges it anew for the rides it finds. The
index holds what it was when the ride was read, which at most mistakes a ride near the end of the
list for its neighbour.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from threading import Thread
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import Error, connection

from accounts.models import policy_sql
from carpool.kernel import clock
from carpool.kernel.bulk import FLOAT, INT, TIME, UUID_BYTES, Records, to_epoch_ms
from carpool.kernel.errors import DomainError
from maps.engine import RoadNetwork
from maps.models import Region
from maps.selectors import list_regions, load_cells, load_network
from matching.engine import CostWeights
from matching.engine.insertion import NO_EARLIEST, RideBatch
from matching.engine.segment import Segment, Supply
from matching.engine.supply import (
    Placement,
    RoutedRequest,
    SearchCounts,
    SupplyIndex,
    join_segments,
)
from matching.selectors.live import LiveRows
from matching.selectors.ranking import handicaps_ms

_COLUMNS = {
    "number": INT,
    "horizon": INT,
    "changed_in": INT,
    "organization": UUID_BYTES,
    "driver": UUID_BYTES,
    "is_open": INT,
    "planned_at": TIME,
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
_SELECT = f"""
SELECT ride.number, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    ride.changed_in,
    ride.organization_id, ride.driver_id,
    (ride.cancelled_at IS NULL AND ride.started_at IS NULL AND NOT ride.is_instant)::int::bigint,
    stop.planned_at, ride.seats_offered::bigint, {policy_sql("boarding_s", "organization")},
    stop.position::bigint, (stop.kind IN ('pickup', 'dropoff'))::int::bigint,
    ST_X(stop.location), ST_Y(stop.location),
    CASE stop.kind WHEN 'origin' THEN 0 ELSE stop.leg_duration_ms END::bigint,
    coalesce(stop.earliest_at, '-infinity'), stop.latest_at, stop.seats_after::bigint
FROM rides_ride ride
JOIN accounts_organization organization ON organization.id = ride.organization_id
JOIN rides_stop stop ON stop.ride_id = ride.id AND stop.kind <> 'door'
WHERE ride.region_id = '{{region}}' AND {{which}}
"""  # noqa: S608 – it is put together from our own names
_MINUS_INFINITY = np.iinfo(np.int64).min


logger = logging.getLogger(__name__)


class LiveSupply(LiveRows):
    """The open rides of one region, between their thresholds: nobody gets in or out at a door.

    One thread at a time reads or searches; the rest wait.
    """

    columns, select, touched = _COLUMNS, _SELECT, "ride.changed_in"

    def __init__(self, region: Region) -> None:
        super().__init__(region)
        self._network: RoadNetwork = load_network(region)
        self._index: SupplyIndex = SupplyIndex(self._network.labels, load_cells(region))

    def search(
        self,
        request: RoutedRequest,
        count: int,
        *,
        weights: CostWeights,
        organizations: Collection[UUID],
    ) -> tuple[list[Placement], SearchCounts]:
        """Return the cheapest insertions among the open rides of some organizations, by number.

        Each organization is searched by itself, so what is not to be seen is not looked at.
        """
        counts = SearchCounts()
        with self._lock:
            self._catch_up()
            found = [
                placement
                for ours in map(self._organizations.get, (one.bytes for one in organizations))
                if ours is not None
                for placement in self._index.search(
                    request, count, weights=weights, organization=ours, counts=counts
                )
            ]
        if len(organizations) > 1:
            found.sort(key=lambda placement: placement.insertion.cost_s)
        return found[:count], counts

    def forget(self, numbers: npt.NDArray[np.int64]) -> None:
        """Drop rides that are not in the database any more."""
        with self._lock:
            self._index.remove(numbers)

    def _open_at(self, now: datetime) -> str:
        return f"""ride.cancelled_at IS NULL AND ride.started_at IS NULL
            AND ride.departure_at > '{now.isoformat()}'"""

    def _put(self, rows: Records) -> None:
        self._index.put(self._to_supply(rows))

    def _tidy(self) -> None:
        super()._tidy()
        if self._index.is_crowded:
            parts = self._index.begin_joining()
            Thread(target=self._join, args=(parts,), name="join rides", daemon=True).start()

    def _join(self, parts: tuple[Segment, Segment]) -> None:
        """Join rides beside the searches, which wait for no more than the exchange."""
        try:
            joined = join_segments(parts, self._index.cells)
        except MemoryError:
            logger.exception("There was no memory to join rides; searches go on a little slower.")
            with self._lock:
                self._index.give_up_joining()
            return
        with self._lock:
            self._index.end_joining(joined)

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
                departure_ms=to_epoch_ms(rides["planned_at"]),
                seats_offered=rides["seats_offered"].astype(np.int32),
                leg_ms=rows["leg_ms"].astype(np.int32),
                earliest_ms=np.where(
                    waits, to_epoch_ms(np.where(waits, rows["earliest_at"], 0)), NO_EARLIEST
                ),
                latest_ms=to_epoch_ms(rows["latest_at"]),
                boarding_ms=(1000 * rows["boarding_s"] * rows["is_inner"]).astype(np.int32),
                seats_after=rows["seats_after"].astype(np.int32),
                handicap_ms=_handicaps(rides["organization"], rides["driver"]),
            ),
        )


def _handicaps(
    organizations: npt.NDArray[np.bytes_], drivers: npt.NDArray[np.bytes_]
) -> npt.NDArray[np.int32]:
    """Return what each ride costs for its driver's sake, as far as is known now."""
    distinct, first, which = np.unique(drivers, return_index=True, return_inverse=True)
    costs = handicaps_ms(
        [_uuid(one) for one in distinct], [_uuid(one) for one in organizations[first]], clock.now()
    )
    return costs[which]


def _uuid(bare: bytes) -> UUID:
    return UUID(bytes=bytes(bare).ljust(16, b"\0"))


def live_supply(region: Region, now: datetime) -> LiveSupply | None:
    """Return the region's rides, filled by whoever asks first; None as long as that takes."""
    supply = _supply_of(region.pk, region.network_version)
    return supply if supply.fill(now) else None


def fill_supplies_aside() -> Thread:
    """Read the rides of all regions in a thread, so that a new process soon knows them."""
    thread = Thread(target=_fill_supplies, name="fill supplies", daemon=True)
    thread.start()
    return thread


def _fill_supplies() -> None:
    try:
        for region in list_regions():
            live_supply(region, clock.now())
    except (Error, DomainError):  # the first search will try again, and tell whoever asks
        logger.exception("The rides could not be read at the start.")
    finally:
        connection.close()


def forget_supplies() -> None:
    """Drop all rides from this process's memory; the next search reads them anew."""
    _supply_of.cache_clear()


@lru_cache(maxsize=8)
def _supply_of(region_id: UUID, _network_version: str) -> LiveSupply:
    return LiveSupply(Region.objects.get(pk=region_id))


def _nodes(
    network: RoadNetwork, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> npt.NDArray[np.int32]:
    """Return the vertex of each stop; many stops share a place, and each is looked up once."""
    places, which = np.unique(lon.astype(np.float64) + 1j * lat, return_inverse=True)
    return network.nearest_nodes(places.real.copy(), places.imag.copy())[which]
