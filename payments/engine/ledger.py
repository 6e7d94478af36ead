"""The heart of the ledger: balances and a journal in, entries and new balances out, or a refusal.

The tables around it only lock, hand over, and write down what this returns. Each account is a chain
of its own: an entry carries its number in the account, the balance after it, and a hash over itself
and the entry before. So an account proves by itself that nothing was changed, left out or put in
between, and no journal has to wait for a chain that all share.

Source: two-phase transfers as in TigerBeetle (pending amounts reserve, are posted in part or whole,
or voided, once); hash chain after Haber & Stornetta, *How to time-stamp a digital document* (1991).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from payments.engine.chart import Account, Journal, JournalInvalid, Leg

GENESIS = bytes(32)
MOST = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Overdrawn(ValueError):
    """The account has less than that available."""

    def __init__(self, account: Account, available: int) -> None:
        super().__init__(f"{account.kind} {account.key} would have {available} {account.currency}.")
        self.account = account
        self.available = available


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on an account, in its own direction.

    Attributes
    ----------
    posted : int
    pending_out, pending_in : int
        What open holds reserve on it, and announce to it.
    version : int
        Number of its entries.
    head : bytes
        Hash of its last entry.
    """

    posted: int = 0
    pending_out: int = 0
    pending_in: int = 0
    version: int = 0
    head: bytes = GENESIS

    @property
    def available(self) -> int:
        """What may be taken."""
        return self.posted - self.pending_out


EMPTY = Balance()
Balances = Mapping[Account, Balance]


@dataclass(frozen=True, slots=True)
class Entry:
    """A leg as it stands in the books."""

    account: Account
    sequence: int
    amount: int
    balance_after: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an entry's hash says of its journal: which, what in all, and when."""

    op_key: str
    fingerprint: str
    at: datetime

    @classmethod
    def of(cls, journal: Journal, at: datetime) -> "Stamp":
        """Make a journal's."""
        return cls(journal.op_key, journal.fingerprint(), at)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a journal makes of the accounts it touches."""

    entries: tuple[Entry, ...]
    balances: dict[Account, Balance]


def post(balances: Balances, journal: Journal, *, at: datetime) -> Posted:
    """Post a journal; O(legs). Accounts that are not in ``balances`` are new and empty.

    Raises
    ------
    Overdrawn
        An account that forbids it would fall below what is held on it. All or nothing.
    """
    stamp = Stamp.of(journal, at)
    after: dict[Account, Balance] = {}
    entries = []
    for leg in journal.legs:
        before = after.get(leg.account, balances.get(leg.account, EMPTY))
        entry = _entry(before, leg, stamp)
        entries.append(entry)
        after[leg.account] = replace(
            before, posted=entry.balance_after, version=entry.sequence, head=entry.hash
        )
    for account, balance in after.items():
        _check(account, balances.get(account, EMPTY), balance)
    return Posted(tuple(entries), after)


def link(previous: bytes, *, sequence: int, amount: int, balance_after: int, stamp: Stamp) -> bytes:
    """Return an entry's hash: SHA-256 over the one before and all that the entry says."""
    at = (stamp.at - _EPOCH) // timedelta(microseconds=1)
    text = f"{sequence}|{amount}|{balance_after}|{stamp.op_key}|{stamp.fingerprint}|{at}"
    return hashlib.sha256(previous + text.encode()).digest()


def hold(balances: Balances, from_: Account, to: Account, amount: int) -> dict[Account, Balance]:
    """Reserve an amount on one account for another.

    Both are liabilities or income: capturing debits the one and credits the other.

    Raises
    ------
    Overdrawn
        Less is available.
    JournalInvalid
        The amount is not positive, or such accounts know no holds.
    """
    if amount <= 0 or from_ == to or from_.currency != to.currency:
        raise JournalInvalid("A hold reserves something, for another account of the currency.")
    if from_.kind.is_debit_normal or to.kind.is_debit_normal:
        raise JournalInvalid("Holds are for what is owed.")
    source, target = balances.get(from_, EMPTY), balances.get(to, EMPTY)
    held = replace(source, pending_out=source.pending_out + amount)
    _check(from_, source, held)
    return {from_: held, to: replace(target, pending_in=target.pending_in + amount)}


def release(balances: Balances, from_: Account, to: Account, amount: int) -> dict[Account, Balance]:
    """Take a hold's reservation away again."""
    source, target = balances[from_], balances[to]
    return {
        from_: replace(source, pending_out=source.pending_out - amount),
        to: replace(target, pending_in=target.pending_in - amount),
    }


def capture(
    balances: Balances, journal: Journal, *, held: tuple[Account, Account, int], at: datetime
) -> Posted:
    """Release a hold and post its journal in one step; what is not captured is free again.

    Raises
    ------
    JournalInvalid
        The journal is not the hold's, or takes more than it reserved.
    Overdrawn
        Cannot be, unless something else went below what was held.
    """
    from_, to, amount = held
    taken = journal.legs[0].amount
    if tuple(journal.legs) != (Leg(from_, taken), Leg(to, -taken)) or not 0 < taken <= amount:
        raise JournalInvalid("A hold is captured by what it was placed for, and no more.")
    return post(dict(balances) | release(balances, from_, to, amount), journal, at=at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it was read back, with its journal's stamp."""

    sequence: int
    amount: int
    balance_after: int
    hash: bytes
    stamp: Stamp


def broken_at(account: Account, entries: Iterable[Recorded], balance: Balance) -> int | None:
    """Return the number of an account's first entry that does not follow, or None; O(n).

    ``balance.version + 1`` stands for an end that the balance does not agree with.
    """
    head, posted, expected = GENESIS, 0, 1
    for one in entries:
        posted += account.direction * one.amount
        head = link(
            head, sequence=expected, amount=one.amount, balance_after=posted, stamp=one.stamp
        )
        if (one.sequence, one.balance_after, one.hash) != (expected, posted, head):
            return expected
        expected += 1
    if (balance.version, balance.posted, balance.head) != (expected - 1, posted, head):
        return expected
    return None


def _entry(before: Balance, leg: Leg, stamp: Stamp) -> Entry:
    balance_after = before.posted + leg.account.direction * leg.amount
    if abs(balance_after) > MOST:
        raise JournalInvalid("More than an account can carry.")
    sequence = before.version + 1
    stamped = link(
        before.head,
        sequence=sequence,
        amount=leg.amount,
        balance_after=balance_after,
        stamp=stamp,
    )
    return Entry(leg.account, sequence, leg.amount, balance_after, stamped)


def _check(account: Account, before: Balance, after: Balance) -> None:
    if not account.kind.forbids_overdraft or after.available >= 0:
        return
    if after.available < before.available:
        raise Overdrawn(account, before.available)
