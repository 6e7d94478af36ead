"""What payments holds about a member, for their export."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from payments.models import JournalEntry, Payment, PayoutAccount, RideFare, SponsorBudget
from payments.selectors.incentives import list_rewards_of

Table = list[dict[str, Any]]


def export_payments(member_id: UUID) -> dict[str, Table]:
    """Return what a member paid, for what, and every movement on their accounts, JSON-ready."""
    own = JournalEntry.objects.filter(account__owner_id=member_id)
    return {
        "payout_account": [
            {"holder": one.holder, "bank": one.bank, "ending": one.ending}
            for one in PayoutAccount.objects.filter(member=member_id)
        ],
        "paid": [
            {
                "at": payment.created_at,
                "provider": payment.provider,
                "amount_minor": payment.amount,
                "currency": payment.currency,
                "captured_minor": payment.captured,
                "refunded_minor": payment.refunded,
            }
            for payment in Payment.objects.filter(payer_id=member_id).order_by("created_at")
        ],
        "ride_fares": [_ride_fare(one, member_id) for one in _ride_fares(member_id)],
        "named_in_budgets": [
            {"budget": budget.name, "organization": budget.organization.name}
            for budget in SponsorBudget.objects.filter(people=member_id).select_related(
                "organization"
            )
        ],
        "rewards": [
            {
                "number": one.pk,
                "at": one.at,
                "incentive": one.incentive.name,
                "booking": one.booking_id,
                "as": one.role,
                "day": one.day,
                "class": one.proof_class,
                "distance_m": one.distance_m,
                "worth_minor": one.worth,
                "amount_minor": one.amount,
                "currency": one.currency,
                "limit": one.limit,
                "taken_back_minor": one.back,
                "taken_back_at": one.back_at,
                "taken_back_for": one.back_for,
                "why": one.back_why,
            }
            for one in list_rewards_of(member_id)
        ],
        "movements": [
            {
                "at": entry.journal.created_at,
                "what": entry.journal.kind,
                "account": entry.account.kind,
                "amount_minor": entry.account.as_chart.direction * entry.amount,
                "currency": entry.currency,
                "balance_minor": entry.balance_after,
            }
            for entry in own.select_related("journal", "account").order_by("id")
        ],
    }


def _ride_fares(member_id: UUID) -> QuerySet[RideFare]:
    own = Q(rider_id=member_id) | Q(driver_id=member_id)
    rows = RideFare.objects.filter(own).select_related("contest")
    return rows.order_by("asked_at", "pk")


def _ride_fare(fare: RideFare, member_id: UUID) -> dict[str, Any]:
    """Return the price of a seat; what others wrote about a dispute is its rider's and driver's."""
    return {
        "booking": fare.booking_id,
        "ride": fare.ride_id,
        "as": "rider" if fare.rider_id == member_id else "driver",
        "amount_minor": fare.amount,
        "sponsored_minor": fare.sponsored,
        "currency": fare.currency,
        "state": fare.state,
        "asked_at": fare.asked_at,
        "pay_by": fare.pay_by,
        "paid_at": fare.paid_at,
        "end": fare.end,
        "to_driver_minor": fare.to_driver,
        "back_minor": fare.back,
        "back_to_sponsor_minor": fare.back_to_sponsor,
        "ended_at": fare.ended_at,
        "disputed_at": fare.disputed_at,
        "decide_by": fare.decide_by,
        "decided_at": fare.decided_at,
        "why": fare.why,
        "objection": _objection(fare, member_id),
    }


def _objection(fare: RideFare, member_id: UUID) -> dict[str, Any] | None:
    """Return an objection to a fee; what the rider says is theirs."""
    contest = getattr(fare, "contest", None)
    if contest is None:
        return None
    return {
        "at": contest.opened_at,
        "you_said": contest.reason if fare.rider_id == member_id else "",
        "amount_minor": contest.amount,
        "state": contest.state,
        "decided_at": contest.decided_at,
    }
