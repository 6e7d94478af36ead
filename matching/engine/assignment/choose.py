"""Which of many trips to make: set packing, solved by HiGHS.

Everybody is in one chosen trip at most, as driver or as rider, which resolves the role "either".

Source: Huangfu & Hall, *Parallelizing the dual revised simplex method*, Mathematical Programming
Computation 10 (2018): HiGHS, through ``scipy.optimize.milp``.
"""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from matching.engine.assignment.commuters import Floats, Int64
from matching.engine.assignment.pricing import Trips


def choose(
    trips: Trips, value: Floats, people: int, known: Int64, limit: tuple[float, float]
) -> Int64:
    """Return the rows of compatible trips with the largest total value.

    Parameters
    ----------
    trips : Trips
    value : float64[trips]
    people : int
        How many commuters there are.
    known : int64[]
        Rows of compatible trips, taken when nothing better is found in time.
    limit : tuple
        Seconds, and the share of the value that need not be found.
    """
    if not len(value):
        return known
    trip = np.arange(len(value))
    rider_trip, place = np.nonzero(trips.riders >= 0)
    row = np.concatenate([trips.driver, trips.riders[rider_trip, place]])
    column = np.concatenate([trip, rider_trip])
    once = csr_matrix((np.ones(len(row)), (row, column)), shape=(people, len(value)))
    once = once[np.flatnonzero(np.diff(once.indptr) > 1)]
    found = milp(
        -value / max(1.0, value.max()),
        constraints=LinearConstraint(once, -np.inf, 1),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(value), np.intp),
        options={"time_limit": limit[0], "mip_rel_gap": limit[1]},
    )
    if found.x is None:
        return known
    chosen = np.flatnonzero(found.x > 0.5)
    return chosen if value[chosen].sum() >= value[known].sum() else known
