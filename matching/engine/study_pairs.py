"""Count with whom each of many commuters could share a car, exactly.

In words. Everybody arrives by their time and leaves work at theirs; to share a car they leave home
at most ``slack`` earlier than alone, and come home at most that much later. One person can drive
another if, on both ways, the tour (home, the other's home, the other's work, work; and back) takes
the driver at most ``detour`` longer than driving alone, standing ``boarding`` at each stop, and
both keep their windows. Two people are *partners* if either can drive the other.

All pairs are looked at, cheapest test first: people sorted by arrival leave a window; the least
time between the cells of two homes (:mod:`maps.engine.cells`) never exceeds the true time, so a
pair it rejects is impossible; what remains is computed with exact times from the labels.
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

CHUNK = 2000
"""So many people between two reports of progress."""


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
    O(n log n + pairs in the window + pairs that the cells leave * label).
    """
    there = drive_times(labels, commutes.home, commutes.work)
    back = drive_times(labels, commutes.work, commutes.home)
    order = np.argsort(commutes.arrive_ms, kind="stable")
    columns = (
        commutes.home[order],
        commutes.work[order],
        cells.of[commutes.home[order]],
        there[order],
        back[order],
        commutes.arrive_ms[order],
        commutes.depart_ms[order],
        commutes.car[order] & (commutes.seats[order] > 0),
    )
    rules = (promise.detour_ms, promise.slack_ms, promise.boarding_ms)
    window = promise.slack_ms + promise.boarding_ms + _farthest_works(labels, commutes.work)
    sorted_counts = np.zeros(len(commutes), np.int32)
    for first in range(0, len(commutes), CHUNK):
        last = min(first + CHUNK, len(commutes))
        _count(first, last, window, rules, columns, cells.ahead, labels, sorted_counts)
        report(last / len(commutes))
    counts = np.empty_like(sorted_counts)
    counts[order] = sorted_counts
    return counts


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
def _in_time(i, j, tour_to, tour_home, apart_to, apart_home, rules, columns):  # type: ignore[no-untyped-def]
    """Tell whether i can drive j both ways; ``apart`` is the time between the two workplaces.

    To work, as late as both may arrive; home, as early as both may leave: whatever fits at another
    time fits then.
    """
    detour, slack, boarding = rules
    _home, _work, _cell, there, back, arrive, depart, _drives = columns
    if tour_to > there[i] + detour or tour_home > back[i] + detour:
        return False
    at_work = min(arrive[i], arrive[j] + boarding + apart_to)
    if at_work - tour_to < arrive[i] - there[i] - slack:
        return False
    if at_work - apart_to - 2 * boarding < arrive[j] - slack:
        return False
    leaves = max(depart[i], depart[j] - apart_home)
    if leaves + tour_home > depart[i] + back[i] + slack:
        return False
    return leaves + apart_home + boarding <= depart[j] + slack


@njit(cache=True)
def _count(first, last, window, rules, columns, least, labels, counts):  # type: ignore[no-untyped-def]
    """Count the partners of people ``first`` to ``last`` among those who come after them."""
    detour, _slack, boarding = rules
    home, work, cell, there, back, arrive, _depart, drives = columns
    jumps, depth, start, ahead, behind = labels
    for p in range(first, last):
        for q in range(p + 1, len(home)):
            if arrive[q] - arrive[p] > window:
                break
            low_pq, low_qp = least[cell[p], cell[q]], least[cell[q], cell[p]]
            stands = 2 * boarding - detour
            p_may = (
                drives[p]
                and low_pq + there[q] + stands <= there[p]
                and low_qp + back[q] + stands <= back[p]
            )
            q_may = (
                drives[q]
                and low_qp + there[p] + stands <= there[q]
                and low_pq + back[p] + stands <= back[q]
            )
            if not (p_may or q_may):
                continue
            pq = duration(home[p], home[q], jumps, depth, start, ahead, behind)
            qp = duration(home[q], home[p], jumps, depth, start, ahead, behind)
            works_pq = works_qp = 0
            if work[p] != work[q]:
                works_pq = duration(work[p], work[q], jumps, depth, start, ahead, behind)
                works_qp = duration(work[q], work[p], jumps, depth, start, ahead, behind)
            fits = False
            if p_may:
                tour_to = pq + there[q] + works_qp + 2 * boarding
                tour_home = works_pq + back[q] + qp + 2 * boarding
                fits = _in_time(p, q, tour_to, tour_home, works_qp, works_pq, rules, columns)
            if not fits and q_may:
                tour_to = qp + there[p] + works_pq + 2 * boarding
                tour_home = works_qp + back[p] + pq + 2 * boarding
                fits = _in_time(q, p, tour_to, tour_home, works_pq, works_qp, rules, columns)
            if fits:
                counts[p] += 1
                counts[q] += 1
