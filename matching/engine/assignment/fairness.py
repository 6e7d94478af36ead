"""Fairness over time: who drove a lot lately rides rather, who was left over is served first.

In words. Saving kilometres alone asks the same people to drive every day (they live at the far end)
and leaves the same ones over (they live off the way). The objective therefore counts, beside the
metres saved, a favour in metres. Somebody who drove ``d`` and rode ``r`` times of late is owed
``max(0, d - r)`` turns as a rider: each adds ``turn_m`` when they ride. Somebody left over ``k``
times running adds ``k * wait_m`` when they share a car in either role. Both are capped, so no
kilometre of detour is ever bought by more than ``most_m``, and a zero history changes nothing.
"""

import numpy as np
import numpy.typing as npt

from matching.engine.assignment.commuters import Floats


def favours(
    drove: npt.ArrayLike,
    rode: npt.ArrayLike,
    left_over: npt.ArrayLike,
    *,
    turn_m: float = 500.0,
    wait_m: float = 1000.0,
    most_m: float = 3000.0,
) -> tuple[Floats, Floats]:
    """Return ``ride_favour_m`` and ``share_favour_m`` of :class:`Commuters`.

    Parameters
    ----------
    drove, rode : int[n]
        In how many shared cars of late (say four weeks) each person drove, and rode.
    left_over : int[n]
        How many times running each person asked for a shared car and got none.
    turn_m, wait_m, most_m : float
        What one turn, and one time left over, are worth; the most that either can add up to.
    """
    owed = np.maximum(np.asarray(drove, np.float64) - np.asarray(rode, np.float64), 0.0)
    waited = np.asarray(left_over, np.float64)
    return np.minimum(owed * turn_m, most_m), np.minimum(waited * wait_m, most_m)
