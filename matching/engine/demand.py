"""The demand index: all waiting requests of a region, ready to be asked which a ride can serve.

The mirror of the supply index. Requests lie in two segments sorted by earliest departure: a large
one, and a small one that takes what is new; when that has grown past four square roots of the
requests, both become one. A removed request is marked and drops out at the next joining. So a
change costs O(√n) of copying (0.25 ms at 100,000 requests), and every 1,200th or so a joining.

Memory per request: 69 bytes, 8 for each meeting point, and 2 for each cell in which an end's
meeting points lie: 205 bytes with eight points in two cells at both ends. Labels and cells belong
to the network and are shared memory maps.

Not thread-safe: one process, or one lock, holds one index.
"""

from math import isqrt

import numpy as np
import numpy.typing as npt

from maps.engine.cells import Cells, Labels
from matching.engine.columns import Roads
from matching.engine.demand_search import search_requests
from matching.engine.demand_segment import GONE, Demand, build_demand, join_demand
from matching.engine.insertion import CostWeights, Insertion, Int32, Int64
from matching.engine.road_times import keeps_to_roads
from matching.engine.segment import Supply, build_segment
from matching.engine.supply import EVERYBODY, Placement, SearchCounts, _read_only

FEWEST_RECENT = 256


class DemandIndex:
    """Waiting requests of one road network.

    Parameters
    ----------
    labels : tuple of arrays
        ``RoadNetwork.labels``.
    cells : Cells
        Of the same network.
    """

    def __init__(self, labels: Labels, cells: Cells) -> None:
        self._cells = cells
        self._roads = Roads(
            _read_only(cells.ahead),
            _read_only(cells.back),
            tuple(_read_only(part) for part in labels),
        )
        self._settled = build_demand(_nobody(), cells, self._roads.labels)
        self._recent = self._settled
        self._gone = 0

    def __len__(self) -> int:
        """Return the number of waiting requests."""
        return len(self._settled) + len(self._recent) - self._gone

    @property
    def nbytes(self) -> int:
        """Memory of the requests' columns; labels and cells are shared maps and do not count."""
        return self._settled.nbytes + self._recent.nbytes

    def put(self, demand: Demand) -> None:
        """Add requests; those whose keys are known are replaced.

        Raises
        ------
        ValueError
            They make no sense; see :func:`~matching.engine.demand_segment.build_demand`.

        Notes
        -----
        O(m log m + points * label + √n) for m requests, amortized.
        """
        added = build_demand(demand, self._cells, self._roads.labels)
        self.remove(demand.key)
        self._gone -= int((self._recent.owner == GONE).sum())
        self._recent = join_demand(self._recent, added)
        limit = max(FEWEST_RECENT, 4 * isqrt(len(self._settled)))
        if len(self._recent) > limit or 2 * self._gone > len(self._settled):
            self.settle()

    def remove(self, keys: Int64) -> None:
        """Forget requests; numbers that are not here are passed over. O(m log n)."""
        for segment in (self._settled, self._recent):
            rows = segment.rows_of(keys)
            segment.owner[rows] = GONE
            self._gone += len(np.unique(rows))

    def forget_before(self, moment_ms: int) -> None:
        """Forget requests whose latest arrival is not after a moment; O(n)."""
        for segment in (self._settled, self._recent):
            over = (segment.latest <= moment_ms) & (segment.owner != GONE)
            segment.owner[over] = GONE
            self._gone += int(over.sum())

    def settle(self) -> None:
        """Join what is new with the rest and drop what is gone; O(n log n)."""
        self._settled = join_demand(self._settled, self._recent)
        self._recent = build_demand(_nobody(), self._cells, self._roads.labels)
        self._gone = 0

    def search(
        self,
        ride: Supply,
        *,
        boarding_ms: int,
        weights: CostWeights,
        organization: int = EVERYBODY,
        counts: SearchCounts | None = None,
    ) -> list[Placement]:
        """Return the cheapest insertion of every request that a ride can serve, best first.

        Parameters
        ----------
        ride : Supply
            One ride.
        boarding_ms : int
            How long the car stands at a new stop.
        weights : CostWeights
            None may be negative.
        organization : int
            Whose requests to look at; everybody's by default.
        counts : SearchCounts, optional
            Is told how much work it was.

        Raises
        ------
        ValueError
            It is not one ride, the ride makes no sense, or a weight is negative.

        Notes
        -----
        Exactly the requests that ``best_insertions`` can insert, one by one, and its insertions
        when nobody pays; by (cost, key). O(requests in the time window + stops * cells of the map
        + survivors * k² * points²); see ``demand_search``.
        """
        if len(ride.key) != 1:
            raise ValueError("one ride at a time")
        worth = np.array([weights.ride, weights.walk, weights.detour, weights.shift], np.float64)
        if worth.min() < 0:
            raise ValueError("weights must not be negative")
        alone, done = build_segment(ride, self._cells), np.zeros(3, np.int64)
        on_roads = keeps_to_roads(alone.node, alone.leg, self._roads.labels)
        found: list[Placement] = []
        for segment in (self._settled, self._recent):
            if len(segment):
                rows, *placed = search_requests(
                    segment.requests,
                    alone.columns,
                    self._roads,
                    organization,
                    boarding_ms,
                    worth,
                    on_roads,
                    done,
                )
                found += _placements(segment.key[rows], *placed)
        if counts is not None:
            counts.sliced, counts.bounded, counts.inserted = (int(n) for n in done)
        return sorted(found, key=lambda placement: (placement.insertion.cost_s, placement.key))


def _placements(
    keys: Int64, costs: npt.NDArray[np.float64], where: Int32, when: Int64
) -> list[Placement]:
    rows = zip(keys.tolist(), costs.tolist(), where.tolist(), when.tolist(), strict=True)
    return [
        Placement(key, Insertion(cost, *places, *moments)) for key, cost, places, moments in rows
    ]


def _nobody() -> Demand:
    """Return no requests at all."""
    none4, none8 = np.empty(0, np.int32), np.empty(0, np.int64)
    return Demand(
        key=none8,
        organization=none4,
        seats=none4,
        earliest_ms=none8,
        latest_ms=none8,
        anchored_at_arrival=np.empty(0, np.bool_),
        start=np.zeros(1, np.int32),
        middle=none4,
        node=none4,
        walk_ms=none4,
    )
