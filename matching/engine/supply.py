"""The supply index: all open rides of a region, ready to be searched.

In words. Rides lie in segments, each with its tree: a large settled one, and two that take what is
new, as in a log-structured merge tree. A put builds the smallest anew (up to 512 rides, a few ms);
when that is full it is joined into the middle one, and so on. A removed ride is marked and drops
out at the next joining. The large joining, O(n log n), can be done aside: while another thread
joins what was there, it is searched as it is, and what comes in goes into new segments.

Memory per ride with two stops: 128 bytes in the columns (44 for the ride, 42 for each stop), 48 in
the tree for each pair of legs, which is one, and 3 or so for its share of nodes.
Labels and cells belong to the network and are shared memory maps.

Not thread-safe: one process, or one lock, holds one index. Only :func:`join_segments` may run
beside.

Source: levels after O'Neil et al., *The log-structured merge-tree* (1996).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from maps.engine.cells import Cells, Labels
from matching.engine.aim import make_aim
from matching.engine.columns import Ask, Best, Roads
from matching.engine.descent import make_queue, search_segments
from matching.engine.ends import number_tree
from matching.engine.insertion import (
    CostWeights,
    Insertion,
    Int32,
    Int64,
    RequestWindow,
    RideBatch,
    pair_costs,
)
from matching.engine.segment import GONE, Segment, Supply, build_segment, join, plant

MOST_RECENT, MOST_MIDDLE = 512, 16_384
"""So many rides the two segments hold that take what is new."""
EVERYBODY = -1


@dataclass(frozen=True, slots=True)
class RoutedRequest:
    """A request whose meeting points are vertices.

    Attributes
    ----------
    pickups, dropoffs : int32[p], int32[d]
    window : RequestWindow
        With a value for each of them.
    """

    pickups: Int32
    dropoffs: Int32
    window: RequestWindow


@dataclass(frozen=True, slots=True)
class Placement:
    """The best place for a request in one ride."""

    key: int
    insertion: Insertion


@dataclass(slots=True)
class SearchCounts:
    """How many nodes a search opened, and how many places in rides it looked at how closely."""

    opened: int = 0
    sliced: int = 0
    bounded: int = 0
    inserted: int = 0


class SupplyIndex:
    """Open rides of one road network.

    Parameters
    ----------
    labels : tuple of arrays
        ``RoadNetwork.labels``.
    cells : Cells
        Of the same network.
    """

    def __init__(self, labels: Labels, cells: Cells) -> None:
        self._cells = cells
        numbers = np.empty((2, len(labels[1])), np.int32)
        number_tree(labels[0][0], labels[1], numbers[0], numbers[1])
        self._roads = Roads(
            _read_only(cells.ahead),
            _read_only(cells.back),
            tuple(_read_only(part) for part in labels),
            _read_only(numbers),
        )
        self._nothing = build_segment(_nothing(), cells)
        self._settled = self._joining = self._middle = self._recent = self._nothing
        self._forgotten: list[Int64] | None = None  # the keys removed while others are joined
        self._aim = make_aim(len(cells), 8)
        self._queue = make_queue(1)

    @property
    def _segments(self) -> tuple[Segment, Segment, Segment, Segment]:
        return self._settled, self._joining, self._middle, self._recent

    def __len__(self) -> int:
        """Return the number of open rides; O(n)."""
        return sum(int((segment.owner != GONE).sum()) for segment in self._segments)

    @property
    def nbytes(self) -> int:
        """Memory of the rides' columns; labels and cells are shared maps and do not count."""
        return sum(segment.nbytes for segment in self._segments)

    @property
    def cells(self) -> int:
        """How many cells the network has; :func:`join_segments` wants to know."""
        return len(self._cells)

    @property
    def is_crowded(self) -> bool:
        """Whether a joining would make searches faster, and none is under way; O(n)."""
        if self._forgotten is not None:
            return False
        gone = int((self._settled.owner == GONE).sum())
        return len(self._middle) > MOST_MIDDLE or 2 * gone > max(len(self._settled), MOST_RECENT)

    def put(self, supply: Supply) -> None:
        """Add rides; those whose keys are known are replaced.

        Raises
        ------
        ValueError
            They make no sense; see :func:`~matching.engine.segment.build_segment`.

        Notes
        -----
        O(m log m) for m rides, and a constant for each segment that they fill.
        """
        added = build_segment(supply, self._cells)
        self.remove(supply.key)
        recent = join(self._recent, added)
        if len(recent) <= MOST_RECENT:
            self._recent = plant(recent, self.cells)
            return
        self._recent, middle = self._nothing, join(self._middle, recent)
        if len(middle) > max(MOST_MIDDLE, len(self._settled)) and self._forgotten is None:
            self._settled = join_segments((self._settled, middle), self.cells)
            self._middle = self._nothing
        else:
            self._middle = plant(middle, self.cells)

    def remove(self, keys: Int64) -> None:
        """Forget rides; numbers that are not here are passed over. O(m log n)."""
        for segment in self._segments:
            segment.owner[segment.rows_of(keys)] = GONE
        if self._forgotten is not None:
            self._forgotten.append(keys)

    def forget_before(self, moment_ms: int) -> None:
        """Forget all rides that leave before a moment; O(rides that do)."""
        for segment in self._segments:
            over = int(np.searchsorted(segment.departure, moment_ms))
            segment.owner[:over] = GONE
            if self._forgotten is not None:
                self._forgotten.append(segment.key[:over])

    def settle(self) -> None:
        """Join what is new with the rest and drop what is gone; O(n log n)."""
        is_tidy = len(self) == len(self._settled)
        if self._forgotten is None and not is_tidy:
            self.end_joining(join_segments(self.begin_joining(), self.cells))

    def begin_joining(self) -> tuple[Segment, Segment]:
        """Set apart what is to be joined, until :meth:`end_joining`; O(recent rides).

        Give it to :func:`join_segments`, in another thread if you like.
        """
        self._joining = join(self._middle, self._recent)
        if len(self._joining):
            self._joining = plant(self._joining, self.cells)
        self._middle = self._recent = self._nothing
        self._forgotten = []
        return self._settled, self._joining

    def end_joining(self, joined: Segment) -> None:
        """Search the joined rides from now on, without those removed meanwhile."""
        for keys in self._forgotten or ():
            joined.owner[joined.rows_of(keys)] = GONE
        self._settled, self._joining, self._forgotten = joined, self._nothing, None

    def give_up_joining(self) -> None:
        """Go on as before after a joining that failed; the next one will try again."""
        middle = join(self._joining, self._middle)
        self._middle = plant(middle, self.cells) if len(middle) else middle
        self._joining, self._forgotten = self._nothing, None

    def search(
        self,
        request: RoutedRequest,
        count: int,
        *,
        weights: CostWeights,
        organization: int = EVERYBODY,
        counts: SearchCounts | None = None,
    ) -> list[Placement]:
        """Return the cheapest insertions, one per ride, best first.

        Parameters
        ----------
        request : RoutedRequest
        count : int
            How many at most.
        weights : CostWeights
            None may be negative.
        organization : int
            Whose rides to look at; everybody's by default.
        counts : SearchCounts, optional
            Is told how much work it was.

        Raises
        ------
        ValueError
            A weight is negative: a detour must not be worth something.

        Notes
        -----
        Exactly the answers of ``best_insertions`` over all rides, by (cost, departure, key).
        O(nodes and rides that are nearly good enough); see :mod:`~matching.engine.descent`.
        """
        if min(weights.ride, weights.walk, weights.detour, weights.shift) < 0:
            raise ValueError("weights must not be negative")
        if count < 1 or not len(request.pickups) or not len(request.dropoffs):
            return []
        ask, best, done = self._ask(request, weights), _free_places(count), np.zeros(4, np.int64)
        self._make_room(max(len(request.pickups), len(request.dropoffs)))
        segments = tuple((s.tree, s.columns) for s in self._segments)
        search_segments(
            segments, ask, self._roads, organization, self._aim, self._queue, best, done
        )
        if counts is not None:
            counts.opened, counts.sliced, counts.bounded, counts.inserted = done.tolist()
        return _placements(best)

    def _make_room(self, points: int) -> None:
        """Let the workspace hold as many points, nodes and stretches as there are."""
        if points > self._aim.of_pickup.shape[1]:
            self._aim = make_aim(len(self._cells), points)
        room = max(len(s.tree.stretches) + len(s.tree.nodes) for s in self._segments)
        if room > len(self._queue.after):
            self._queue = make_queue(room)

    def _ask(self, request: RoutedRequest, weights: CostWeights) -> Ask:
        window = request.window
        direct = np.empty((len(request.pickups), len(request.dropoffs)), np.int32)
        pair = pair_costs(window, weights)
        stand = window.seats, window.boarding_ms, window.anchor_ms, window.anchored_at_arrival
        return Ask(
            pickups=request.pickups,
            dropoffs=request.dropoffs,
            pickup_cell=self._cells.of[request.pickups],
            dropoff_cell=self._cells.of[request.dropoffs],
            ready=window.ready_ms,
            due=window.due_ms,
            walk_to=window.walk_to_ms,
            walk_from=window.walk_from_ms,
            pair=pair,
            cheapest_pair=float(pair.min()),
            direct=direct,
            stand=np.array(stand, np.int64),
            worth=np.array([weights.ride, weights.detour, weights.shift], np.float64),
        )


