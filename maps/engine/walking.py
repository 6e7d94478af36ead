"""Shortest walks: a Dijkstra search that stops at a distance, compiled by numba."""

import numpy as np
from numba import float64, int64, njit, types

from maps.engine.grid import F8
from maps.engine.hierarchy import I4, I8, OUT4

OUT_F8 = types.Array(float64, 1, "C")
REACHED = types.Tuple((OUT4, OUT_F8, OUT4))  # type: ignore[no-untyped-call]


@njit(types.void(OUT_F8, OUT4, int64, float64, int64), cache=True)
def push(keys, items, size, key, item):  # type: ignore[no-untyped-def]
    """Add an item to a binary heap of ``size`` items; O(log size)."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        keys[at], items[at] = keys[above], items[above]
        at = above
    keys[at], items[at] = key, item


@njit(types.void(OUT_F8, OUT4, int64), cache=True)
def pop(keys, items, size):  # type: ignore[no-untyped-def]
    """Remove the first item of a binary heap of ``size`` items; O(log size)."""
    last = size - 1
    key, item = keys[last], items[last]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], items[at] = keys[below], items[below]
        at = below
    keys[at], items[at] = key, item


@njit(REACHED(I8, I4, F8, I4, F8, float64), cache=True)
def reach(row_start, neighbour, length, seeds, seed_m, max_m):  # type: ignore[no-untyped-def]
    """Search from several vertices at once, each with a distance already walked.

    Returns the vertices within ``max_m`` in the order reached, their distances, and the vertex
    each was reached from (-1 for a seed). O(r log r) for r arcs in reach; memory O(n).
    """
    count = len(row_start) - 1
    best = np.full(count, np.inf)
    before = np.full(count, -1, np.int32)
    settled = np.zeros(count, np.bool_)
    keys = np.empty(len(neighbour) + len(seeds) + 1, np.float64)
    items = np.empty(len(neighbour) + len(seeds) + 1, np.int32)
    order = np.empty(count, np.int32)
    size, found = 0, 0
    for i in range(len(seeds)):
        if seed_m[i] < best[seeds[i]] and seed_m[i] <= max_m:
            best[seeds[i]] = seed_m[i]
            push(keys, items, size, seed_m[i], seeds[i])
            size += 1
    while size > 0:
        v = items[0]
        pop(keys, items, size)
        size -= 1
        if settled[v]:
            continue
        settled[v] = True
        order[found] = v
        found += 1
        for i in range(row_start[v], row_start[v + 1]):
            u = neighbour[i]
            walked = best[v] + length[i]
            if walked < best[u] and walked <= max_m:
                best[u] = walked
                before[u] = v
                push(keys, items, size, walked, u)
                size += 1
    nodes = order[:found].copy()
    return nodes, best[nodes], before[nodes]
