"""Our payments against a provider's own list of them: every difference is a break, with a class.

Facts in, breaks out; who reads this looks at no clock and no table.

Source: Stripe, *Ledger: Stripe's system for tracking and validating money movement* (completeness).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from payments.engine.providers import Stated


class BreakKind(StrEnum):
    """How two accounts of the same payments differ."""

    MISSING_HERE = "missing_here"  # they have it, we have never heard of it
    MISSING_THERE = "missing_there"  # we took it, they have never heard of it
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATE = "state"  # open, taken, gone back: they say another thing than we do
    DUPLICATE = "duplicate"  # they have it twice


@dataclass(frozen=True, slots=True)
class Own:
    """One payment as our books have it.

    Attributes
    ----------
    taken, returned : int
        How much came, and how much of it went back.
    """

    reference: str
    provider_ref: str
    taken: int
    returned: int
    currency: str


@dataclass(frozen=True, slots=True)
class Break:
    """One difference.

    Attributes
    ----------
    ours, theirs : int
        What is kept of it by either: taken less returned.
    """

    kind: BreakKind
    reference: str
    provider_ref: str
    ours: int
    theirs: int
    currency: str


def reconcile(ours: Iterable[Own], theirs: Iterable[Stated]) -> Iterator[Break]:
    """Yield every difference, at most one of each payment, the gravest.

    What they have open or without any money in it is not missed here: people begin to pay and think
    again. What we have without money is not missed there.

    Complexity: linear.
    """
    stated: dict[str, list[Stated]] = defaultdict(list)
    for one in theirs:
        stated[one.reference or one.provider_ref].append(one)
    for own in ours:
        rows = stated.pop(own.reference, [])
        found = _compare(own, rows)
        if found is not None:
            yield found
    for reference, rows in stated.items():
        for one in rows:
            if one.taken:
                yield Break(
                    BreakKind.MISSING_HERE, reference, one.provider_ref, 0,
                    one.taken - one.returned, one.currency,
                )  # fmt: skip


def _compare(own: Own, rows: list[Stated]) -> Break | None:
    """Return how a payment differs, if it does."""
    moved = [one for one in rows if one.taken] or rows[:1]
    kept = sum(one.taken - one.returned for one in moved)
    if len(moved) > 1:
        return _break(BreakKind.DUPLICATE, own, kept)
    if not moved:
        return _break(BreakKind.MISSING_THERE, own, 0) if own.taken else None
    one = moved[0]
    if one.currency != own.currency and (one.taken or own.taken):
        return _break(BreakKind.CURRENCY, own, kept)
    if bool(one.taken) != bool(own.taken):
        return _break(BreakKind.STATE, own, kept)
    if (one.taken, one.returned) == (own.taken, own.returned):
        return None
    # One says that (more of) it went back, or both that something did: then it is the amount.
    is_state = one.taken == own.taken and not (one.returned and own.returned)
    whole = max(one.returned, own.returned) == own.taken
    return _break(BreakKind.STATE if is_state and whole else BreakKind.AMOUNT, own, kept)


def _break(kind: BreakKind, own: Own, theirs: int) -> Break:
    return Break(
        kind, own.reference, own.provider_ref, own.taken - own.returned, theirs, own.currency
    )
