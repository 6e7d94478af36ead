"""Publish counts of people so that no number, and no difference of numbers, is about fewer than k.

In words. Whatever is told of a study comes from *partitions*: every person is in exactly one part,
and every part holds nobody or at least k people. A sum of parts, and a difference between two sums
of which one contains the other, is again a sum of parts, so nothing that can be computed from one
partition is about 1 to k - 1 people: neither by looking (primary disclosure) nor by subtracting
(complementary disclosure). Parts that are too small are joined with their neighbours, or with the
rest.

Two partitions of the same people (by neighbourhood and by distance, say) could still be played off
against each other. So the sizes of parts are also rounded to multiples of k: between two rounded
sizes a difference below k tells nothing.

Source: Samarati & Sweeney (1998), k-anonymity by generalization and suppression; Cox, *Suppression
methodology and statistical disclosure control*, JASA 75 (1980), for complementary disclosure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAST = 5
"""PRODUCT: managers see counts of at least 5 people."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of neighbouring bins, ``first`` to ``last`` included, with nobody or k or more."""

    first: int
    last: int
    people: int


@dataclass(frozen=True, slots=True)
class Count:
    """A number that may be told; ``bound`` is "", "at_least" or "at_most"."""

    n: int
    bound: str = ""


def join_bins(sizes: Sequence[int], k: int = LEAST) -> list[Part]:
    """Join neighbouring bins until each part holds nobody or at least k people.

    Parameters
    ----------
    sizes : sequence of int
        People in each bin; together nobody, or at least k.
    k : int

    Returns
    -------
    list of Part
        They cover all bins in order and hold everybody. With 1 to k - 1 people in all: nothing.

    Notes
    -----
    O(bins). From left to right; what is left over at the end joins the last part that has people.
    """
    if 0 < sum(sizes) < k:
        return []
    parts: list[Part] = []
    first, people = 0, 0
    for i, size in enumerate(sizes):
        people += size
        if people == 0 or people >= k:
            parts.append(Part(first, i, people))
            first, people = i + 1, 0
    if people:
        while True:
            before = parts.pop()
            first, people = before.first, people + before.people
            if before.people:
                break
        parts.append(Part(first, len(sizes) - 1, people))
    return parts


def count_from(parts: Iterable[Part], bin_number: int) -> Count | None:
    """Return how many people are in a bin or a later one, as far as whole parts tell.

    When a part straddles the bin, the parts behind it are told as "at least"; None when there are
    none.
    """
    whole = straddling = 0
    for part in parts:
        if part.first >= bin_number:
            whole += part.people
        elif part.last >= bin_number:
            straddling += part.people
    if straddling:
        return Count(whole, "at_least") if whole else None
    return Count(whole)


def settle_rest(sizes: Sequence[int], rest: int, k: int = LEAST) -> list[bool]:
    """Tell which groups may be shown beside a rest, so that the rest holds nobody or k or more.

    Groups below k go into the rest. If the rest is then 1 to k - 1, the smallest group that is
    shown follows (of equals, the last).

    Parameters
    ----------
    sizes : sequence of int
    rest : int
        People in no group.

    Returns
    -------
    list of bool
        With one group or more shown, or with none and everybody in the rest.
    """
    shown = [size >= k for size in sizes]
    rest += sum(size for size, is_shown in zip(sizes, shown, strict=True) if not is_shown)
    if 0 < rest < k and any(shown):
        smallest = min((size, -i) for i, size in enumerate(sizes) if shown[i])
        shown[-smallest[1]] = False
    return shown


def rounded(people: int, k: int = LEAST) -> int:
    """Round a part's size to the nearest multiple of k; a part with people stays at k or more."""
    if not people:
        return 0
    return max(k, (2 * people + k) // (2 * k) * k)
