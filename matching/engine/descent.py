"""Find the cheapest insertions among many rides without looking at most of them, losing none.

In words. Nodes of the tree (:mod:`~matching.engine.tree`) and single stretches of rides wait in a
queue by a lower bound of what they cost (:mod:`~matching.engine.aim`). Whatever comes up first is
looked at once more closely:

1. a *node* gives way to its two children, or to its stretches, each bounded by regions;
2. a *stretch* is bounded again by exact road times to the nearest and the cheapest meeting points;
3. a stretch that comes up once more is *inserted* exactly (:mod:`~matching.engine.ride_along`).

When the least bound is above the k-th best cost found, nothing that waits can enter, and the search
ends. So the work grows with the number of rides that are nearly good enough, not with all rides.

The queue is a row of buckets, one for each second of cost. Within a bucket the order is any: it
decides how early good rides are found, never which, because every bound is compared itself.

The answers are those of evaluating every ride; of equal costs the ride that leaves first wins,
then the one with the smaller number.

Source: best-first search in trees of bounds (Hjaltason & Samet, *Distance browsing in spatial
databases*, 1999), buckets after Dial (1969).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from matching.engine.aim import bound_node, bound_stretch, sharpen, take_aim
from matching.engine.insertion import Int32
from matching.engine.ride_along import drive_times, enter, insert_between

BUCKETS = 4096
NODE, LOOSE, TIGHT = 0, 1, 2
NOBODY = -1


class Queue(NamedTuple):
    """Nodes and rides that wait.

    ``first[b]`` is the first entry of bucket b and ``after[e]`` the entry after e; ``bound``,
    ``kind`` and ``item`` describe an entry; ``state`` holds the lowest bucket that may have any,
    and how many entries were ever made. ``floor`` is the cost at which bucket 0 ends.
    """

    first: Int32
    after: Int32
    bound: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    item: Int32
    state: npt.NDArray[np.int64]
    floor: npt.NDArray[np.float64]


def make_queue(room: int) -> Queue:
    """Return an empty queue with room for so many entries."""
    return Queue(
        first=np.full(BUCKETS, NOBODY, np.int32),
        after=np.empty(room, np.int32),
        bound=np.empty(room, np.float64),
        kind=np.empty(room, np.int8),
        item=np.empty(room, np.int32),
        state=np.zeros(2, np.int64),
        floor=np.zeros(1, np.float64),
    )


@njit(cache=True, inline="always")
def put(queue, entry, bound):  # type: ignore[no-untyped-def]
    """Let an entry wait by its bound."""
    above = bound - queue.floor[0]
    bucket = 0 if above < 0 else min(int(above), BUCKETS - 1)
    queue.bound[entry] = bound
    queue.after[entry] = queue.first[bucket]
    queue.first[bucket] = entry
    queue.state[0] = min(queue.state[0], bucket)


@njit(cache=True)
def clear(queue, floor):  # type: ignore[no-untyped-def]
    """Forget all entries; bucket 0 ends at ``floor``."""
    queue.first[:] = NOBODY
    queue.state[0], queue.state[1] = 0, 0
    queue.floor[0] = floor


@njit(cache=True, inline="always")
def add(queue, kind, item, bound):  # type: ignore[no-untyped-def]
    """Let a node or ride wait that has not waited before."""
    entry = queue.state[1]
    queue.state[1] = entry + 1
    queue.kind[entry], queue.item[entry] = kind, item
    put(queue, entry, bound)


@njit(cache=True, inline="always")
def take(queue, limit):  # type: ignore[no-untyped-def]
    """Return an entry of the lowest bucket, taken out; nobody if none can be below the limit."""
    bucket = queue.state[0]
    while bucket < BUCKETS and queue.first[bucket] == NOBODY:
        bucket += 1
    queue.state[0] = bucket
    if bucket == BUCKETS or (bucket > 0 and queue.floor[0] + bucket > limit):
        return np.int64(NOBODY)
    entry = queue.first[bucket]
    queue.first[bucket] = queue.after[entry]
    return np.int64(entry)


@njit(cache=True, inline="always")
def open_node(node, tree, aim, seats, limit, queue):  # type: ignore[no-untyped-def]
    """Let what is below a node wait; return how many stretches were judged."""
    if node.rides == 0:
        for k in range(node.first, node.first + 2):
            value = bound_node(aim, tree.nodes[k], tree)
            if value <= limit and value < np.inf:
                add(queue, NODE, k, value)
        return 0
    for k in range(node.first, node.first + node.rides):
        s = tree.stretches[k]
        if s.free < seats:
            continue
        value = bound_stretch(aim, s, tree)
        if value <= limit and value < np.inf:
            add(queue, LOOSE, k, value)
    return node.rides


@njit(cache=True, fastmath={"nnan", "nsz"})
def descend(segment, ask, roads, organization, search, best, counts):  # type: ignore[no-untyped-def]
    """Let the rides of one segment compete for the best places, which may be taken already."""
    tree, columns = segment
    aim, ends, queue = search
    worst = len(best.cost) - 1
    where, when = np.empty(4, np.int32), np.empty(3, np.int64)
    times = np.empty((4, max(len(ask.pickups), len(ask.dropoffs))), np.int32)
    clear(queue, ask.cheapest_pair / 1000)
    add(queue, NODE, 0, -np.inf)
    while True:
        limit = best.cost[worst]
        entry = take(queue, limit)
        if entry == NOBODY:
            break
        if queue.bound[entry] > limit:
            continue
        item = queue.item[entry]
        if queue.kind[entry] == NODE:
            counts[0] += 1
            counts[1] += open_node(tree.nodes[item], tree, aim, ask.stand[0], limit, queue)
            continue
        place = tree.places[item]
        owner = columns.owner[place.ride]
        if owner < 0 or (organization >= 0 and owner != organization):
            continue
        if queue.kind[entry] == LOOSE:
            counts[2] += 1
            value = sharpen(item, tree, columns, aim, ends, roads, limit)
            if value <= limit and value < np.inf:
                queue.kind[entry] = TIGHT
                put(queue, entry, value)
            continue
        counts[3] += 1
        drive_times(place, columns, ends[0], ends[1], roads, times)
        cost = insert_between(place, columns, ask, times, limit, where, when)
        if cost < np.inf:
            r = place.ride
            enter(cost, columns.departure[r], columns.key[r], where, when, best)


@njit(cache=True)
def search_segments(segments, ask, roads, organization, aim, queue, best, counts):  # type: ignore[no-untyped-def]
    """Let the rides of some segments compete for the best places.

    Parameters
    ----------
    segments : tuple of (Tree, Columns)
    ask : Ask
        ``direct`` is filled in.
    roads : Roads
    organization : int
        Whose rides; everybody's below 0.
    aim : Aim
    queue : Queue
        With room for a segment's nodes and stretches.
    best : Best
        Is filled.
    counts : int64[4]
        Added to: nodes opened, stretches bounded by regions, by road times, inserted exactly.
    """
    ends = take_aim(ask, roads, aim)
    for segment in segments:
        if len(segment[0].stretches) > 0:
            descend(segment, ask, roads, organization, (aim, ends, queue), best, counts)
