"""Which payment goes back first (R13): the newest capture, each at most what is left of it.

Where two pay one price together, as a rider and their organization do for a seat in a planned ride,
each gets back the same part of what they paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from payments.engine.split import split_fare


class RefundExceedsCaptured(ValueError):
    """More is to go back than was ever taken."""


@dataclass(frozen=True, slots=True)
class Capture:
    """Money that a provider took for us: what of it is already on its way back is ``refunded``."""

    payment: str
    captured: int
    refunded: int
    captured_at: datetime

    @property
    def remaining(self) -> int:
        """What can still go back."""
        return self.captured - self.refunded


def plan_refunds(captures: Sequence[Capture], amount: int) -> list[tuple[str, int]]:
    """Distribute a refund over payments, newest first; parts of nothing are left out.

    Raises
    ------
    RefundExceedsCaptured
        The payments do not hold that much any more.
    """
    plan = []
    left = amount
    for one in sorted(captures, key=lambda c: (c.captured_at, c.payment), reverse=True):
        part = min(left, one.remaining)
        if part > 0:
            plan.append((one.payment, part))
            left -= part
    if left:
        raise RefundExceedsCaptured(f"{left} more than was captured.")
    return plan


def share_refund(captures: Sequence[Capture], amount: int, currency: str) -> list[tuple[str, int]]:
    """Distribute a refund over payments by how much each holds; an odd unit to the newest.

    Raises
    ------
    RefundExceedsCaptured
        The payments do not hold that much any more.
    """
    newest_first = sorted(captures, key=lambda c: (c.captured_at, c.payment), reverse=True)
    weights = {one.payment: one.remaining for one in newest_first}
    if amount > sum(weights.values()):
        raise RefundExceedsCaptured(f"{amount} is more than was captured.")
    if not amount:
        return []
    return [(key, part) for key, part in split_fare(amount, weights, currency).items() if part]
