"""What the compiled search reads and writes: rides, a request, the roads, the best so far.

Named tuples, because numba takes them apart at no cost.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.engine.insertion import Int32, Int64

Int16 = npt.NDArray[np.int16]

BLOCK = 256
"""So many neighbouring rides share one entry of ``block_until``."""


class Columns(NamedTuple):
    """Rides and their stops, as :class:`~matching.engine.segment.Segment` describes them."""

    key: Int64
    departure: Int64
    alone: Int64
    offered: Int32
    handicap: Int32
    owner: Int32
    start: Int32
    node: Int32
    leg: Int32
    boarding: Int32
    taken: Int32
    cell: Int16
    earliest: Int64
    latest: Int64
    leave: Int64


class Ask(NamedTuple):
    """A request: vertices, cells, times and walks of its meeting points, and times between them.

    ``pair`` is what each pair of meeting points costs in walks and price, ``cheapest_pair`` the
    least of it; ``stand`` holds seats, boarding time, anchor and whether that is an arrival;
    ``worth`` the weights of riding, detour and shift, as in :mod:`~matching.engine.insertion`.
    """

    pickups: Int32
    dropoffs: Int32
    pickup_cell: Int16
    dropoff_cell: Int16
    ready: Int64
    due: Int64
    walk_to: Int64
    walk_from: Int64
    pair: npt.NDArray[np.float64]
    cheapest_pair: float
    direct: Int32
    stand: Int64
    worth: npt.NDArray[np.float64]


class Roads(NamedTuple):
    """Least times between cells, there and back, and the labels of the network's hierarchy.

    ``numbers`` (int32[2, n]) tells of each vertex the interval of numbers below it; see
    :mod:`~matching.engine.ends`.
    """

    ahead: Int32
    back: Int32
    labels: tuple[Any, ...]
    numbers: Int32 = np.empty((2, 0), np.int32)


class Best(NamedTuple):
    """The best places so far, one per ride, the best first; a cost of inf where there is room."""

    cost: npt.NDArray[np.float64]
    departure: Int64
    key: Int64
    where: Int32
    when: Int64
