"""Whether the books are right: sums, chains, holds. Reads everything, changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from payments.engine import chart
from payments.engine.ledger import EMPTY, Recorded, Stamp, broken_at
from payments.models import (
    Hold,
    HoldState,
    Journal,
    JournalEntry,
    LedgerAccount,
    LedgerBalance,
    TripClosing,
)

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What one kind of account comes to: signed, debits positive."""

    kind: str
    currency: str
    accounts: int
    total: int


@dataclass(frozen=True, slots=True)
class BooksError:
    """Something in the books that cannot be."""

    what: str
    where: str


def trial_balance() -> list[TrialLine]:
    """Return what is on each kind of account, from the entries themselves; in all it is nothing."""
    rows = (
        JournalEntry.objects.order_by()
        .values("currency", kind=F("account__kind"))
        .annotate(total=Sum("amount"), accounts=Count("account", distinct=True))
        .order_by("currency", "kind")
    )
    return [TrialLine(one["kind"], one["currency"], one["accounts"], one["total"]) for one in rows]


def audit_books() -> Iterator[BooksError]:
    """Yield everything that cannot be; nothing when the books are right."""
    yield from _unbalanced()
    yield from _wrong_journals()
    yield from _broken_chains()
    yield from _wrong_holds()
    yield from _closed_with_escrow()


def _unbalanced() -> Iterator[BooksError]:
    sums = JournalEntry.objects.order_by().values("journal__op_key", "currency")
    for row in sums.annotate(total=Sum("amount")).exclude(total=0):
        yield BooksError(f"is off by {row['total']} {row['currency']}", row["journal__op_key"])


def _wrong_journals() -> Iterator[BooksError]:
    """Journals whose entries are not what was asked for."""
    entries = (
        JournalEntry.objects.select_related("journal", "account")
        .order_by("journal_id", "id")
        .iterator(chunk_size=CHUNK)
    )
    for _pk, some in groupby(entries, key=lambda entry: entry.journal_id):
        own = list(some)
        row = own[0].journal
        legs = tuple(chart.Leg(one.account.as_chart, one.amount) for one in own)
        try:
            told = chart.Journal(row.kind, row.op_key, legs, str(row.trip_id or ""), row.reverses)
        except chart.JournalInvalid:
            yield BooksError("is no journal", row.op_key)
            continue
        if told.fingerprint() != row.fingerprint:
            yield BooksError("is not what was asked for", row.op_key)
    for row in Journal.objects.filter(entries=None):
        yield BooksError("has no entries", row.op_key)


_ENTRIES = """
SELECT entry.account_id, entry.sequence, entry.amount, entry.balance_after, entry.hash,
       journal.op_key, journal.fingerprint, journal.created_at
FROM payments_journalentry AS entry JOIN payments_journal AS journal ON journal.id = journal_id
ORDER BY entry.account_id, entry.sequence
"""


def _broken_chains() -> Iterator[BooksError]:
    balances = {row.account_id: row.as_engine for row in LedgerBalance.objects.iterator()}
    accounts = LedgerAccount.objects.in_bulk()
    walked = set()
    for account_id, rows in groupby(_rows(_ENTRIES), key=lambda row: row[0]):
        walked.add(account_id)
        recorded = (
            Recorded(sequence, amount, after, bytes(link), Stamp(op_key, fingerprint, at))
            for _id, sequence, amount, after, link, op_key, fingerprint, at in rows
        )
        account = accounts[account_id]
        number = broken_at(account.as_chart, recorded, balances.get(account_id, EMPTY))
        if number is not None:
            yield BooksError(f"does not follow at entry {number}", str(account))
    for pk, balance in balances.items():
        if pk not in walked and (balance.posted or balance.version):
            yield BooksError("has a balance without entries", str(accounts[pk]))


def _rows(sql: str) -> Iterator[tuple[Any, ...]]:
    """Yield rows by a server-side cursor, so that millions do not have to fit into memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while some := cursor.fetchmany(CHUNK):
            yield from some


def _wrong_holds() -> Iterator[BooksError]:
    for side, field in (("source", "pending_out"), ("target", "pending_in")):
        held = dict(
            Hold.objects.filter(state=HoldState.OPEN)
            .order_by()
            .values_list(side)
            .annotate(total=Coalesce(Sum("amount"), 0))
        )
        told = dict(LedgerBalance.objects.exclude(**{field: 0}).values_list("account_id", field))
        for pk in sorted(held.keys() | told.keys()):
            if held.get(pk, 0) != told.get(pk, 0):
                where = str(LedgerAccount.objects.get(pk=pk))
                yield BooksError(f"{field} is {told.get(pk, 0)}, holds {held.get(pk, 0)}", where)


def _closed_with_escrow() -> Iterator[BooksError]:
    closed = TripClosing.objects.values("trip_id")
    left = LedgerBalance.objects.filter(account__trip_id__in=closed).exclude(posted=0)
    for row in left.select_related("account"):
        yield BooksError(f"has {row.posted} left after its trip was closed", str(row.account))