def join_segments(parts: tuple[Segment, Segment], cells: int) -> Segment:
    """Return two segments as one, with its tree; O(n log n)."""
    return plant(join(*parts), cells)


def _free_places(count: int) -> Best:
    """Return places that nobody has taken yet."""
    return Best(
        cost=np.full(count, np.inf),
        departure=np.zeros(count, np.int64),
        key=np.zeros(count, np.int64),
        where=np.empty((count, 4), np.int32),
        when=np.empty((count, 3), np.int64),
    )


def _placements(best: Best) -> list[Placement]:
    taken = int(np.isfinite(best.cost).sum())
    rows = zip(best.cost[:taken].tolist(), best.where.tolist(), best.when.tolist(), strict=False)
    return [
        Placement(key=key, insertion=Insertion(cost, *where, *when))
        for key, (cost, where, when) in zip(best.key.tolist(), rows, strict=False)
    ]


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view as a memory map would be, so that one compiled kernel serves both."""
    view = array.view()
    view.flags.writeable = False
    return view


def _nothing() -> Supply:
    """Return no rides at all."""
    none4, none8 = np.empty(0, np.int32), np.empty(0, np.int64)
    rides = RideBatch(
        start=np.zeros(1, np.int32),
        departure_ms=none8,
        seats_offered=none4,
        leg_ms=none4,
        earliest_ms=none8,
        latest_ms=none8,
        boarding_ms=none4,
        seats_after=none4,
    )
    return Supply(key=none8, organization=none4, node=none4, rides=rides)
