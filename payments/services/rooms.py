"""Paying for a seat in a shared taxi, and getting it back.

Joining is three steps: the seat is held and the payment recorded, in one transaction; the provider
is asked, outside of any; what it says takes the seat or frees it. Each step may be the last one for
a while: handlers and the sweeper go on from what is written. So everything here may run twice.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from payments.engine.prepay import Terms
from payments.engine.split import ceil_div
from payments.errors import AboveConsent, NothingToPay, SponsorPaysLess
from payments.models import IntentState, Payment, SeatPrice
from payments.selectors import quote_room, quote_seat
from payments.services.intents import send_intents
from payments.services.ledger import post_journals
from payments.services.payments import request_payment
from payments.services.seats import left_free
from payments.services.sponsors import sponsor_seat
from rides import services as rides
from rides.errors import SeatGone
from rides.models import RoomSeat, SeatState
from rides.services import TripEnd


@dataclass(frozen=True, slots=True)
class Joining:
    """A seat, and how its payment stands."""

    seat: RoomSeat
    payment: Payment
    terms: Terms


def join_room(
    *,
    room_id: UUID,
    rider: Member,
    dropoff: TripEnd,
    provider: str,
    method: str,
    sponsored: int = 0,
    now: datetime,
) -> Joining:
    """Take a seat and prepay its part of the highest fare (R2–R4).

    Afterwards the seat is taken, or free again as the payment was declined, or still held as the
    provider has not given a readable answer.

    Raises:
        What :func:`reserve_seat` does.
    """
    joining = reserve_seat(
        room_id=room_id, rider=rider, dropoff=dropoff, provider=provider, method=method,
        sponsored=sponsored, now=now,
    )  # fmt: skip
    payment = pay_for_seat(payment_id=joining.payment.pk, now=now)
    joining.seat.refresh_from_db()
    return Joining(joining.seat, payment, joining.terms)


@transaction.atomic
def reserve_seat(
    *,
    room_id: UUID,
    rider: Member,
    dropoff: TripEnd,
    provider: str,
    method: str,
    sponsored: int = 0,
    now: datetime,
) -> Joining:
    """Keep a seat and record its payment, which is still to be sent: the first of the three steps.

    ``sponsored`` is what the rider was told that their organization pays. If that pays all of it,
    no provider is asked.

    Raises:
        RoomNotFound, RoomClosed, AlreadyInRoom, InAnotherRoom, SeatsExhausted: no seat.
        OutsideMap, OffNetwork, TooClose, RoutesDiffer: the drop-off does not fit.
        NoTariff: nobody knows what the taxi costs there.
        AboveConsent: with this drop-off others would pay more than they agreed to.
        SponsorPaysLess: their organization's budget no longer gives that much.
        ProviderUnknown: that provider is not switched on.
    """
    seat = rides.hold_seat(room_id=room_id, rider=rider, dropoff=dropoff, now=now)
    seats = list(seat.room.seats.occupying())
    estimate = quote_room(seat.room, seats)
    _check_consents(estimate.high, seats)
    terms = quote_seat(seat.room, estimate)
    if not terms.prepay:
        raise NothingToPay
    payment = _request_prepayment(
        seat=seat,
        rider=rider,
        prepay=terms.prepay,
        currency=estimate.currency,
        provider=provider,
        method=method,
        sponsored=sponsored,
        now=now,
    )
    SeatPrice.objects.create(
        organization_id=seat.room.organization_id,
        seat_id=seat.pk,
        payment=payment,
        prepay=terms.prepay,
        at_most=terms.at_most,
        highest_fare=estimate.high,
        created_at=now,
    )
    return Joining(seat, payment, terms)


def _request_prepayment(
    *,
    seat: RoomSeat,
    rider: Member,
    prepay: int,
    currency: str,
    provider: str,
    method: str,
    sponsored: int,
    now: datetime,
) -> Payment:
    """Ask the rider for what their organization does not pay, or nobody if it pays all."""
    assert seat.held_until is not None
    given = sponsor_seat(seat=seat, rider=rider, prepay=prepay, currency=currency, now=now)
    part = given.amount if given else 0
    if part < sponsored:
        raise SponsorPaysLess
    if given is not None and part == prepay:
        return given
    return request_payment(
        organization_id=seat.room.organization_id,
        op_key=f"seat:{seat.pk}",
        provider=provider,
        method=method,
        trip_id=seat.room_id,
        payer_id=rider.pk,
        amount=prepay - part,
        currency=currency,
        pay_by=seat.held_until,
        now=now,
    )


def pay_for_seat(*, payment_id: UUID, now: datetime) -> Payment:
    """Ask the provider for a recorded payment, and give the seat to whoever has paid.

    Never inside a transaction; may run twice.
    """
    payment = send_intents(payment_id, now=now)
    if payment.captured:
        seat_paid(payment_id=payment.pk, now=now)
    elif payment.intents.filter(state=IntentState.DECLINED).exists():
        seat_unpaid(payment_id=payment.pk, now=now)
    return payment


def _check_consents(high: int, seats: list[RoomSeat]) -> None:
    """Let nobody join whose way makes the part of others dearer than they agreed to (R3)."""
    part = ceil_div(high, len(seats))
    agreed = SeatPrice.objects.filter(seat_id__in=[seat.pk for seat in seats])
    if agreed.filter(at_most__lt=part).exists():
        raise AboveConsent(field="dropoff")


@transaction.atomic
def seat_paid(*, payment_id: UUID, now: datetime) -> None:
    """Give a rider the seat they have paid for; if it is gone, give the money back."""
    price = SeatPrice.objects.filter(payment=payment_id).first()
    if price is None:
        return
    try:
        rides.take_seat(seat_id=price.seat_id, now=now)
    except SeatGone:
        give_back(seat_id=price.seat_id, now=now)


def seat_unpaid(*, payment_id: UUID, now: datetime) -> None:
    """Free the seat of somebody whose payment was declined or came too late."""
    price = SeatPrice.objects.filter(payment=payment_id).first()
    if price is not None:
        rides.release_seat(seat_id=price.seat_id, now=now)


@transaction.atomic
def give_back(*, seat_id: UUID, now: datetime) -> int:
    """Owe a rider all they paid for a seat that was given back in time; return how much.

    So it is when they leave before the lock (R5), when the room is cancelled (R9, R10), and when
    they become the host, who prepays nothing. The sweeper sends the refund.
    """
    room, seat = rides.lock_seat(seat_id)
    if not (seat.state == SeatState.RELEASED or seat.is_hosts):
        return 0
    journals = left_free(room, seat)
    if not journals:
        return 0
    post_journals(organization_id=room.organization_id, journals=journals, now=now)
    return sum(leg.amount for one in journals for leg in one.legs if leg.amount > 0)


def give_back_to_host(*, room_id: UUID, host_id: UUID, now: datetime) -> int:
    """Owe a new host what they prepaid as a rider; return how much."""
    seat = RoomSeat.objects.filter(room=room_id, rider=host_id, state=SeatState.TAKEN).first()
    return give_back(seat_id=seat.pk, now=now) if seat is not None else 0
