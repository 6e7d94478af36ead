"""Why there is what there is on an organization's accounts after an evening; all re-added."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from accounts.models import Organization
from payments.models import (
    BankOperation,
    FareShare,
    JournalEntry,
    LedgerBalance,
    Payment,
    PaymentIntent,
    Payout,
    TripClosing,
)
from rides.models import Room


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of account, and whether other tables say the same."""

    what: str
    amount: int
    why: str
    is_right: bool


def explain(organization: Organization, room_ids: list[UUID]) -> Iterator[Line]:
    """Yield what stands on each kind of account and what it has to be by all that is not ledger."""
    on = _balances(organization)
    payments = Payment.objects.filter(organization=organization)
    came = _sum(payments, "captured")
    went = _sum(payments, "refunded")
    references = [str(pk) for pk in payments.values_list("pk", flat=True)]
    bank = BankOperation.objects.filter(reference__in=references, code="")
    told = _sum(bank.filter(purpose="capture"), "amount")
    told_back = _sum(bank.filter(purpose="refund"), "amount")
    yield Line("taken by the test bank", told, f"our payments say {came:,}", came == told)
    yield Line("given back by it", told_back, f"our payments say {went:,}", went == told_back)
    payouts = Payout.objects.filter(organization=organization)
    out = _sum(payouts.exclude(state="bounced"), "amount")
    sent = _sum(payouts.filter(state="sent"), "amount")
    money = on.get("pg_receivable", 0) + on.get("bank", 0) + on.get("payout_in_transit", 0)
    yield from _where_it_is(on, organization, money, came - went - out, sent)
    rooms = Room.objects.filter(pk__in=room_ids)
    closed = TripClosing.objects.filter(trip_id__in=room_ids).count()
    settled = rooms.filter(state="settled").count()
    over = rooms.filter(state="cancelled").count()
    why = f"{settled} settled, {closed} closed, {over} cancelled of {len(room_ids)}"
    is_over = settled + over == len(room_ids) and settled <= closed
    yield Line("in escrow", on.get("escrow", 0), why, is_over and not on.get("escrow", 0))


def _where_it_is(
    on: dict[str, int], organization: Organization, money: int, kept: int, sent: int
) -> Iterator[Line]:
    back = _taken_back(organization)
    why = "captured, less refunds, payouts and what was taken back"
    yield Line("at the bank and the provider", money, why, money == kept - back)
    transit = on.get("payout_in_transit", 0)
    yield Line("payouts on their way", -transit, "sent and not arrived", -transit == sent)
    shares = FareShare.objects.filter(fare__organization=organization)
    penalties = _sum(shares, "penalty")
    won = _sum(shares.filter(dispute__state="won"), "penalty")
    fund = on.get("penalty_fund", 0)
    yield Line(
        "in the penalty fund", fund, f"no-shows {penalties:,}, given back {won:,}",
        fund >= penalties - won,
    )  # fmt: skip
    waiting = PaymentIntent.objects.filter(
        payment__organization=organization, purpose="refund"
    ).exclude(state="confirmed")
    owed = on.get("refund_payable", 0)
    yield Line(
        "refunds still owed", owed, f"{waiting.count()} not confirmed", not owed or waiting.exists()
    )
    yield Line("owed to people", on.get("payable", 0), "below the least payout, or in its window",
               on.get("payable", 0) >= 0)  # fmt: skip
    yield Line("owed by people", on.get("user_receivable", 0), "after chargebacks",
               on.get("user_receivable", 0) <= back)  # fmt: skip
    yield Line("nobody can explain", on.get("suspense", 0), "has to be nothing",
               not on.get("suspense", 0))  # fmt: skip


def _balances(organization: Organization) -> dict[str, int]:
    rows = LedgerBalance.objects.filter(account__organization=organization)
    sums = rows.order_by().values(kind=F("account__kind")).annotate(total=Sum("posted"))
    return {row["kind"]: row["total"] for row in sums}


def _taken_back(organization: Organization) -> int:
    """Return what providers took back by chargebacks, from the journals that say so."""
    entries = JournalEntry.objects.filter(
        journal__organization=organization, journal__kind="chargeback", amount__lt=0,
        account__kind="pg_receivable",
    )  # fmt: skip
    return -int(entries.aggregate(total=Sum("amount"))["total"] or 0)


def _sum(rows: "QuerySet[Any]", field: str) -> int:
    return int(rows.aggregate(total=Sum(field))["total"] or 0)
