"""Organizations that pay (a part of) their members' seats.

A sponsor's part is a payment like any other, only that it comes from the budget's own account and
goes back there. It lies in the rider's escrow from when the seat is held; a seat that is given back
or never paid gives it back, too.

Whose money is spent first: the sponsor's. What a trip does not need goes back to the rider before
it goes back to the sponsor. That is rule R13, newest payment first: the sponsor's part is always
the older one. So a rider whose organization pays half never prepays more than the other half, and
gets back whatever the taxi was cheaper. The rules are of the prepayment, not of the fare; what a
rider adds later, as the party is smaller or the taxi dearer, is their own.

A sponsor pays for trips, not for absences. Of whoever leaves late or does not come, the sponsor's
part goes back first: fee and penalty are the rider's own, as far as they have paid anything.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Member
from accounts.selectors import require_manager
from payments.engine import chart, journals
from payments.engine.chart import Journal, move
from payments.errors import AnotherBudgetOpen, BudgetNotFound, InsufficientFunds
from payments.models import SPONSOR, Payment, SponsorBudget, SponsorDeposit, SponsorGrant
from payments.selectors.budgets import get_budget
from payments.selectors.sponsors import support_of
from payments.services.ledger import post_journal
from rides.models import RoomSeat

RULES = ["name", "percent", "most_per_trip", "most_per_month", "first_day", "last_day"]
# The sponsor's part is the older payment, also where the rider's is taken in the same moment.
_BEFORE = timedelta(microseconds=1)


@transaction.atomic
def deposit(*, row: SponsorDeposit, now: datetime) -> SponsorDeposit:
    """Book that a sponsor's money has come in."""
    row.at = now
    row.save(force_insert=True)
    budget = row.budget
    journal = journals.sponsor_funded(
        deposit=str(row.pk), budget=str(budget.pk), amount=row.amount,
        currency=budget.organization.currency,
    )  # fmt: skip
    assert journal is not None
    post_journal(organization_id=budget.organization_id, journal=journal, now=now)
    return row


@transaction.atomic
def save_budget(*, by: Member, budget: SponsorBudget) -> SponsorBudget:
    """Write a new budget, or changed rules of one; they hold for seats taken from now on.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        BudgetNotFound: it is another organization's.
    """
    require_manager(by)
    if budget.organization_id != by.organization_id:
        raise BudgetNotFound
    if budget._state.adding:
        budget.save(force_insert=True)
    else:
        get_budget(by, budget.pk, lock=True)
        budget.save(update_fields=RULES)
    return budget


@transaction.atomic
def switch_budget(*, by: Member, budget_id: UUID, is_on: bool) -> SponsorBudget:
    """Open a budget, or close it: then it pays for no more seats. What it paid for stays paid.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        BudgetNotFound: it is another organization's.
        AnotherBudgetOpen: the organization pays from another one.
    """
    budget = get_budget(by, budget_id, lock=True)
    budget.is_on = is_on
    try:
        with transaction.atomic():
            budget.save(update_fields=["is_on"])
    except IntegrityError as error:
        raise AnotherBudgetOpen from error
    return budget


def sponsor_seat(
    *, seat: RoomSeat, rider: Member, prepay: int, currency: str, now: datetime
) -> Payment | None:
    """Let the rider's organization pay what its budget allows; None when that is nothing.

    Call it inside the transaction that holds the seat. Of another organization's room nothing is
    paid: the money lies in the books of the rider's own.
    """
    support = support_of(rider, now=now, lock=True)
    if support is None or not support.pays_for(seat.room, currency):
        return None
    budget, part = support.budget, support.part_of(prepay)
    if not part:
        return None
    assert seat.held_until is not None
    payment = Payment(
        organization_id=budget.organization_id, op_key=f"sponsor:{seat.pk}", provider=SPONSOR,
        trip_id=seat.room_id, payer_id=budget.pk, amount=part, currency=currency,
        authorised=part, captured=part, captured_at=now - _BEFORE, pay_by=seat.held_until,
        created_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
            SponsorGrant.objects.create(
                budget=budget, seat_id=seat.pk, member_id=rider.pk, payment=payment, created_at=now
            )
            journal = journals.fare_sponsored(
                grant=str(payment.pk), budget=str(budget.pk), trip=str(seat.room_id),
                rider=str(rider.pk), amount=part, currency=currency,
            )  # fmt: skip
            assert journal is not None
            post_journal(organization_id=budget.organization_id, journal=journal, now=now)
    except InsufficientFunds:  # somebody else was faster
        return None
    return payment


def return_to_sponsor(*, payment: Payment, amount: int, now: datetime) -> None:
    """Put back into its budget what is owed on a sponsor's payment; the payment is locked."""
    journal = Journal(
        "sponsor_returned",
        f"sponsor_returned:{payment.pk}:{payment.refunded}",
        move(
            chart.refund_payable(str(payment.pk), payment.currency),
            chart.sponsor(str(payment.payer_id), payment.currency),
            amount,
        ),
        str(payment.trip_id),
    )
    payment.refund_asked += amount
    payment.refunded += amount
    payment.save(update_fields=["refund_asked", "refunded"])
    post_journal(organization_id=payment.organization_id, journal=journal, now=now)
