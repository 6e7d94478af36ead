"""Fewer fixes for storage, with a stated error in place *at the same time*.

Douglas and Peucker's line simplification measures how far a dropped point lies from the line, and
so forgets when the phone was where: a stop at a light vanishes. Here the distance is taken to where
the kept fixes say that the phone was at that very moment.
"""

import numpy as np

from maps.engine.geodesy import Floats, Longs
from tracking.engine.traces import Trace


def keep_within(time_s: Floats, metres: Floats, most_m: float) -> Longs:
    """Return which fixes to keep so that no dropped one errs more than stated.

    Parameters
    ----------
    time_s : float64[n]
        Strictly ascending.
    metres : float64[n, 2]
        Places in a plane.
    most_m : float
        The most metres between a dropped fix and the place at its time on the straight line
        between the kept fixes around it.

    Returns
    -------
    int64[k]
        Ascending; the first and the last are always among them.

    Notes
    -----
    Source: TD-TR, top-down time ratio with the synchronised Euclidean distance: Meratnia and de By
    (2004), Spatiotemporal compression techniques for moving point objects, EDBT. O(n log n) as a
    rule, O(n²) at worst; without recursion.
    """
    keep = np.zeros(len(time_s), np.bool_)
    keep[[0, -1]] = True
    spans = [(0, len(time_s) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        share = (time_s[inner] - time_s[first]) / (time_s[last] - time_s[first])
        expected = metres[first] + share[:, None] * (metres[last] - metres[first])
        error = np.hypot(*(metres[inner] - expected).T)
        worst = int(np.argmax(error))
        if error[worst] > most_m:
            middle = first + 1 + worst
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return np.flatnonzero(keep)


def simplify(trace: Trace, *, most_m: float) -> Trace:
    """Return the trace with fewer fixes; see :func:`keep_within` for the stated error.

    What a phone claimed of a dropped fix is lost, so judge before simplifying.
    """
    metres = trace.plane().project(trace.lon, trace.lat)
    return trace.take(keep_within(trace.time_s, metres, most_m))
