"""Posting journals: claim the key, lock the accounts, ask the rules, write down their answer.

Whoever posts the same operation again gets the journal that there is; whoever posts something else
under its key is refused. A second one that comes meanwhile waits on the key's row until the first
has ended. What the rules refuse leaves nothing, not even the key.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from payments.engine import chart, ledger
from payments.errors import InsufficientFunds, OperationKeyReused, TripNotSettled
from payments.models import Journal, JournalEntry, LedgerBalance, TripClosing
from payments.services.books import LockedAccounts, claim_and_lock, lock_accounts, write_books


def post_journal(
    *, organization_id: UUID, journal: chart.Journal, now: datetime, by_id: UUID | None = None
) -> Journal:
    """Post one journal; see :func:`post_journals`."""
    return post_journals(organization_id=organization_id, journals=[journal], now=now, by_id=by_id)[
        0
    ]


@transaction.atomic
def post_journals(
    *,
    organization_id: UUID,
    journals: Sequence[chart.Journal],
    now: datetime,
    by_id: UUID | None = None,
) -> list[Journal]:
    """Post several journals, all or none, and return them in the same order.

    Call it once in a transaction, after every other lock: two calls would lock accounts in two
    turns, and could meet somebody who does the same the other way round.

    Raises:
        InsufficientFunds: an account that forbids it would fall below what is held on it.
        OperationKeyReused: a key stands for something else.
    """
    accounts = {account for journal in journals for account in journal.accounts}
    new, locked = claim_and_lock(organization_id, journals, accounts, now=now, by_id=by_id)
    known = _known(organization_id, [one for one in journals if one.op_key not in new])
    fresh = [journal for journal in journals if journal.op_key in new]
    if fresh:
        _post([(new[journal.op_key], journal) for journal in fresh], locked, now)
    rows = {
        one.op_key: _row(new[one.op_key], organization_id, one, now=now, by_id=by_id)
        for one in fresh
    }
    return [known.get(one.op_key) or rows[one.op_key] for one in journals]


def lock_available(
    *, organization_id: UUID, accounts: Collection[chart.Account], now: datetime
) -> dict[chart.Account, int]:
    """Lock accounts, and return what may be taken of each until the transaction ends.

    For whoever posts as much as is there. Name every account that the journals will touch, so that
    all are locked in one turn.
    """
    locked = lock_accounts(organization_id, accounts, now=now)
    return {account: locked.balances[account].available for account in accounts}


def claim(
    organization_id: UUID, journal: chart.Journal, *, now: datetime, by_id: UUID | None = None
) -> int | None:
    """Insert a journal's row; None when the same operation has been posted before.

    Raises:
        OperationKeyReused: its key stands for something else.
    """
    new, _locked = claim_and_lock(organization_id, [journal], (), now=now, by_id=by_id)
    if not new:
        _known(organization_id, [journal])
    return new.get(journal.op_key)


def _known(organization_id: UUID, journals: Sequence[chart.Journal]) -> dict[str, Journal]:
    """Return journals that were posted before, by key.

    Raises:
        OperationKeyReused: a key stands for something else.
    """
    if not journals:
        return {}
    keys = [journal.op_key for journal in journals]
    rows = Journal.objects.filter(organization=organization_id, op_key__in=keys)
    known = {row.op_key: row for row in rows}
    if any(known[one.op_key].fingerprint != one.fingerprint() for one in journals):
        raise OperationKeyReused
    return known


def _row(
    pk: int, organization_id: UUID, journal: chart.Journal, *, now: datetime, by_id: UUID | None
) -> Journal:
    """Return the row that was written for a journal, without reading it again."""
    row = Journal(
        pk=pk,
        organization_id=organization_id,
        kind=journal.kind,
        op_key=journal.op_key,
        fingerprint=journal.fingerprint(),
        trip_id=UUID(journal.trip) if journal.trip else None,
        reverses=journal.reverses,
        by_id=by_id,
        created_at=now,
    )
    row._state.adding, row._state.db = False, connection.alias
    return row


def _post(
    journals: Sequence[tuple[int, chart.Journal]], locked: LockedAccounts, now: datetime
) -> None:
    entries: list[tuple[int, ledger.Entry]] = []
    touched: dict[chart.Account, ledger.Balance] = {}
    for pk, journal in journals:
        try:
            posted = ledger.post({**locked.balances, **touched}, journal, at=now)
        except ledger.Overdrawn as error:
            raise InsufficientFunds from error
        touched.update(posted.balances)
        entries += [(pk, entry) for entry in posted.entries]
    write_books(entries, touched, locked.ids)


def reverse_journal(
    *, organization_id: UUID, op_key: str, now: datetime, by_id: UUID | None = None
) -> Journal:
    """Take a journal back by another one; the first stays. Once: the second time changes nothing.

    Raises:
        InsufficientFunds: what it brought has been used meanwhile.
        Journal.DoesNotExist: there is no such journal.
    """
    row = Journal.objects.get(organization=organization_id, op_key=op_key)
    back = chart.reversal(read_journal(row), op_key=f"reverse:{op_key}")
    return post_journal(organization_id=organization_id, journal=back, now=now, by_id=by_id)


def read_journal(row: Journal) -> chart.Journal:
    """Return a posted journal as the rules know it."""
    entries = JournalEntry.objects.filter(journal=row).select_related("account").order_by("id")
    legs = tuple(chart.Leg(one.account.as_chart, one.amount) for one in entries)
    trip = str(row.trip_id or "")
    return chart.Journal(row.kind, row.op_key, legs, trip, row.reverses)


@transaction.atomic
def close_trip(*, organization_id: UUID, trip_id: UUID, now: datetime) -> TripClosing:
    """Declare a trip settled: its escrow is empty, and no money comes in any more.

    The caller holds the lock of the room or booking. Closing twice changes nothing.

    Raises:
        TripNotSettled: something is left in its escrow.
    """
    escrow = LedgerBalance.objects.select_for_update(of=("self",)).filter(
        account__trip_id=trip_id, account__organization=organization_id
    )
    if any(row.posted for row in escrow.order_by("account_id")):
        raise TripNotSettled
    try:
        with transaction.atomic():
            return TripClosing.objects.create(
                organization_id=organization_id, trip_id=trip_id, closed_at=now
            )
    except IntegrityError:
        return TripClosing.objects.get(organization=organization_id, trip_id=trip_id)
