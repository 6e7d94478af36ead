"""Count with whom each of many commuters could share a car, exactly.

In words. Everybody arrives by their time and leaves work at theirs; to share a car they leave home
at most ``slack`` earlier than alone, and come home at most that much later. One person can drive
another if, on both ways, the tour (home, the other's home, the other's work, work; and back) takes
the driver at most ``detour`` longer than driving alone, standing ``boarding`` at each stop, and
both keep their windows. Two people are *partners* if either can drive the other.

Pairs are ruled out in bulk, the cheapest way first. The least time between the cells of two homes
(:mod:`maps.engine.cells`) never exceeds the true time, so two whole cells, or two people in them,
whom it keeps apart can't be partners: every promise only gets harder to keep as times grow. What
remains is computed with exact times from the labels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from maps.engine.cells import Cells
from maps.engine.geodesy import Ints, Longs
from maps.engine.labels import duration

Flags = npt.NDArray[np.bool_]
Labels = tuple[Any, ...]

CHUNK = 16
"""So many cells between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Commutes:
    """People who travel to work and home again, as columns of equal length.

    Attributes
    ----------
    home, work : int32[n]
        Vertices of the road network.
    arrive_ms, depart_ms : int64[n]
        Latest arrival at work and earliest departure from there, in ms of the day.
    car : bool[n]
        Drives today.
    seats : int32[n]
        For others, in the own car; 0 without one.
    """

    home: Ints
    work: Ints
    arrive_ms: Longs
    depart_ms: Longs
    car: Flags
    seats: Ints

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self.home)


@dataclass(frozen=True, slots=True)
class Promise:
    """What drivers and riders accept, in ms; see the module's words."""

    detour_ms: int = 600_000
    slack_ms: int = 1_200_000
    boarding_ms: int = 60_000


def drive_times(labels: Labels, sources: Ints, targets: Ints) -> Longs:
    """Return the time of each source to its target in ms, int64[n]; O(n * label)."""
    times: Longs = _times(sources, targets, labels)
    return times


def count_partners(
    commutes: Commutes,
    promise: Promise,
    cells: Cells,
    labels: Labels,
    report: Callable[[float], None] = lambda _share: None,
) -> Ints:
    """Return how many partners each person has, int32[n].

    Parameters
    ----------
    commutes : Commutes
    promise : Promise
    cells : Cells
        Of the same network as the labels.
    labels : tuple
    report : callable
        Told the share of the work done, 0 to 1.

    Notes
    -----
    O(n log n + pairs of cells + pairs of people that the cells leave * label).
    """
    order, columns = _sort(commutes, cells, labels)
    rules = (promise.detour_ms, promise.slack_ms, promise.boarding_ms)
    window = promise.slack_ms + promise.boarding_ms + _farthest_works(labels, commutes.work)
    lived_in, begin = np.unique(cells.of[commutes.home[order]], return_index=True)
    start = np.append(begin, len(commutes))
    sorted_counts = np.zeros(len(commutes), np.int32)
    for first in range(0, len(lived_in), CHUNK):
        last = min(first + CHUNK, len(lived_in))
        _count(
            (first, last),
            lived_in,
            start,
            window,
            rules,
            columns,
            cells.ahead,
            labels,
            sorted_counts,
        )
        report(1 - (1 - last / len(lived_in)) ** 2)
    counts = np.empty_like(sorted_counts)
    counts[order] = sorted_counts
    return counts


def _sort(
    commutes: Commutes, cells: Cells, labels: Labels
) -> tuple[npt.NDArray[np.intp], tuple[Any, ...]]:
    """Return people by cell and arrival, and what compiled code reads of them, in this order."""
    order = np.lexsort((commutes.arrive_ms, cells.of[commutes.home]))
    return order, (
        commutes.home[order],
        commutes.work[order],
        cells.of[commutes.work][order],
        drive_times(labels, commutes.home, commutes.work)[order],
        drive_times(labels, commutes.work, commutes.home)[order],
        commutes.arrive_ms[order],
        commutes.depart_ms[order],
        (commutes.car & (commutes.seats > 0))[order],
    )


def _farthest_works(labels: Labels, work: Ints) -> int:
    """Return a time that no drive between two workplaces exceeds."""
    sites = np.unique(work)
    if len(sites) > 200:
        return 24 * 3_600_000
    pairs = np.meshgrid(sites, sites)
    return int(drive_times(labels, pairs[0].ravel(), pairs[1].ravel()).max(initial=0))


