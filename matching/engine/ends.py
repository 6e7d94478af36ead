"""Exact driving times between the meeting points of one end of a request and any vertex.

In words. The shortest time between two vertices is the least sum of their labels over their
common ancestors in the hierarchy (:mod:`maps.engine.labels`). The ancestors of all meeting points
of one end make up a small tree with their common root. Whoever drives to them shares a path of
that tree, from the root down to where their own ancestors branch off; at each ancestor on it, of
all points below only the least label counts. So one pass over that path gives the time to the
nearest point, or what the cheapest costs. Where a vertex branches off is found with one look at
it: numbered by a walk through the hierarchy, everything below an ancestor is an interval of
numbers, so the point that shares most ancestors with a vertex is a neighbour of its number, and
how many they share is found by halving.

Source: interval numbering of trees, Dietz, *Maintaining order in a linked list* (STOC 1982).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from matching.engine.insertion import Int32

FAR = np.int32(1 << 30)


class End(NamedTuple):
    """The n meeting points of one end in the order of their numbers, with their ancestors.

    ``place`` (int32[n]) is where the caller has each point, ``points`` and ``number`` (int32[n])
    its vertex and that one's number, ``levels`` (int32[n]) how many ancestors it has, itself
    included, ``together`` (int32[n]) down to which level it shares them with the next point.
    ``first`` and ``after`` (int32[n, level]) are the intervals of numbers below each ancestor.
    ``near`` (int32[n, level]) is the least label of the points below an ancestor, on the outer
    side, that of pick-ups coming and of drop-offs going; ``near_inner`` on the other. ``cheap``
    (float64[2, n, level]) is the least of ``slope * outer label + part``.
    """

    place: Int32
    points: Int32
    number: Int32
    levels: Int32
    together: Int32
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


@njit(cache=True, inline="always")
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
    """Return the end of a request, not yet weighed; O(points * label)."""
    parent, depth, numbers = roads.labels[0][0], roads.labels[1], roads.numbers
    place = np.argsort(numbers[0][points]).astype(np.int32)
    count, deepest = len(points), depth[points].max() + 1
    levels, together = np.empty(count, np.int32), np.empty(count, np.int32)
    first, after = np.empty((count, deepest), np.int32), np.empty((count, deepest), np.int32)
    for n in range(count):
        v = np.int64(points[place[n]])
        levels[n] = depth[v] + 1
        shared = -1
        if n > 0:
            shared = meet(numbers[0, v], first[n - 1], after[n - 1], levels[n - 1])
            together[n - 1] = shared
            first[n, : shared + 1] = first[n - 1, : shared + 1]
            after[n, : shared + 1] = after[n - 1, : shared + 1]
        for level in range(depth[v], shared, -1):
            first[n, level], after[n, level] = numbers[0, v], numbers[1, v]
            v = np.int64(parent[v])
    together[count - 1] = -1
    vertices = points[place]
    near, near_inner = np.empty_like(first), np.empty_like(first)
    cheap = np.empty((2, count, deepest))
    return End(
        place,
        vertices,
        numbers[0][vertices],
        levels,
        together,
        first,
        after,
        near,
        near_inner,
        cheap,
    )


@njit(cache=True)
def weigh(end, outer, inner, slope, part, roads):  # type: ignore[no-untyped-def]
    """Fill in the least labels and costs of the points below each ancestor; O(points * label)."""
    direct, later, count = end.cheap[0], end.cheap[1], len(end.points)
    for n in range(count):
        a, place = roads.labels[2][end.points[n]], end.place[n]
        for level in range(end.levels[n]):
            end.near[n, level], end.near_inner[n, level] = outer[a + level], inner[a + level]
            direct[n, level] = slope * outer[a + level] + part[0, place]
            later[n, level] = slope * outer[a + level] + part[1, place]
        if n > 0:
            _lower(end, n, n - 1, end.together[n - 1] + 1)
    for n in range(count - 2, -1, -1):
        _lower(end, n, n + 1, end.together[n] + 1)


@njit(cache=True)
def _lower(end, mine, theirs, levels):  # type: ignore[no-untyped-def]
    """Let a point know the labels of another one at the ancestors that they share."""
    for level in range(levels):
        end.near[mine, level] = min(end.near[mine, level], end.near[theirs, level])
        inner = end.near_inner
        inner[mine, level] = min(inner[mine, level], inner[theirs, level])
        for later in range(2):
            cheap = end.cheap[later]
            cheap[mine, level] = min(cheap[mine, level], cheap[theirs, level])


@njit(cache=True, inline="always")
def branch(number, end):  # type: ignore[no-untyped-def]
    """Return the point that shares most ancestors with a vertex, and the last level they share."""
    right, count = 0, len(end.number)
    while right < count and end.number[right] <= number:
        right += 1
    point, level = right - 1, -1
    if right > 0:
        level = meet(number, end.first[point], end.after[point], end.levels[point])
    if right < count:
        other = meet(number, end.first[right], end.after[right], end.levels[right])
        if other > level:
            point, level = right, other
    return point, level


@njit(cache=True, inline="always")
def nearest(v, end, label, roads):  # type: ignore[no-untyped-def]
    """Return the least time between a vertex and the points of an end, on the inner side.

    ``label`` are times from the vertex if it drives to the points, else times to it. O(label).
    """
    point, level = branch(roads.numbers[0, v], end)
    a = roads.labels[2][v]
    mine, theirs, time = label[a : a + level + 1], end.near_inner[point], FAR
    for k in range(level + 1):
        time = min(time, np.int32(mine[k] + theirs[k]))
    return time


@njit(cache=True, inline="always")
def cheapest(v, end, label, slope, later, roads):  # type: ignore[no-untyped-def]
    """Return the least time between a vertex and the points of an end, and the least cost.

    On the outer side; the rest as in :func:`nearest`.
    """
    point, level = branch(roads.numbers[0, v], end)
    a = roads.labels[2][v]
    mine, theirs, cheap = label[a : a + level + 1], end.near[point], end.cheap[later, point]
    time, cost = FAR, np.float64(1e300)
    for k in range(level + 1):
        time = min(time, np.int32(mine[k] + theirs[k]))
        cost = min(cost, slope * mine[k] + cheap[k])
    return time, cost


@njit(cache=True, inline="always")
def all_times(v, end, away, roads, times):  # type: ignore[no-untyped-def]
    """Fill in the time from a vertex to each point of an end, or to it; O(points * label)."""
    start, ahead, back = roads.labels[2], roads.labels[3], roads.labels[4]
    point, level = branch(roads.numbers[0, v], end)
    here, there = (ahead, back) if away else (back, ahead)
    mine = here[start[v] : start[v] + level + 1]
    for step in (-1, 1):
        shared, n = level, point if step < 0 else point + 1
        if step > 0:
            shared = min(shared, end.together[point])
        while 0 <= n < len(end.points):
            theirs = there[start[end.points[n]] :]
            time = FAR
            for k in range(shared + 1):
                time = min(time, np.int32(mine[k] + theirs[k]))
            times[end.place[n]] = time
            if step < 0 and n > 0:
                shared = min(shared, end.together[n - 1])
            elif step > 0:
                shared = min(shared, end.together[n])
            n += step
