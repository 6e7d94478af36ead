"""Accounts under lock, and what is written to them. Only the ledger's services use this.

A journal is two statements, one that claims its key and locks its accounts, and one that writes;
what is thought in between is the engine's. They are written by hand, as it is not the database that
made a journal slow: it was putting the same six statements together again, for each.

The order of locks is always: ride or room, booking, hold, then all accounts of the whole
transaction at once by their number. Accounts that do not exist yet are made before anything is
locked, in their sorted order; so two that touch the same accounts wait for each other, and never
in a circle.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from payments.engine import chart
from payments.engine.ledger import GENESIS, Balance, Entry
from payments.models import LedgerAccount, LedgerBalance

# Accounts that do not exist yet are made before anything is locked, so without them there are no
# locks: the caller makes them and locks then.
_LOCK = """
wanted AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
        WITH ORDINALITY AS wanted (kind, key, currency, nth)
), found AS MATERIALIZED (
    SELECT account.id, nth FROM payments_ledgeraccount AS account
    JOIN wanted USING (kind, key, currency) WHERE organization_id = %s
), locked AS (
    SELECT * FROM payments_ledgerbalance WHERE account_id IN (SELECT id FROM found)
        AND (SELECT count(*) FROM found) = %s {and_if}
    ORDER BY account_id FOR UPDATE
)
"""
LOCK = f"""
WITH {_LOCK.format(and_if="")}
SELECT nth, account_id, posted, pending_out, pending_in, version, head
FROM locked JOIN found ON id = account_id
"""  # noqa: S608 – no value comes from outside
# Counted in full before the first lock: whoever waits for a key waits without an account.
CLAIM_AND_LOCK = f"""
WITH claimed AS (
    INSERT INTO payments_journal
        (organization_id, kind, op_key, fingerprint, trip_id, reverses, by_id, created_at)
    SELECT %s, kind, op_key, fingerprint, trip_id, reverses, %s, %s
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::uuid[], %s::text[])
        AS asked (kind, op_key, fingerprint, trip_id, reverses)
    ORDER BY op_key
    ON CONFLICT (organization_id, op_key) DO NOTHING
    RETURNING id, op_key
), {_LOCK.format(and_if="AND (SELECT count(*) FROM claimed) > 0")}
SELECT op_key, NULL::bigint, id, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bytea
FROM claimed
UNION ALL
SELECT NULL, nth, account_id, posted, pending_out, pending_in, version, head
FROM locked JOIN found ON id = account_id
"""  # noqa: S608 – no value comes from outside
WRITE = """
WITH added AS (
    INSERT INTO payments_journalentry
        (journal_id, account_id, sequence, amount, currency, balance_after, hash)
    SELECT journal_id, account_id, sequence, amount, currency, balance_after, hash
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[],
                %s::bytea[]) WITH ORDINALITY
        AS new (journal_id, account_id, sequence, amount, currency, balance_after, hash, nth)
    ORDER BY nth
)
UPDATE payments_ledgerbalance AS balance
SET posted = new.posted, pending_out = new.pending_out, pending_in = new.pending_in,
    version = new.version, head = new.head
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[])
    AS new (account_id, posted, pending_out, pending_in, version, head)
WHERE balance.account_id = new.account_id
"""


@dataclass(frozen=True, slots=True)
class LockedAccounts:
    """Accounts whose balances nobody else changes until the transaction ends."""

    ids: Mapping[chart.Account, int]
    balances: dict[chart.Account, Balance]


def lock_accounts(
    organization_id: UUID, accounts: Collection[chart.Account], *, now: datetime
) -> LockedAccounts:
    """Lock accounts by their number, after making those that do not exist yet."""
    wanted = sorted(set(accounts))
    locked = _lock(organization_id, wanted)
    if len(locked.ids) < len(wanted):
        _make(organization_id, wanted, now)
        locked = _lock(organization_id, wanted)
    return locked


def claim_and_lock(
    organization_id: UUID,
    journals: Sequence[chart.Journal],
    accounts: Collection[chart.Account],
    *,
    now: datetime,
    by_id: UUID | None = None,
) -> tuple[dict[str, int], LockedAccounts]:
    """Insert journals whose keys are new, in the order of their keys, then lock the accounts.

    Returns:
        The new rows' ids by key, and the accounts; none are locked when no key is new.
    """
    wanted = sorted(set(accounts))
    asked = [
        (one.kind, one.op_key, one.fingerprint(), one.trip or None, one.reverses)
        for one in journals
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM_AND_LOCK,
            [
                organization_id, by_id, now, *_columns(asked, 5),
                *_names(wanted), organization_id, len(wanted),
            ],
        )  # fmt: skip
        rows = cursor.fetchall()
    claimed = {row[0]: int(row[2]) for row in rows if row[0] is not None}
    locked = _read(wanted, (row[1:] for row in rows if row[0] is None))
    if claimed and len(locked.ids) < len(wanted):
        locked = lock_accounts(organization_id, wanted, now=now)
    return claimed, locked


def write_books(
    entries: Iterable[tuple[int, Entry]],
    balances: Mapping[chart.Account, Balance],
    ids: Mapping[chart.Account, int],
) -> None:
    """Add entries, each with its journal's id, and write what stands on their accounts now."""
    added = [
        (
            journal_id, ids[one.account], one.sequence, one.amount, one.account.currency,
            one.balance_after, one.hash,
        )
        for journal_id, one in entries
    ]  # fmt: skip
    new = [
        (ids[account], one.posted, one.pending_out, one.pending_in, one.version, one.head)
        for account, one in balances.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [*_columns(added, 7), *_columns(new, 6)])


def _lock(organization_id: UUID, wanted: Sequence[chart.Account]) -> LockedAccounts:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [*_names(wanted), organization_id, len(wanted)])
        return _read(wanted, cursor.fetchall())


def _read(wanted: Sequence[chart.Account], rows: Iterable[Sequence[Any]]) -> LockedAccounts:
    ids, balances = {}, {}
    for nth, account_id, posted, pending_out, pending_in, version, head in rows:
        account = wanted[nth - 1]
        ids[account] = int(account_id)
        balances[account] = Balance(posted, pending_out, pending_in, version, bytes(head))
    return LockedAccounts(ids, balances)


def _names(accounts: Iterable[chart.Account]) -> list[list[Any]]:
    return _columns([(one.kind.value, one.key, one.currency) for one in accounts], 3)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[n] for row in rows] for n in range(width)]


def _make(organization_id: UUID, accounts: Collection[chart.Account], now: datetime) -> None:
    """Make accounts in their order, unless somebody is making them right now; wait for that."""
    LedgerAccount.objects.bulk_create(
        [
            LedgerAccount(
                organization_id=organization_id,
                kind=one.kind.value,
                key=one.key,
                currency=one.currency,
                owner_id=one.owner or None,
                trip_id=one.trip or None,
                no_overdraft=one.kind.forbids_overdraft,
                created_at=now,
            )
            for one in accounts
        ],
        ignore_conflicts=True,
    )
    names = [(one.kind.value, one.key, one.currency) for one in accounts]
    made = LedgerAccount.objects.filter(
        organization=organization_id, kind__in={kind for kind, _key, _currency in names},
        key__in={key for _kind, key, _currency in names},
    )  # fmt: skip
    LedgerBalance.objects.bulk_create(
        [
            LedgerBalance(account_id=one.pk, head=GENESIS, no_overdraft=one.no_overdraft)
            for one in made.order_by("pk")
            if (one.kind, one.key, one.currency) in names
        ],
        ignore_conflicts=True,
    )
