"""The books for other programs: a table (CSV), and plain-text accounting (beancount).

Beancount was chosen because it is strict: `bean-check` refuses a transaction that does not balance,
an account that was never opened, and a balance that differs from what is asserted. The export ends
with one assertion for every account, so whoever reads it proves it.

No name is in it: people and trips are the numbers that stand in the books.

Source: Beancount language syntax, https://beancount.github.io/docs/beancount_language_syntax.html
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from accounts.models import Organization
from carpool.kernel.money import MINOR_DIGITS
from payments.engine.chart import AccountKind
from payments.models import JournalEntry, LedgerAccount
from payments.selectors.desk import entries_of

_NAMES = {
    AccountKind.PG_RECEIVABLE: "Assets:Providers",
    AccountKind.BANK: "Assets:Bank",
    AccountKind.PAYOUT_IN_TRANSIT: "Assets:PayoutInTransit",
    AccountKind.USER_RECEIVABLE: "Assets:OwedByPeople",
    AccountKind.ESCROW: "Liabilities:Escrow",
    AccountKind.PAYABLE: "Liabilities:OwedToPeople",
    AccountKind.REFUND_PAYABLE: "Liabilities:Refunds",
    AccountKind.SPONSOR: "Liabilities:Sponsors",
    AccountKind.PENALTY_FUND: "Liabilities:PenaltyFund",
    AccountKind.SUSPENSE: "Liabilities:Suspense",
    AccountKind.SERVICE_FEE: "Income:ServiceFee",
    AccountKind.PG_FEE: "Expenses:ProviderFees",
}
COLUMNS = (
    "journal", "date", "time_utc", "kind", "trip", "account", "key", "debit", "credit", "currency",
    "balance",
)  # fmt: skip


def beancount_name(account: LedgerAccount) -> str:
    """Return an account's name: letters, digits and hyphens, each part with a capital or digit."""
    parts = [part.replace("_", "-") for part in account.key.split(":") if part]
    return ":".join([_NAMES[AccountKind(account.kind)], *(part.capitalize() for part in parts)])


def amount_of(minor: int, currency: str) -> str:
    """Return an amount as other programs read it: a point, no grouping, the currency's digits."""
    digits = MINOR_DIGITS.get(currency, 2)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def write_csv(organization: Organization, until: datetime) -> Iterator[str]:
    """Yield the books as a table, a leg a line; debits and credits of a journal are equal."""
    yield _line(COLUMNS)
    for entry in entries_of(organization, until):
        journal, account = entry.journal, entry.account
        amount = amount_of(abs(entry.amount), entry.currency)
        yield _line(
            (
                journal.pk,
                journal.created_at.astimezone(organization.zone).date().isoformat(),
                journal.created_at.isoformat(timespec="seconds"),
                journal.kind,
                journal.trip_id or "",
                account.kind,
                account.key,
                amount if entry.amount > 0 else "",
                amount if entry.amount < 0 else "",
                entry.currency,
                amount_of(entry.balance_after, entry.currency),
            )
        )


def _line(values: tuple[Any, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def write_beancount(organization: Organization, until: datetime) -> Iterator[str]:
    """Yield the books as beancount; every account is opened, and asserted at the end."""
    yield f'option "title" "{_text(organization.name)}"\n'
    yield f'option "operating_currency" "{organization.currency}"\n\n'
    totals: dict[tuple[str, str], int] = {}
    opened: set[str] = set()
    last = until.astimezone(organization.zone).date()
    for _pk, some in groupby(entries_of(organization, until), key=lambda one: one.journal_id):
        legs = list(some)
        day = legs[0].journal.created_at.astimezone(organization.zone).date()
        last = max(last, day)
        for entry in legs:
            name = beancount_name(entry.account)
            if name not in opened:
                opened.add(name)
                yield f"{_FIRST} open {name}\n"
            key = name, entry.currency
            totals[key] = totals.get(key, 0) + entry.amount
        yield _transaction(legs, day)
    tomorrow = last + timedelta(days=1)
    for (name, currency), total in sorted(totals.items()):
        yield f"{tomorrow} balance {name}  {amount_of(total, currency)} {currency}\n"


_FIRST = date(2000, 1, 1)  # accounts are opened long before anything is posted


def _transaction(legs: list[JournalEntry], day: date) -> str:
    journal = legs[0].journal
    trip = f" ^trip-{journal.trip_id}" if journal.trip_id else ""
    lines = [f'\n{day} * "{_text(journal.kind)}"{trip}', f'  journal: "{_text(journal.op_key)}"']
    lines += [
        f"  {beancount_name(one.account)}  {amount_of(one.amount, one.currency)} {one.currency}"
        for one in legs
    ]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
