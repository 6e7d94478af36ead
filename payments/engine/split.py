"""A fare among those who share it: the sum is exact, and nobody is a whole unit from fairness.

Rule R1. Each gets the whole units of their part, ``floor(total · w / Σw)``. The units left over go
one each to the largest fractions; of equal fractions to the host first, then to who joined
earlier. Equal weights are the plain 1/n; metres aboard are the split by distance.

Source: Hamilton's method (largest remainder), as in ``Money.split``.
"""

from collections.abc import Mapping

from carpool.kernel.money import Money


def split_fare(total: int, weights: Mapping[str, int], currency: str) -> dict[str, int]:
    """Split a fare by weights; O(n log n) for n parties.

    Parameters
    ----------
    total : int
        Minor units, not negative.
    weights : mapping of party to int
        In the order host, then by time of joining: the order decides who carries an odd unit.
        All one: 1/n. Metres aboard: by distance.
    currency : str

    Returns
    -------
    dict of party to int
        In the same order; sums to ``total`` exactly.

    Raises
    ------
    ValueError
        The fare is negative, a weight is, or none is positive.
    TypeError
        An amount or weight is not a whole number.
    """
    if total < 0:
        raise ValueError("A fare is not negative.")
    parts = Money(total, currency).split(list(weights.values()))
    return {party: part.minor for party, part in zip(weights, parts, strict=True)}


def ceil_div(amount: int, count: int) -> int:
    """Return ``amount / count`` rounded up to a whole unit."""
    return -(-amount // count)


def percent_of(amount: int, percent: int) -> int:
    """Return a percentage rounded down: an odd unit stays with the person who pays."""
    return amount * percent // 100


def round_up(amount: int, step: int) -> int:
    """Return the smallest multiple of ``step`` that is not below ``amount``."""
    return ceil_div(amount, step) * step
