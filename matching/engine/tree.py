"""A tree over all that rides have to offer: many are judged by one look, and only some each.

In words. A ride can be joined between any two of its legs: one leg for getting in, the same or a
later one for getting out. Each such pair with a seat free is a *stretch*; a ride without stops on
its way has one. A stretch has a place in a space of five dimensions: when the car leaves the stop
before the pick-up, where that is (two), and where the stop after the drop-off is (two). The cells
of a road network are made by halving, so the number of a cell is a path: its first bit tells the
half of the city, its second the half of that half. Weaving the bits of start, end and departure
into one number puts stretches that go the same way at the same time next to each other. A node of
the tree is a run of stretches whose numbers begin alike; it is halved at the first bit in which
they differ, down to a handful. The very first bit tells stretches over one leg from the others,
because different bounds hold for them.

A node keeps the extremes of its stretches (:data:`NODE`), so that whatever bounds the node bounds
each of them. Where they start is one *region*: the deepest part of the halving that holds all
their starts. Regions are numbered like a heap: 1 is the whole city, the halves of ``x`` are ``2x``
and ``2x + 1``, and cell ``c`` of ``n`` is ``n + c``.

What comes after a stretch is folded into it once: ``until`` is the latest call at the stop after
the drop-off from which all later promises hold, and a call there after ``alone`` delays the end of
the ride by as much (before, later waiting makes up for it).

Source: the linear order is Morton's (1966); the tree over it that of Lauterbach et al., *Fast BVH
Construction on GPUs* (2009); extremes in nodes as in an R-tree; the backward pass is the slack of
Savelsbergh, *Local search in routing problems with time windows* (1985).
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from matching.engine.columns import Columns

Records = npt.NDArray[Any]

LEAF = 48
"""So many stretches are judged one by one: fewer would cost more in nodes than they save."""
FINEST_MS_BITS, TIME_BITS, SLOT_BITS = 18, 5, 30
"""Departures are told apart by 2^18 ms (4 min); five bits of that are woven in, 30 come before."""
TICK_BITS, MOST_SEATS = 31, np.iinfo(np.int16).max
"""Moments are kept in so many bits, see :class:`Tree`, and seats up to so many."""

STRETCH = np.dtype(
    [
        ("leave", np.int32),  # when the car leaves the stop before the pick-up, as planned
        ("until", np.int32),  # when it must be at the stop after the drop-off, for all promises
        ("alone", np.int32),  # from when on a call there delays the end of the ride
        ("handicap", np.int32),
        ("between", np.int32),  # time from ``next`` to leaving ``before``; -1 on the same leg
        ("start", np.int16),  # the regions of the stop before the pick-up and of the next one,
        ("next", np.int16),
        ("before", np.int16),  # of the stop before the drop-off and of the next one
        ("end", np.int16),
        ("free", np.int16),  # seats
    ],
    align=True,
)
"""What is known at first sight of riding along from one leg of a ride to another; 32 bytes."""

PLACE = np.dtype(
    [
        ("ride", np.int32),  # its row
        ("origin", np.int32),  # the vertices of the stops before the pick-up and after the drop-off
        ("destination", np.int32),
        ("pickup_after", np.int16),  # the legs of getting in and out
        ("dropoff_after", np.int16),
    ],
    align=True,
)
"""What is asked of a stretch at second sight."""

NODE = np.dtype(
    [
        ("soonest", np.int32),  # least and greatest ``leave``
        ("latest", np.int32),
        ("until", np.int32),  # greatest of what is below, as the next three
        ("alone", np.int32),
        ("budget", np.int32),  # until - leave
        ("solo", np.int32),  # alone - leave
        ("handicap", np.int32),  # least
        ("between", np.int32),  # least
        ("start", np.int16),  # regions that hold all of theirs
        ("next", np.int16),
        ("before", np.int16),
        ("end", np.int16),
        ("first", np.int32),  # the first child, or the first of so many stretches
        ("rides", np.int32),  # 0 where there are two children
    ],
    align=True,
)
"""What is known of all stretches below a node; 48 bytes."""


class Tree(NamedTuple):
    """Stretches of rides in the order of the tree, and the nodes over them, the root first.

    A moment ``m`` of theirs is ``since + m * 2**shift`` ms: that of leaving rounded down, the
    others up, so that bounds stay bounds. ``shift`` is 0 as long as all rides are of 24 days.
    """

    stretches: Records
    places: Records
    nodes: Records
    since: int
    shift: int


NO_TREE = Tree(np.empty(0, STRETCH), np.empty(0, PLACE), np.empty(0, NODE), 0, 0)


def build_tree(columns: Columns, cells: int) -> Tree:
    """Return the tree over all stretches of some rides; O(n log n) for n stretches."""
    if not len(columns.departure):
        return NO_TREE
    legs = np.diff(columns.start).astype(np.int64) - 1
    room = int((legs * (legs + 1) // 2).sum())
    stretches, places = np.empty(room, STRETCH), np.empty(room, PLACE)
    since = int(columns.leave.min())
    span = int(max(columns.latest.max(), columns.alone.max())) - since
    shift = max(0, span.bit_length() - TICK_BITS)
    count = _cut(columns, cells, (since, shift), stretches, places)
    order = np.empty(count, np.int64)
    _weave(stretches, shift, cells.bit_length() - 1, order)
    sorting = np.argsort(order)
    stretches, places = _pick(stretches, sorting), _pick(places, sorting)
    spans = np.empty((max(1, 2 * count), 3), np.int32)
    nodes = np.zeros(_split(order[sorting], spans), NODE)
    _summarize(spans, stretches, nodes)
    return Tree(stretches, places, nodes, since, shift)


def _pick(records: Records, rows: npt.NDArray[np.intp]) -> Records:
    """Return some records, copied at once and not field by field."""
    whole = np.dtype((np.void, records.dtype.itemsize))
    return records.view(whole)[rows].view(records.dtype)


@njit(cache=True, nogil=True)
def _cut(columns, cells, clock, stretches, places):  # type: ignore[no-untyped-def]
    """Write down every pair of legs between which a seat is free; return how many."""
    c, (since, shift), count = columns, clock, 0
    for r in range(len(c.departure)):
        a, last = c.start[r], c.start[r + 1] - 1
        must, onward = c.latest[last], np.int64(0)
        for k in range(last, a, -1):  # the stop after the drop-off
            if k < last:
                must = min(c.latest[k], must - c.leg[k + 1] - c.boarding[k])
                onward += c.boarding[k] + c.leg[k + 1]
            free = c.offered[r]
            for i in range(k - 1, a - 1, -1):  # the stop before the pick-up
                free = min(free, c.offered[r] - c.taken[i])
                if free < 1:
                    break
                s, p = stretches[count], places[count]
                s.leave = (c.leave[i] - since) >> shift
                s.until = -((since - must) >> shift)
                s.alone = -((since - c.alone[r] + onward) >> shift)
                s.handicap, s.free = c.handicap[r], min(free, MOST_SEATS)
                s.start, s.next = cells + c.cell[i], cells + c.cell[i + 1]
                s.before, s.end = cells + c.cell[k - 1], cells + c.cell[k]
                between = np.int32(c.boarding[k - 1])
                for m in range(i + 1, k - 1):
                    between += c.boarding[m] + c.leg[m + 1]
                s.between = -1 if i == k - 1 else between
                p.ride, p.pickup_after, p.dropoff_after = r, i - a, k - 1 - a
                p.origin, p.destination = c.node[i], c.node[k]
                count += 1
    return count


@njit(cache=True, nogil=True)
def _weave(stretches, shift, bits, order):  # type: ignore[no-untyped-def]
    """Weave start, end and departure bit by bit, after the coarse departure and the kind."""
    for n in range(len(order)):
        s = stretches[n]
        start, end = np.int64(s.start), np.int64(s.end)
        slot = (np.int64(s.leave) << shift) >> FINEST_MS_BITS
        code = (slot >> TIME_BITS) | (np.int64(s.between < 0) << SLOT_BITS)
        for level in range(max(bits, TIME_BITS)):
            if level < bits:
                code = code << 1 | (start >> (bits - 1 - level) & 1)
                code = code << 1 | (end >> (bits - 1 - level) & 1)
            if level < TIME_BITS:
                code = code << 1 | (slot >> (TIME_BITS - 1 - level) & 1)
        order[n] = code


@njit(cache=True, nogil=True)
def _split(order, spans):  # type: ignore[no-untyped-def]
    """Write each node's first row, the row after its last, and its first child; return how many.

    What lies below a node is numbered before what lies below the next one, so that a search that
    goes deeper stays in the same part of memory.
    """
    count = 1
    spans[0, 0], spans[0, 1] = 0, len(order)
    waiting = [np.int64(0)]
    while len(waiting) > 0:
        n = waiting.pop()
        a, b = spans[n, 0], spans[n, 1]
        spans[n, 2] = -1
        if b - a > LEAF:
            middle = _halve(order, a, b)
            spans[n, 2] = count
            spans[count, 0], spans[count, 1] = a, middle
            spans[count + 1, 0], spans[count + 1, 1] = middle, b
            waiting.append(np.int64(count + 1))
            waiting.append(np.int64(count))
            count += 2
    return count


@njit(cache=True)
def _halve(order, a, b):  # type: ignore[no-untyped-def]
    """Return the first row whose number differs from the first one's in the highest bit they do."""
    differ = order[a] ^ order[b - 1]
    if differ == 0:
        return (a + b) // 2
    bit = np.int64(1)
    while differ > 1:
        differ >>= 1
        bit <<= 1
    low, high = a, b - 1  # order[low] lacks the bit, order[high] has it
    while high - low > 1:
        middle = (low + high) // 2
        if order[middle] & bit:
            high = middle
        else:
            low = middle
    return high


