"""Disputes and payouts: who may still object, who is paid, and when (R11, R12)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from payments.engine.rules import DisputeRules, PayoutRules


class DisputeEnd(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    FOR_RIDER = "for_rider"
    FOR_HUMAN = "for_human"


def may_dispute(now: datetime, proposed_at: datetime, rules: DisputeRules) -> bool:
    """Tell whether a settlement may still be disputed."""
    return now < proposed_at + timedelta(seconds=rules.open_for_s)


def undecided_dispute(
    amount: int, *, opened_at: datetime, now: datetime, rules: DisputeRules
) -> DisputeEnd:
    """Say what an undecided dispute comes to: small ones go to the rider, large ones to a human."""
    if now < opened_at + timedelta(seconds=rules.decide_within_s):
        return DisputeEnd.OPEN
    return DisputeEnd.FOR_RIDER if amount <= rules.default_up_to else DisputeEnd.FOR_HUMAN


@dataclass(frozen=True, slots=True)
class Owed:
    """What somebody is owed from one trip.

    Attributes
    ----------
    final_at : datetime
        When the dispute window of the trip closes.
    is_funded : bool
        The provider has made the money available to us.
    """

    payee: str
    amount: int
    final_at: datetime
    is_funded: bool


def due_payouts(
    owed: Iterable[Owed], *, available: Mapping[str, int], now: datetime, rules: PayoutRules
) -> dict[str, int]:
    """Return what each payee gets in today's batch (R12).

    ``available`` is what of each payee's account no dispute holds. Less than the least amount
    waits for more.
    """
    sums: dict[str, int] = {}
    for one in owed:
        if one.is_funded and one.final_at <= now:
            sums[one.payee] = sums.get(one.payee, 0) + one.amount
    capped = {payee: min(amount, available.get(payee, 0)) for payee, amount in sums.items()}
    return {payee: amount for payee, amount in capped.items() if amount >= rules.least}
