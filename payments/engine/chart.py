"""The chart of accounts, and journals: what moves from where to where.

Amounts in a journal are signed: debits positive, credits negative, so that a journal's sum is
nothing. An account's *balance* is written in its own direction: what is in an asset, what is owed
on a liability.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class AccountKind(StrEnum):
    """What an account is for. What tells it from others of its kind is its key, in brackets."""

    PG_RECEIVABLE = "pg_receivable"  # what a provider took for us [provider]
    BANK = "bank"
    PAYOUT_IN_TRANSIT = "payout_in_transit"  # sent, and not yet seen on the bank's statement
    USER_RECEIVABLE = "user_receivable"  # what somebody owes us after a chargeback [person]
    ESCROW = "escrow"  # what somebody prepaid for a trip [trip:person]
    PAYABLE = "payable"  # what we owe somebody [person]
    REFUND_PAYABLE = "refund_payable"  # what goes back by the payment it came with [payment]
    SPONSOR = "sponsor"  # what an organization gave for fares and rewards [budget]
    PENALTY_FUND = "penalty_fund"
    SUSPENSE = "suspense"  # what nobody can explain yet; has to be empty
    SERVICE_FEE = "service_fee"
    PG_FEE = "pg_fee"

    @property
    def is_debit_normal(self) -> bool:
        """Tell whether a debit adds to it: assets and expenses."""
        return self in _DEBIT_NORMAL

    @property
    def forbids_overdraft(self) -> bool:
        """Tell whether it may never fall below what is held on it."""
        return self in _NO_OVERDRAFT


_DEBIT_NORMAL = frozenset(
    {
        AccountKind.PG_RECEIVABLE,
        AccountKind.BANK,
        AccountKind.PAYOUT_IN_TRANSIT,
        AccountKind.USER_RECEIVABLE,
        AccountKind.PG_FEE,
    }
)
_NO_OVERDRAFT = frozenset(
    {
        AccountKind.USER_RECEIVABLE,
        AccountKind.ESCROW,
        AccountKind.PAYABLE,
        AccountKind.REFUND_PAYABLE,
        AccountKind.SPONSOR,
        AccountKind.PENALTY_FUND,
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """One account of an organization's books.

    Attributes
    ----------
    key : str
        Tells it from others of its kind; empty where there is only one.
    owner, trip : str
        Whose it is and which trip's, where it is somebody's or a trip's.
    """

    kind: AccountKind
    currency: str
    key: str = ""
    owner: str = ""
    trip: str = ""

    @property
    def direction(self) -> int:
        """What turns a signed amount into a change of the balance."""
        return 1 if self.kind.is_debit_normal else -1


@dataclass(frozen=True, slots=True)
class Leg:
    """A signed amount on an account: debit positive, credit negative."""

    account: Account
    amount: int


class JournalInvalid(ValueError):
    """No books take this."""


@dataclass(frozen=True, slots=True)
class Journal:
    """One movement, all or nothing.

    Attributes
    ----------
    op_key : str
        Names the intent: whoever posts it again changes nothing.
    reverses : str
        ``op_key`` of the journal that this one takes back. Nothing is ever deleted.
    """

    kind: str
    op_key: str
    legs: tuple[Leg, ...]
    trip: str = ""
    reverses: str = ""

    def __post_init__(self) -> None:
        if not self.op_key or len(self.legs) < 2:
            raise JournalInvalid("A journal has a key and at least two legs.")
        sums: dict[str, int] = {}
        for leg in self.legs:
            if not isinstance(leg.amount, int) or isinstance(leg.amount, bool) or not leg.amount:
                raise JournalInvalid("Amounts are whole and not nothing.")
            sums[leg.account.currency] = sums.get(leg.account.currency, 0) + leg.amount
        if any(sums.values()):
            raise JournalInvalid(f"Debits and credits differ: {sums}.")

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every account once, sorted: the order in which they are locked and made."""
        return tuple(sorted({leg.account for leg in self.legs}))

    def fingerprint(self) -> str:
        """Return what tells it from another journal under the same key: SHA-256, hexadecimal."""
        parts = [
            self.kind,
            self.trip,
            self.reverses,
            [[*_identity(leg.account), leg.amount] for leg in self.legs],
        ]
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def _identity(account: Account) -> tuple[str, str, str]:
    return account.kind.value, account.currency, account.key


def move(debit: Account, credit: Account, amount: int) -> tuple[Leg, ...]:
    """Return the two legs of a plain movement; none for nothing.

    Raises
    ------
    JournalInvalid
        The amount is negative: then debit and credit are the other way round.
    """
    if amount < 0:
        raise JournalInvalid("A movement is not negative.")
    return (Leg(debit, amount), Leg(credit, -amount)) if amount else ()


def journal(
    kind: str, op_key: str, moves: Iterable[tuple[Leg, ...]], *, trip: str = ""
) -> Journal | None:
    """Put movements together; None when all of them are nothing: a share of 0 moves no money."""
    legs = tuple(leg for legs in moves for leg in legs)
    return Journal(kind, op_key, legs, trip) if legs else None


def reversal(original: Journal, *, op_key: str) -> Journal:
    """Return the journal that takes another back, entry by entry."""
    legs = tuple(Leg(leg.account, -leg.amount) for leg in original.legs)
    return Journal(f"reverse_{original.kind}", op_key, legs, original.trip, original.op_key)


def pg_receivable(provider: str, currency: str) -> Account:
    """What a provider took for us."""
    return Account(AccountKind.PG_RECEIVABLE, currency, provider)


def escrow(trip: str, person: str, currency: str) -> Account:
    """What somebody prepaid for a trip."""
    return Account(AccountKind.ESCROW, currency, f"{trip}:{person}", person, trip)


def payable(person: str, currency: str) -> Account:
    """What we owe somebody."""
    return Account(AccountKind.PAYABLE, currency, person, person)


def user_receivable(person: str, currency: str) -> Account:
    """What somebody owes us."""
    return Account(AccountKind.USER_RECEIVABLE, currency, person, person)


def refund_payable(payment: str, currency: str) -> Account:
    """What goes back by the payment that it came with."""
    return Account(AccountKind.REFUND_PAYABLE, currency, payment)


def sponsor(budget: str, currency: str) -> Account:
    """What an organization gave for fares and rewards."""
    return Account(AccountKind.SPONSOR, currency, budget)


def shared(kind: AccountKind, currency: str) -> Account:
    """An account of which an organization has one: bank, penalty fund, suspense."""
    return Account(kind, currency)
