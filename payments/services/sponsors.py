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

A seat in a planned ride has a price, not an estimate. Sponsor and rider pay it together, and of
what goes back each gets the same part of what they paid, to the unit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Member
from accounts.selectors import require_manager
from carpool.kernel.geo import from_point
from payments.engine import chart, journals
from payments.engine.chart import Journal, move
from payments.errors import (
    AnotherBudgetOpen,
    BudgetEndsFirst,
    BudgetForNobody,
    BudgetNotFound,
    InsufficientFunds,
    NoKindOfTrip,
    TooFewPeople,
)
from payments.models import (
    SPONSOR,
    BudgetFor,
    Payment,
    SponsorBudget,
    SponsorGrant,
)
from payments.selectors.budgets import Chosen, get_budget
from payments.selectors.desk import FEW
from payments.selectors.sponsors import Support, TripKind, support_of
from payments.services.ledger import post_journal
from rides.models import Booking, RoomSeat

RULES = [
    "name", "percent", "most_per_trip", "most_per_month", "pays_rooms", "pays_rides", "given_to",
    "first_day", "last_day",
]  # fmt: skip
# The sponsor's part is the older payment, also where the rider's is taken in the same moment.
_BEFORE = timedelta(microseconds=1)


@transaction.atomic
def save_budget(
    *, by: Member, budget: SponsorBudget, chosen: Chosen | None = None
) -> SponsorBudget:
    """Write a new budget, or changed rules of one; they hold for seats taken from now on.

    ``chosen`` is for which sites or people it is; None leaves them as they are. A budget for people
    names so many that nobody can tell from its sums when one of them travelled.

    Raises:
        ManagersOnly: ``by`` does not steer the organization.
        BudgetNotFound: it is another organization's, or what was chosen is.
        BudgetEndsFirst: it would end before it begins.
        NoKindOfTrip: it is for no trips.
        BudgetForNobody: it is for certain sites, and none is chosen.
        TooFewPeople: it is for certain people, and they are few.
    """
    require_manager(by)
    if budget.organization_id != by.organization_id:
        raise BudgetNotFound
    if budget.last_day is not None and budget.last_day < budget.first_day:
        raise BudgetEndsFirst(field="last_day")
    if not (budget.pays_rooms or budget.pays_rides):
        raise NoKindOfTrip(field="pays_rooms")
    if budget._state.adding:
        budget.save(force_insert=True)
    else:
        get_budget(by, budget.pk, lock=True)
        budget.save(update_fields=RULES)
    if chosen is not None:
        _choose(budget, chosen)
    if budget.given_to == BudgetFor.SITES and not budget.sites.exists():
        raise BudgetForNobody(field="sites")
    if budget.given_to == BudgetFor.PEOPLE and budget.people.count() < FEW:
        raise TooFewPeople(field="people")
    return budget


def _choose(budget: SponsorBudget, chosen: Chosen) -> None:
    """Keep only what the budget is for: whom it was for before is nobody's business any more."""
    owners = {one.organization_id for one in chosen.sites}
    owners |= {one.organization_id for one in chosen.people}
    if owners - {budget.organization_id}:
        raise BudgetNotFound
    budget.sites.set(chosen.sites if budget.given_to == BudgetFor.SITES else [])
    budget.people.set(chosen.people if budget.given_to == BudgetFor.PEOPLE else [])


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
    ends = from_point(seat.room.pickup), from_point(seat.dropoff)
    if support is None or not support.pays_for(seat.room.organization_id, currency, *ends):
        return None
    assert seat.held_until is not None
    trip = _Trip(seat.pk, seat.room_id, rider.pk, seat.held_until)
    return _grant(support, trip, support.part_of(prepay), now)


def sponsor_booking(
    *, booking: Booking, price: int, currency: str, now: datetime
) -> Payment | None:
    """The same for a seat in a planned ride, inside the transaction that books it."""
    support = support_of(booking.rider, trip=TripKind.RIDE, now=now, lock=True)
    ends = from_point(booking.origin), from_point(booking.destination)
    if support is None or not support.pays_for(booking.ride.organization_id, currency, *ends):
        return None
    assert booking.held_until is not None
    trip = _Trip(booking.pk, booking.pk, booking.rider_id, booking.held_until)
    return _grant(support, trip, support.part_of(price), now)


@dataclass(frozen=True, slots=True)
class _Trip:
    """A seat that is held, in a trip of the books."""

    seat_id: UUID
    trip_id: UUID
    rider_id: UUID
    held_until: datetime


def _grant(support: Support, trip: _Trip, part: int, now: datetime) -> Payment | None:
    if not part:
        return None
    budget, currency = support.budget, support.currency
    payment = Payment(
        organization_id=budget.organization_id, op_key=f"sponsor:{trip.seat_id}", provider=SPONSOR,
        trip_id=trip.trip_id, payer_id=budget.pk, amount=part, currency=currency,
        authorised=part, captured=part, captured_at=now - _BEFORE, pay_by=trip.held_until,
        created_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
            SponsorGrant.objects.create(
                budget=budget, seat_id=trip.seat_id, member_id=trip.rider_id, payment=payment,
                created_at=now,
            )  # fmt: skip
            journal = journals.fare_sponsored(
                grant=str(payment.pk), budget=str(budget.pk), trip=str(trip.trip_id),
                rider=str(trip.rider_id), amount=part, currency=currency,
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
