"""Exact driving times between the meeting points of one end of a request and any vertex.

In words. The shortest time between two vertices is the least sum of their labels over their
common ancestors in the hierarchy (:mod:`maps.engine.labels`). The meeting points of one end lie
close together and share most of their ancestors, their *trunk*. Whoever leaves the trunk before
it ends meets all of them at the same ancestors; one pass over the trunk then gives the time to the
nearest of them, or what the cheapest costs. Where a vertex leaves the trunk is found by halving,
with one look at the vertex: numbered by a walk through the tree, everything below an ancestor is an
interval of numbers.

Source: interval numbering of trees, Dietz, *Maintaining order in a linked list* (STOC 1982).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from maps.engine.labels import duration
from matching.engine.insertion import Int32

FAR = np.int32(1 << 30)


class End(NamedTuple):
    """The meeting points of one end, with the labels of their trunk.

    ``first`` and ``after`` (int32[trunk]) are the intervals of numbers below each ancestor.
    ``near`` (int32[trunk]) is the least label of all points on the outer side, that of pick-ups
    coming and of drop-offs going, ``near_inner`` on the other. ``cheap`` (float64[2, trunk]) is
    the least of ``slope * outer label + part``.
    """

    points: Int32
    first: Int32
    after: Int32
    near: Int32
    near_inner: Int32
    cheap: npt.NDArray[np.float64]


@njit(cache=True)
def number_tree(parent, depth, first, after):  # type: ignore[no-untyped-def]
    """Number vertices so that those below v are ``first[v] .. after[v] - 1``; O(n).

    Parents come before their children in the numbering of a hierarchy.
    """
    count = len(parent)
    size = np.ones(count, np.int32)
    for v in range(count - 1, -1, -1):
        if depth[v] > 0:
            size[parent[v]] += size[v]
    free = np.empty(count, np.int32)
    root_free = np.int32(0)
    for v in range(count):
        if depth[v] > 0:
            first[v] = free[parent[v]]
            free[parent[v]] += size[v]
        else:
            first[v] = root_free
            root_free += size[v]
        free[v] = first[v] + 1
        after[v] = first[v] + size[v]


@njit(cache=True)
def meet(number, first, after, levels):  # type: ignore[no-untyped-def]
    """Return the last of some nested intervals that holds a number; the first one does."""
    low, high = 0, levels
    while high - low > 1:
        middle = (low + high) // 2
        if first[middle] <= number < after[middle]:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True)
def make_end(points, roads):  # type: ignore[no-untyped-def]
    """Return the end of a request, not yet weighed; O(points * log label + label)."""
    parent, depth = roads.labels[0][0], roads.labels[1]
    levels = depth[points[0]] + 1
    first, after = np.empty(levels, np.int32), np.empty(levels, np.int32)
    v = np.int64(points[0])
    for level in range(levels - 1, -1, -1):
        first[level], after[level] = roads.numbers[0, v], roads.numbers[1, v]
        v = np.int64(parent[v])
    shared = levels
    for p in points[1:]:
        shared = min(shared, meet(roads.numbers[0, p], first, after, levels) + 1)
    near, near_inner = np.full(shared, FAR, np.int32), np.full(shared, FAR, np.int32)
    cheap = np.full((2, shared), np.inf)
    return End(points, first[:shared], after[:shared], near, near_inner, cheap)


@njit(cache=True)
def weigh(end, outer, inner, slope, part, roads):  # type: ignore[no-untyped-def]
    """Fill in the least labels and costs of the trunk; O(points * label)."""
    start, shared = roads.labels[2], len(end.first)
    direct, later = end.cheap[0], end.cheap[1]
    for n, p in enumerate(end.points):
        a = start[p]
        for level in range(shared):
            end.near[level] = min(end.near[level], outer[a + level])
            end.near_inner[level] = min(end.near_inner[level], inner[a + level])
            direct[level] = min(direct[level], slope * outer[a + level] + part[0, n])
            later[level] = min(later[level], slope * outer[a + level] + part[1, n])


@njit(cache=True)
def nearest(v, end, label, away, roads):  # type: ignore[no-untyped-def]
    """Return the least time between a vertex and the points of an end, on the inner side.

    ``label`` are times from the vertex if it drives ``away`` to the points, else times to it.
    O(label), or O(points * label) close by.
    """
    level = meet(roads.numbers[0, v], end.first, end.after, len(end.first))
    time = FAR
    if level < len(end.first) - 1:
        a = roads.labels[2][v]
        mine, theirs = label[a : a + level + 1], end.near_inner
        for k in range(level + 1):
            time = min(time, np.int32(mine[k] + theirs[k]))
        return time
    for p in end.points:
        each = duration(v, p, *roads.labels) if away else duration(p, v, *roads.labels)
        time = min(time, each)
    return time


@njit(cache=True, fastmath={"nnan", "nsz"})
def cheapest(v, end, label, away, slope, part, later, roads):  # type: ignore[no-untyped-def]
    """Return the least time between a vertex and the points of an end, and the least cost.

    On the outer side; the rest as in :func:`nearest`.
    """
    level = meet(roads.numbers[0, v], end.first, end.after, len(end.first))
    time, cost = FAR, np.float64(1e300)
    if level < len(end.first) - 1:
        a = roads.labels[2][v]
        mine, theirs, cheap = label[a : a + level + 1], end.near, end.cheap[later]
        for k in range(level + 1):
            time = min(time, np.int32(mine[k] + theirs[k]))
            cost = min(cost, slope * mine[k] + cheap[k])
        return time, cost
    for n, p in enumerate(end.points):
        each = duration(v, p, *roads.labels) if away else duration(p, v, *roads.labels)
        time = min(time, each)
        cost = min(cost, slope * each + part[later, n])
    return time, cost


@njit(cache=True)
def all_times(v, end, away, roads, times):  # type: ignore[no-untyped-def]
    """Fill in the time from a vertex to each point of an end, or to it; O(points * label)."""
    start, ahead, back = roads.labels[2], roads.labels[3], roads.labels[4]
    level = meet(roads.numbers[0, v], end.first, end.after, len(end.first))
    close = level == len(end.first) - 1
    here, there = (ahead, back) if away else (back, ahead)
    mine = here[start[v] : start[v] + level + 1]
    for n, p in enumerate(end.points):
        if close:
            times[n] = duration(v, p, *roads.labels) if away else duration(p, v, *roads.labels)
            continue
        theirs = there[start[p] : start[p] + level + 1]
        best = FAR
        for k in range(level + 1):
            best = min(best, np.int32(mine[k] + theirs[k]))
        times[n] = best