@njit(cache=True)
def _meet(one, other):  # type: ignore[no-untyped-def]
    """Return the smallest region that holds two."""
    while one != other:
        if one > other:
            one >>= 1
        else:
            other >>= 1
    return one


@njit(cache=True)
def _widen(node, other):  # type: ignore[no-untyped-def]
    """Let a node hold what another one does."""
    node.soonest = min(node.soonest, other.soonest)
    node.latest = max(node.latest, other.latest)
    node.until = max(node.until, other.until)
    node.alone = max(node.alone, other.alone)
    node.budget = max(node.budget, other.budget)
    node.solo = max(node.solo, other.solo)
    node.handicap = min(node.handicap, other.handicap)
    node.between = min(node.between, other.between)
    node.start, node.next = _meet(node.start, other.start), _meet(node.next, other.next)
    node.before, node.end = _meet(node.before, other.before), _meet(node.end, other.end)


@njit(cache=True)
def _assign(node, stretch):  # type: ignore[no-untyped-def]
    """Let a node hold one stretch."""
    s = stretch
    node.soonest = node.latest = s.leave
    node.until, node.alone = s.until, s.alone
    node.budget, node.solo = s.until - s.leave, s.alone - s.leave
    node.handicap, node.between = s.handicap, s.between
    node.start, node.next, node.before, node.end = s.start, s.next, s.before, s.end


@njit(cache=True, nogil=True)
def _summarize(spans, stretches, nodes):  # type: ignore[no-untyped-def]
    """Fill in the nodes from the last, so that children come before their parents."""
    one = np.zeros(1, NODE)
    for n in range(len(nodes) - 1, -1, -1):
        node, child = nodes[n], spans[n, 2]
        if child >= 0:
            nodes[n : n + 1] = nodes[child : child + 1]
            _widen(node, nodes[child + 1])
            node.first, node.rides = child, 0
            continue
        for r in range(spans[n, 0], spans[n, 1]):
            _assign(node if r == spans[n, 0] else one[0], stretches[r])
            if r > spans[n, 0]:
                _widen(node, one[0])
        node.first, node.rides = spans[n, 0], spans[n, 1] - spans[n, 0]
