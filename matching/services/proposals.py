"""Answering proposals: one tap each, from which rides and bookings are made.

The driver's yes makes the ride, with exactly the departure that was proposed, and books everybody
who said yes before. A rider's yes is remembered until then, or booked at once after it. A no lets
the others go on while the way is still worth it. The proposal's row is always locked before the
ride's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel import outbox
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point, walking_time
from matching.errors import AlreadyAnswered, ProposalClosed
from matching.models import (
    PROPOSAL_TRANSITIONS,
    Answer,
    CarpoolProposal,
    ClosedBecause,
    CommutePlan,
    Direction,
    ProposalSeat,
    ProposalState,
)
from matching.selectors import SearchQuery, ShownOffer
from matching.selectors.proposal_prices import price_of_seat
from matching.selectors.proposals import get_proposal_for
from matching.selectors.replanning import replan
from matching.services.booking import book_shown
from matching.services.standing import find_request, keep_looking_for, offer_proposed_ride
from rides.errors import PriceDiffers, WrongState
from rides.events import ProposalChanged
from rides.models import Ride
from rides.services import PayBy, TripEnd

# Times are kept to the millisecond, and walks are rounded up to it.
ROUNDING = timedelta(milliseconds=2)


@dataclass(frozen=True, slots=True)
class Payment:
    """How a rider pays with their yes, and what they were told that the seat costs."""

    price_minor: int
    by: PayBy


@transaction.atomic
def answer_proposal(
    *,
    proposal_id: UUID,
    by: Member,
    yes: bool,
    now: datetime,
    payment: Payment | None = None,
) -> CarpoolProposal:
    """Say yes or no to a proposal, as its driver or as one of its riders.

    Where seats are prepaid, a rider says with the yes how they pay: it is taken when the seat is
    booked, at once or with the driver's yes. Afterwards, outside of the transaction,
    ``rides.collect_price`` asks for it. Without ``payment`` they are asked when it is booked.

    Raises:
        ProposalNotFound: it was not made to them.
        ProposalClosed: it was declined, or its time is over.
        AlreadyAnswered: the answer has had its effect.
        DriverBusy, RiderBusy, SeatsExhausted, RideChanged, RideClosed, SeatsOutOfRange: what was
            proposed is not possible any more.
        PriceDiffers: it costs something else than what was shown.
    """
    proposal = get_proposal_for(by, proposal_id, lock=True)
    if proposal.driver_id == by.pk:
        _check_open(proposal, {ProposalState.OPEN}, now)
        if yes:
            take(proposal, now=now)
        else:
            close(proposal, ProposalState.DECLINED, ClosedBecause.DRIVER, now=now)
        return proposal
    _check_open(proposal, {ProposalState.OPEN, ProposalState.TAKEN}, now)
    seat = next(seat for seat in proposal.seats.all() if seat.rider_id == by.pk)
    if seat.booking_id is not None:
        raise AlreadyAnswered
    _answer_seat(proposal, seat, yes=yes, payment=payment, now=now)
    return proposal


def _check_open(proposal: CarpoolProposal, states: set[ProposalState], now: datetime) -> None:
    state = ProposalState(proposal.state)
    if state == ProposalState.TAKEN and state not in states:
        raise AlreadyAnswered
    if state not in states or now >= proposal.answer_by:
        raise ProposalClosed


def _answer_seat(
    proposal: CarpoolProposal,
    seat: ProposalSeat,
    *,
    yes: bool,
    payment: Payment | None,
    now: datetime,
) -> None:
    seat.answer, seat.answered_at = (Answer.YES if yes else Answer.NO), now
    _remember(seat, payment if yes else None)
    if yes and proposal.state == ProposalState.TAKEN:
        _book(proposal, seat, now=now, is_there=True)
    if not yes and proposal.state == ProposalState.OPEN:
        _go_on_without(proposal, now=now)
    if yes or proposal.state in {ProposalState.OPEN, ProposalState.TAKEN}:
        _tell(proposal, now=now)


def _remember(seat: ProposalSeat, payment: Payment | None) -> None:
    """Write an answer down, and how the seat is paid.

    Raises:
        PriceDiffers: it costs something else than what was shown.
    """
    by = payment.by if payment else PayBy("")
    if payment is not None:
        price = price_of_seat(seat)
        if price is None or price.minor != payment.price_minor:
            raise PriceDiffers
    seat.price_minor = payment.price_minor if payment else None
    seat.pay_provider, seat.pay_method, seat.pay_sponsored = by.provider, by.method, by.sponsored
    seat.save(
        update_fields=[
            "answer", "answered_at", "price_minor", "pay_provider", "pay_method", "pay_sponsored",
        ]
    )  # fmt: skip


def _go_on_without(proposal: CarpoolProposal, *, now: datetime) -> None:
    """Let the others go on while the way is still worth it; else give up, and say why."""
    left = [seat for seat in proposal.seats.all() if seat.answer != Answer.NO]
    if not left:
        close(proposal, ProposalState.DECLINED, ClosedBecause.RIDERS, now=now)
        return
    again = replan(proposal, left)
    if again.saved_m <= 0:
        close(proposal, ProposalState.DECLINED, ClosedBecause.DETOUR, now=now)
        return
    proposal.saved_m, proposal.added_s = again.saved_m, again.added_s
    proposal.arrival_at = again.arrival_at
    proposal.save(update_fields=["saved_m", "added_s", "arrival_at"])


def take(proposal: CarpoolProposal, *, now: datetime) -> Ride:
    """Publish the ride of a locked proposal and book whoever said yes.

    Raises:
        DriverBusy, InThePast, SeatsOutOfRange, CarNotFound: the driver can't any more.
    """
    ride = offer_proposed_ride(proposal, now=now)
    proposal.ride, proposal.answered_at = ride, now
    move_proposal(proposal, ProposalState.TAKEN, fields=["ride", "answered_at"])
    for seat in _in_booking_order(proposal):
        try:
            with transaction.atomic():
                _book(proposal, seat, now=now)
        except DomainError as error:
            seat.refused_because = error.code
            seat.save(update_fields=["refused_because"])
            keep_looking_for(seat, now=now)
    _tell(proposal, now=now)
    return ride


def _in_booking_order(proposal: CarpoolProposal) -> list[ProposalSeat]:
    """Return who said yes, so that each booking fits around those before it.

    To work, most get out at the same place: who gets in last is booked first, and each further
    pick-up lies before. To home, most get in at the same place: who gets out first is booked first.
    """
    wanted = [seat for seat in proposal.seats.all() if seat.answer == Answer.YES]
    if proposal.run.direction == Direction.TO_WORK:
        return sorted(wanted, key=lambda seat: seat.pickup_at, reverse=True)
    return sorted(wanted, key=lambda seat: seat.dropoff_at)


def _book(
    proposal: CarpoolProposal, seat: ProposalSeat, *, now: datetime, is_there: bool = False
) -> None:
    """Book a seat at the meeting points and the pick-up time that were proposed.

    ``is_there``: its rider says yes just now, and can approve a payment.
    """
    assert proposal.ride_id is not None
    query = SearchQuery(
        origin=TripEnd(from_point(seat.origin), seat.origin_label),
        destination=TripEnd(from_point(seat.destination), seat.destination_label),
        earliest_departure_at=seat.pickup_at - walking_time(seat.walk_to_m) - ROUNDING,
        latest_arrival_at=seat.latest_arrival_at,
        walk_m=seat.walk_m,
    )
    shown = ShownOffer(
        ride_id=proposal.ride_id,
        query=query,
        pickup=seat.pickup_place,
        dropoff=seat.dropoff_place,
        shown_pickup_at=seat.pickup_at,
        price_minor=seat.price_minor,
    )
    request_id = find_request(
        seat.rider, seat.earliest_departure_at, seat.latest_arrival_at, now=now
    )
    seat.booking = book_shown(
        rider=seat.rider,
        shown=shown,
        now=now,
        request_id=request_id,
        told_dropoff_at=seat.dropoff_at,
        pay_by=_way_of(seat, is_there=is_there),
    )
    seat.refused_because = ""
    seat.save(update_fields=["booking", "refused_because"])


def _way_of(seat: ProposalSeat, *, is_there: bool) -> PayBy | None:
    if not seat.pay_provider:
        return None
    return PayBy(seat.pay_provider, seat.pay_method, seat.pay_sponsored, is_there)


def close(
    proposal: CarpoolProposal, state: ProposalState, why: ClosedBecause, *, now: datetime
) -> None:
    """Close a locked proposal that comes to nothing; each plan says what happens instead."""
    proposal.closed_because, proposal.answered_at = why, now
    move_proposal(proposal, state, fields=["closed_because", "answered_at"])
    _tell(proposal, now=now)
    if why == ClosedBecause.SUPERSEDED:
        return  # The newer run cares for everybody.
    for seat in proposal.seats.all():
        if seat.answer != Answer.NO:
            keep_looking_for(seat, now=now)
    if why in {ClosedBecause.RIDERS, ClosedBecause.DETOUR} and _offers_alone(proposal.driver):
        _offer_anyway(proposal, now=now)


def _offers_alone(member: Member) -> bool:
    plans = CommutePlan.objects.filter(member=member, offers_alone=True, is_active=True)
    return plans.exists()


def _offer_anyway(proposal: CarpoolProposal, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            offer_proposed_ride(proposal, now=now)
    except DomainError:
        return  # They drive something else by now, or without this car: nothing to offer.


def move_proposal(
    proposal: CarpoolProposal, after: ProposalState, *, fields: Iterable[str] = ()
) -> None:
    """Move a locked proposal on; ``fields`` are the other columns that changed with it.

    Raises:
        WrongState: the table forbids it.
    """
    if after not in PROPOSAL_TRANSITIONS[ProposalState(proposal.state)]:
        raise WrongState
    proposal.state = after
    proposal.save(update_fields=["state", *fields])


def _tell(proposal: CarpoolProposal, *, now: datetime) -> None:
    """Let everybody concerned look again; those who said no are left alone."""
    riders = [seat.rider_id for seat in proposal.seats.all() if seat.answer != Answer.NO]
    for member_id in (proposal.driver_id, *riders):
        event = ProposalChanged(
            proposal_id=proposal.pk, member_id=member_id, state=str(proposal.state)
        )
        outbox.publish(event, now=now)


def expire_proposals(*, now: datetime, limit: int = 500) -> int:
    """Close proposals whose time is over, each in a transaction of its own; return how many."""
    due = CarpoolProposal.objects.due(now).order_by("answer_by").values_list("pk", flat=True)
    return sum(_expire(pk, now) for pk in due[:limit])


@transaction.atomic
def _expire(pk: UUID, now: datetime) -> bool:
    proposals = CarpoolProposal.objects.select_for_update(skip_locked=True, of=("self",)).due(now)
    proposal = proposals.select_related("run", "driver").filter(pk=pk).first()
    if proposal is None:
        return False
    close(proposal, ProposalState.EXPIRED, ClosedBecause.TIME, now=now)
    return True
