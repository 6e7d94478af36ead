"""Ledgers for ``script/bench payments``: a thousand people with money, or millions of entries.

The millions are what the service would have written, down to every hash: ``manage.py check_books``
finds nothing. They are made by SQL, round by round, as each entry's hash needs the one before.
"""

from datetime import UTC, datetime

import psycopg

from benchmarks.ledger_client import CURRENCY, person

ENTRIES_EACH = 10
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
_FLOOR = """
DROP TABLE IF EXISTS floor_journal, floor_entry, floor_balance;
CREATE TABLE floor_journal (LIKE payments_journal INCLUDING IDENTITY, PRIMARY KEY (id));
ALTER TABLE floor_journal ALTER organization_id DROP NOT NULL, ALTER reverses SET DEFAULT '';
CREATE TABLE floor_entry (LIKE payments_journalentry INCLUDING IDENTITY, PRIMARY KEY (id));
CREATE TABLE floor_balance (LIKE payments_ledgerbalance, PRIMARY KEY (account_id));
INSERT INTO floor_balance
    SELECT n, 1000000, 0, 0, 1, sha256(''), true FROM generate_series(1, %(people)s::int) AS n;
"""
_ACCOUNTS = """
CREATE TEMP TABLE pair AS
SELECT n, left(hex, 8) || '-' || substr(hex, 9, 4) || '-' || substr(hex, 13, 4) || '-' ||
    substr(hex, 17, 4) || '-' || right(hex, 12) AS whose,
    NULL::bigint AS taken, NULL::bigint AS owed,
    decode(repeat('00', 32), 'hex') AS taken_head, decode(repeat('00', 32), 'hex') AS owed_head
FROM generate_series(0, %(people)s - 1) AS n, LATERAL (SELECT lpad(to_hex(n), 32, '0') AS hex) AS h;
INSERT INTO payments_ledgeraccount
    (organization_id, kind, key, currency, owner_id, no_overdraft, created_at)
SELECT organization.id, of.kind, whose, %(currency)s,
    CASE of.kind WHEN 'payable' THEN whose::uuid END, of.kind = 'payable', %(at)s
FROM accounts_organization AS organization, pair,
    unnest(ARRAY['payable', 'pg_receivable']) AS of (kind)
WHERE slug = 'bench';
UPDATE pair SET owed = account.id FROM payments_ledgeraccount AS account
WHERE kind = 'payable' AND key = whose;
UPDATE pair SET taken = account.id FROM payments_ledgeraccount AS account
WHERE kind = 'pg_receivable' AND key = whose;
"""
_ROUND = """
INSERT INTO payments_journal
    (id, organization_id, kind, op_key, fingerprint, reverses, created_at)
SELECT %(base)s + n, organization.id, 'bench', format('fill:%%s:%%s', %(nth)s::int, n),
    encode(sha256(convert_to(format(
        '["bench","","",[["pg_receivable","%%3$s","%%1$s",%%2$s],' ||
        '["payable","%%3$s","%%1$s",-%%2$s]]]',
        whose, %(nth)s::int, %(currency)s), 'UTF8')), 'hex'), '', %(at)s
FROM pair, accounts_organization AS organization WHERE slug = 'bench';
UPDATE pair SET
    taken_head = sha256(taken_head || convert_to(format('%%s|%%s|%%s|%%s|%%s|%%s', %(nth)s::int,
        %(nth)s::int, %(sum)s::int, op_key, fingerprint, %(micros)s::bigint), 'UTF8')),
    owed_head = sha256(owed_head || convert_to(format('%%s|%%s|%%s|%%s|%%s|%%s', %(nth)s::int,
        -%(nth)s::int, %(sum)s::int, op_key, fingerprint, %(micros)s::bigint), 'UTF8'))
FROM payments_journal AS journal WHERE journal.id = %(base)s + n;
INSERT INTO payments_journalentry
    (journal_id, account_id, sequence, amount, currency, balance_after, hash)
SELECT %(base)s + n, account, %(nth)s, amount, %(currency)s, %(sum)s, head
FROM pair, LATERAL (VALUES (taken, %(nth)s, taken_head), (owed, -%(nth)s, owed_head))
    AS leg (account, amount, head);
"""
# Put together at the end, they take a third of the time.
_INDEXES_OFF = """
ALTER TABLE payments_journalentry DROP CONSTRAINT entries_are_numbered_once;
ALTER TABLE payments_journal DROP CONSTRAINT one_journal_per_operation;
"""
_INDEXES_ON = """
SET maintenance_work_mem = '1GB';
ALTER TABLE payments_journalentry
    ADD CONSTRAINT entries_are_numbered_once UNIQUE (account_id, sequence);
ALTER TABLE payments_journal
    ADD CONSTRAINT one_journal_per_operation UNIQUE (organization_id, op_key);
"""
_BALANCES = """
INSERT INTO payments_ledgerbalance
    (account_id, posted, pending_out, pending_in, version, head, no_overdraft)
SELECT taken, %(sum)s, 0, 0, %(nth)s, taken_head, false FROM pair
UNION ALL SELECT owed, %(sum)s, 0, 0, %(nth)s, owed_head, true FROM pair;
SELECT setval(pg_get_serial_sequence('payments_journal', 'id'), max(id)) FROM payments_journal;
"""


def make_organization() -> None:
    """Make the organization whose books these are."""
    from accounts.models import Organization

    Organization.objects.create(name="Bench", slug="bench", currency=CURRENCY)


def make_people(people: int) -> None:
    """Give so many people money, through the service."""
    from accounts.models import Organization
    from payments.engine import chart
    from payments.services import post_journal

    organization = Organization.objects.get(slug="bench")
    bank = chart.shared(chart.AccountKind.BANK, CURRENCY)
    accounts = [chart.payable(person(number), CURRENCY) for number in range(people)]
    legs = [leg for account in accounts for leg in chart.move(bank, account, 1_000_000)]
    journal = chart.Journal("bench", "fund", tuple(legs))
    post_journal(organization_id=organization.pk, journal=journal, now=AT)


def make_floor(url: str, people: int) -> None:
    """Make the tables that pgbench writes to, anew."""
    with _link(url) as link:
        link.execute(_FLOOR, {"people": people})
        link.execute("VACUUM ANALYZE floor_balance")


def fill(url: str, entries: int) -> int:
    """Write so many entries, on two accounts for each person; return how many people."""
    people = entries // ENTRIES_EACH // 2
    told = {
        "people": people, "currency": CURRENCY, "at": AT,
        "micros": int(AT.timestamp()) * 1_000_000,
    }  # fmt: skip
    with _link(url) as link:
        link.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        link.execute(_INDEXES_OFF)
        link.execute(_ACCOUNTS, told)
        for nth in range(1, ENTRIES_EACH + 1):
            told |= {"nth": nth, "base": (nth - 1) * people + 1, "sum": nth * (nth + 1) // 2}
            link.execute(_ROUND, told)
        link.execute(_BALANCES, told)
        link.execute(_INDEXES_ON)
        link.execute("VACUUM ANALYZE")
    return people


def _link(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    plain = url.replace("postgis", "postgresql", 1)
    return psycopg.connect(plain, autocommit=True, cursor_factory=psycopg.ClientCursor)
