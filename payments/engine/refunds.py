"""Which payment goes back first (R13): the newest capture, each at most what is left of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


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
