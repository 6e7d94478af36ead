"""What operators watch: balances of an organization, and money that lies where it must not stay."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, TruncMonth

from accounts.models import Organization
from payments.engine.chart import AccountKind
from payments.models import JournalEntry, LedgerAccount, LedgerBalance

# How long money may lie there before somebody has to look.
# Source: Stripe's ledger explains 99.99 % within four days; ours are stricter, as amounts are few.
PATIENCE = {
    AccountKind.SUSPENSE: timedelta(hours=24),
    AccountKind.PAYOUT_IN_TRANSIT: timedelta(days=4),
    AccountKind.REFUND_PAYABLE: timedelta(days=4),
}
FEW = 5  # a manager sees no count of fewer people


@dataclass(frozen=True, slots=True)
class KindBalance:
    """What the accounts of one kind come to; ``signed`` has debits positive."""

    kind: str
    currency: str
    accounts: int
    posted: int
    signed: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Money that has been lying in a clearing account for longer than it should."""

    account: LedgerAccount
    posted: int
    since: datetime
    age: timedelta

    @property
    def is_overdue(self) -> bool:
        """Tell whether somebody has to look."""
        return self.age > PATIENCE[AccountKind(self.account.kind)]


@dataclass(frozen=True, slots=True)
class FundMonth:
    """What came into the penalty fund and went out of it in a month; no count of few people."""

    month: datetime
    currency: str
    came: int
    went: int
    count: int | None


def balances_by_kind(organization: Organization) -> list[KindBalance]:
    """Return an organization's trial balance, from what stands on its accounts; signed, it is 0."""
    rows = (
        LedgerBalance.objects.filter(account__organization=organization)
        .order_by()
        .values("account__currency", "account__kind")
        .annotate(total=Sum("posted"), n=Count("pk"))
        .order_by("account__currency", "account__kind")
    )
    return [
        KindBalance(
            row["account__kind"],
            row["account__currency"],
            row["n"],
            row["total"],
            row["total"] if AccountKind(row["account__kind"]).is_debit_normal else -row["total"],
        )
        for row in rows
    ]


def list_alarms(now: datetime, *, overdue_only: bool = False) -> list[Alarm]:
    """Return what lies in clearing accounts, the oldest first, each since it was last empty."""
    own = JournalEntry.objects.filter(account=OuterRef("pk")).order_by()
    last_empty = own.filter(balance_after=0).values("account").annotate(n=Max("sequence"))
    since = own.filter(sequence__gt=Coalesce(OuterRef("empty_at"), Value(0)))
    rows = (
        LedgerAccount.objects.filter(kind__in=[kind.value for kind in PATIENCE])
        .exclude(balance__posted=0)
        .select_related("organization", "balance")
        .annotate(empty_at=Subquery(last_empty.values("n")))
        .annotate(
            since=Subquery(
                since.values("account").annotate(at=Min("journal__created_at")).values("at")
            )
        )
        .exclude(since=None)
        .order_by("since", "pk")
    )
    found = [Alarm(row, row.balance.posted, row.since, now - row.since) for row in rows]
    return [one for one in found if one.is_overdue or not overdue_only]


def fund_balances(organization: Organization) -> dict[str, int]:
    """Return what lies in an organization's penalty fund, by currency."""
    rows = LedgerBalance.objects.filter(
        account__organization=organization, account__kind=AccountKind.PENALTY_FUND
    )
    return dict(rows.order_by("account__currency").values_list("account__currency", "posted"))


def fund_months(organization: Organization) -> list[FundMonth]:
    """Return the fund's months, newest first."""
    rows = (
        JournalEntry.objects.filter(
            account__organization=organization, account__kind=AccountKind.PENALTY_FUND
        )
        .order_by()
        .annotate(month=TruncMonth("journal__created_at", tzinfo=organization.zone))
        .values("month", "currency")
        .annotate(
            came=Coalesce(-Sum("amount", filter=Q(amount__lt=0)), Value(0)),
            went=Coalesce(Sum("amount", filter=Q(amount__gt=0)), Value(0)),
            n=Count("pk"),
        )
        .order_by("-month", "currency")
    )
    return [
        FundMonth(
            row["month"], row["currency"], row["came"], row["went"],
            row["n"] if row["n"] >= FEW else None,
        )
        for row in rows
    ]  # fmt: skip


def entries_of(organization: Organization, until: datetime) -> Iterator[JournalEntry]:
    """Yield every entry posted before a moment, journal by journal, as the books were written."""
    rows = JournalEntry.objects.filter(
        journal__organization=organization, journal__created_at__lt=until
    )
    ordered = rows.select_related("journal", "account").order_by(F("journal_id"), F("pk"))
    yield from ordered.iterator(chunk_size=2_000)