@njit(cache=True)
def _times(sources, targets, labels):  # type: ignore[no-untyped-def]
    jumps, depth, start, ahead, back = labels
    out = np.empty(len(sources), np.int64)
    for i in range(len(sources)):
        out[i] = duration(sources[i], targets[i], jumps, depth, start, ahead, back)
    return out


@njit(cache=True)
def _fits(i, j, homes, works, rules, columns):  # type: ignore[no-untyped-def]
    """Tell whether i can drive j both ways, with the times between homes and between workplaces.

    To work, as late as both may arrive; home, as early as both may leave: whatever fits at another
    time fits then. ``homes`` and ``works`` are the times from i's to j's and from j's to i's.
    """
    detour, slack, boarding = rules
    _home, _work, _cell, there, back, arrive, depart, _drives = columns
    tour_to = homes[0] + there[j] + works[1] + 2 * boarding
    tour_home = works[0] + back[j] + homes[1] + 2 * boarding
    if tour_to > there[i] + detour or tour_home > back[i] + detour:
        return False
    at_work = min(arrive[i], arrive[j] + boarding + works[1])
    if at_work - tour_to < arrive[i] - there[i] - slack:
        return False
    if at_work - works[1] - 2 * boarding < arrive[j] - slack:
        return False
    leaves = max(depart[i], depart[j] - works[0])
    if leaves + tour_home > depart[i] + back[i] + slack:
        return False
    return leaves + works[0] + boarding <= depart[j] + slack


@njit(cache=True)
def _may(p, q, homes, works, rules, columns):  # type: ignore[no-untyped-def]
    """Tell whether either of two people can drive the other, with times from p to q and back."""
    drives = columns[7]
    if drives[p] and _fits(p, q, homes, works, rules, columns):
        return True
    homes, works = (homes[1], homes[0]), (works[1], works[0])
    return drives[q] and _fits(q, p, homes, works, rules, columns)


@njit(cache=True)
def _are_partners(p, q, low, rules, columns, least, labels):  # type: ignore[no-untyped-def]
    """Tell whether two people are partners; ``low`` bounds the times between their homes."""
    home, work, work_cell = columns[0], columns[1], columns[2]
    same = work[p] == work[q]
    apart = (np.int64(0), np.int64(0))
    if not same:
        a, b = work_cell[p], work_cell[q]
        apart = (np.int64(least[a, b]), np.int64(least[b, a]))
    if not _may(p, q, low, apart, rules, columns):
        return False
    jumps, depth, start, ahead, behind = labels
    homes = (
        np.int64(duration(home[p], home[q], jumps, depth, start, ahead, behind)),
        np.int64(duration(home[q], home[p], jumps, depth, start, ahead, behind)),
    )
    if not same:
        apart = (
            np.int64(duration(work[p], work[q], jumps, depth, start, ahead, behind)),
            np.int64(duration(work[q], work[p], jumps, depth, start, ahead, behind)),
        )
    return _may(p, q, homes, apart, rules, columns)


@njit(cache=True)
def _too_far(one, other, low, rules, columns):  # type: ignore[no-untyped-def]
    """Tell whether nobody of two ranges of people can be partners, by the time between them."""
    detour, _slack, boarding = rules
    there = columns[3]
    longest_one, longest_other = there[one[0]], there[other[0]]
    shortest_one, shortest_other = longest_one, longest_other
    for i in range(one[0], one[1]):
        longest_one, shortest_one = max(longest_one, there[i]), min(shortest_one, there[i])
    for i in range(other[0], other[1]):
        longest_other = max(longest_other, there[i])
        shortest_other = min(shortest_other, there[i])
    room = detour - 2 * boarding
    return (
        low[0] + shortest_other > longest_one + room
        and low[1] + shortest_one > longest_other + room
    )


@njit(cache=True)
def _count(chunk, lived_in, start, window, rules, columns, least, labels, counts):  # type: ignore[no-untyped-def]
    """Count the partners of the people in a chunk of cells among those in these and later cells."""
    arrive = columns[5]
    for a in range(chunk[0], chunk[1]):
        for b in range(a, len(lived_in)):
            ca, cb = lived_in[a], lived_in[b]
            low = (np.int64(least[ca, cb]), np.int64(least[cb, ca]))
            one, other = (start[a], start[a + 1]), (start[b], start[b + 1])
            if _too_far(one, other, low, rules, columns):
                continue
            first = other[0]
            for p in range(one[0], one[1]):
                while first < other[1] and arrive[first] < arrive[p] - window:
                    first += 1
                for q in range(max(first, p + 1), other[1]):
                    if arrive[q] > arrive[p] + window:
                        break
                    if _are_partners(p, q, low, rules, columns, least, labels):
                        counts[p] += 1
                        counts[q] += 1
