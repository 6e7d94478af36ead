"""A journal read as what flows from where to where, for people: debits matched with credits.

Almost every journal is made of plain movements, a debit and its credit side by side; then these are
given back as they were put together. Any other is matched in the order of its legs.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from payments.engine.chart import Account, Leg


@dataclass(frozen=True, slots=True)
class Flow:
    """An amount that went from the debited account to the credited one; always positive.

    Read so, that what is owed to people flows between them, and assets are the world outside: a
    charge flows from the provider into escrow, a payout from what is owed to the bank.
    """

    source: Account
    target: Account
    amount: int


def flows_of(legs: Sequence[Leg]) -> list[Flow]:
    """Return a journal's flows; O(legs). Their amounts come to the sum of its debits."""
    flows = []
    for currency in sorted({leg.account.currency for leg in legs}):
        own = [leg for leg in legs if leg.account.currency == currency]
        debits = deque((leg.account, leg.amount) for leg in own if leg.amount > 0)
        credits_ = deque((leg.account, -leg.amount) for leg in own if leg.amount < 0)
        while debits and credits_:
            (source, out), (target, in_) = debits.popleft(), credits_.popleft()
            amount = min(out, in_)
            flows.append(Flow(source, target, amount))
            if out > amount:
                debits.appendleft((source, out - amount))
            if in_ > amount:
                credits_.appendleft((target, in_ - amount))
    return flows
