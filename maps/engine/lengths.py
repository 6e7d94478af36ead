"""How long the fastest ways are: metres beside the times of a network's labels.

In words. A label (:mod:`maps.engine.hierarchy`) knows the least time between a vertex and each of
its ancestors, not how many metres that way has. Here every arc is weighed by its time *and* its
length, compared in this order, so that the fastest way wins and of equally fast ones the shortest.
Such pairs add up and compare like numbers (time in the high bits of one, length in the low ones),
so the same hierarchy labels them, and the length of the way to each ancestor is read off. Two
labels are then joined as two times are.

The fastest way is not the shortest, so its length knows no triangle inequality: a detour over a
third place may take fewer metres. Whoever needs a lower bound that holds for every detour asks for
the shortest way instead, whose lengths are labelled too.

Built when first asked for and kept beside the network, as its cells are: only batch work counts
vehicle-kilometres by the million.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numba import njit

from maps.engine import store
from maps.engine.cells import Labels
from maps.engine.geodesy import Floats, Ints
from maps.engine.hierarchy import UNREACHED, build_hierarchy
from maps.engine.labels import common_depth

BITS = 28
"""For the length in decimetres: 26,000 km; the other 35 hold 6 days in ms."""


@dataclass(frozen=True)
class Lengths:
    """Lengths that belong to the entries of a network's labels.

    Attributes
    ----------
    ahead, back : int32[label entries]
        Decimetres of the fastest way from a vertex to its ancestor, and from there to the vertex.
    least_ahead, least_back : int32[label entries]
        Decimetres of the shortest way.
    """

    ahead: Ints
    back: Ints
    least_ahead: Ints
    least_back: Ints


def open_lengths(network: Path) -> Lengths:
    """Return the lengths of a compiled network, building them the first time.

    Parameters
    ----------
    network : Path
        The folder of the network; the lengths' folder stands beside it.

    Raises
    ------
    NetworkMissing
        The network is absent or damaged.
    """
    folder = network.with_name(f"{network.name}-lengths")
    if not store.is_complete(folder):
        drive = store.read_arrays(network, "drive_")
        tail = np.repeat(np.arange(len(drive["lon"])), np.diff(drive["arc_start"]))
        lengths = build_lengths(
            len(drive["lon"]),
            tail.astype(np.int32),
            *(drive[f"arc_{x}"] for x in ("head", "ms", "m")),
        )
        store.write_folder(folder, asdict(lengths), {})
    return Lengths(**store.read_arrays(folder, ""))


def build_lengths(count: int, tail: Ints, head: Ints, weight_ms: Ints, length_m: Floats) -> Lengths:
    """Label a network by time and then length, and by length alone.

    Parameters
    ----------
    count : int
    tail, head, weight_ms : int32[m]
        As :func:`~maps.engine.hierarchy.build_hierarchy` took them.
    length_m : float64[m]

    Notes
    -----
    Twice as long as the hierarchy takes; every arc is rounded to a decimetre, and up from none.
    """
    tenths = np.maximum(np.rint(length_m * 10), 1).astype(np.int64)
    tree = build_hierarchy(count, tail, head, (weight_ms.astype(np.int64) << BITS) + tenths)
    ahead, back = (
        np.where(part >> BITS < UNREACHED, part & ((1 << BITS) - 1), 0).astype(np.int32)
        for part in (tree.ahead, tree.back)
    )
    least = build_hierarchy(count, tail, head, tenths.astype(np.int32))
    return Lengths(ahead, back, least.ahead, least.back)


@njit(cache=True)
def time_and_length(s, t, labels, ahead_dm, back_dm):  # type: ignore[no-untyped-def]
    """Return the least time from s to t and the length of that way; O(depth)."""
    jumps, depth, start, ahead, back = labels
    best, tenths = UNREACHED, np.int32(0)
    from_s, to_t = start[s], start[t]
    for i in range(common_depth(s, t, jumps, depth) + 1):
        time = ahead[from_s + i] + back[to_t + i]
        if time <= best:
            length = ahead_dm[from_s + i] + back_dm[to_t + i]
            if time < best or length < tenths:
                best, tenths = time, length
    return best, tenths


@njit(cache=True)
def times_and_lengths(sources, targets, labels, ahead_dm, back_dm):  # type: ignore[no-untyped-def]
    """Return the time in ms and the length in decimetres of each pair; O(pairs * depth)."""
    times = np.empty(len(sources), np.int32)
    lengths = np.empty(len(sources), np.int32)
    for n in range(len(sources)):
        times[n], lengths[n] = time_and_length(sources[n], targets[n], labels, ahead_dm, back_dm)
    return times, lengths


def measure(sources: Ints, targets: Ints, labels: Labels, lengths: Lengths) -> tuple[Ints, Ints]:
    """Return the time in ms and the length in decimetres of the fastest way of each pair."""
    found: tuple[Ints, Ints] = times_and_lengths(
        sources, targets, labels, lengths.ahead, lengths.back
    )
    return found
