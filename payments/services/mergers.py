"""The money of two taxis that become one: each rider's lies in the other escrow, to the coin.

The host who becomes a rider prepays with their yes, into the escrow of the room that they host
still; it goes back if nothing comes of it, as whatever a host has prepaid. When both have agreed,
seats and money move in one transaction.
"""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel.errors import DomainError
from payments.engine import journals
from payments.errors import PriceChanged
from payments.models import Payment, SeatPrice
from payments.selectors import price_merger
from payments.services.intents import send_intents
from payments.services.ledger import post_journals
from payments.services.payments import request_payment
from payments.services.providers import get_provider
from payments.services.rooms import give_back
from payments.services.seats import captures_of, funded_by, payments_of
from rides import services as rides
from rides.errors import MergerClosed, MergerNotFound, RoomsDoNotFit
from rides.models import MergerState, Room, RoomMerger, RoomSeat
from rides.selectors import find_merger_away, get_merger


def look_at_merger(*, merger_id: UUID, now: datetime) -> None:
    """Propose two rooms to their hosts if nobody would pay more; else never."""
    merger = get_merger(merger_id)
    if merger.state != MergerState.FOUND:
        return
    try:
        price_merger(merger.stays, merger.goes, now=now)
    except RoomsDoNotFit:
        rides.lapse_merger(merger_id=merger_id, now=now)
    else:
        rides.propose_merger(merger_id=merger_id, now=now)


def answer_merger(
    *,
    merger_id: UUID,
    by: Member,
    accept: bool,
    provider: str = "",
    method: str = "",
    at_most: int | None = None,
    now: datetime,
) -> Payment | None:
    """Say yes or no as one of the hosts. Who becomes a rider pays with their yes.

    Returns the payment, if there is one: where it is to be approved, it says.

    Raises:
        MergerNotFound: it is not proposed to them.
        MergerClosed: it has been answered, or is over.
        RoomsDoNotFit: it is not possible any more.
        PriceChanged: it costs something else than was shown.
        ProviderUnknown: that provider is not switched on.
    """
    payment = record_merger_answer(
        merger_id=merger_id, by=by, accept=accept, provider=provider, method=method,
        at_most=at_most, now=now,
    )  # fmt: skip
    return pay_for_merger(payment_id=payment.pk, now=now) if payment is not None else None


@transaction.atomic
def record_merger_answer(
    *,
    merger_id: UUID,
    by: Member,
    accept: bool,
    provider: str = "",
    method: str = "",
    at_most: int | None = None,
    now: datetime,
) -> Payment | None:
    """Write a host's answer down; the payment of a yes is recorded and still to be sent.

    Raises:
        What :func:`answer_merger` does.
    """
    if not accept:
        rides.refuse_merger(merger_id=merger_id, by=by, now=now)
        return None
    merger, stays, goes = rides.lock_merger(merger_id)
    if by.pk not in {stays.host_id, goes.host_id}:
        raise MergerNotFound
    if merger.state != MergerState.PROPOSED or now >= merger.answer_by:
        raise MergerClosed
    if stays.host_id == by.pk:
        rides.agree_to_merger(merger_id=merger_id, by=by, now=now)
        merge_if_agreed(merger_id=merger_id, now=now)
        return None
    return _prepay(merger, stays, goes, provider=provider, method=method, at_most=at_most, now=now)


def _prepay(
    merger: RoomMerger,
    stays: Room,
    goes: Room,
    *,
    provider: str,
    method: str,
    at_most: int | None,
    now: datetime,
) -> Payment:
    """Record what the host who becomes a rider pays; its seat is the one they have."""
    get_provider(provider)
    seat = next(one for one in rides.seats_of(goes) if one.is_hosts)
    known = SeatPrice.objects.select_related("payment").filter(seat_id=seat.pk).first()
    if known is not None:
        raise MergerClosed  # answered before
    price = price_merger(stays, goes, now=now).price
    if price.at_most != at_most:
        raise PriceChanged
    payment = request_payment(
        organization_id=goes.organization_id,
        op_key=f"merger:{merger.pk}",
        provider=provider,
        method=method,
        trip_id=goes.pk,
        payer_id=seat.rider_id,
        amount=price.prepay,
        currency=price.currency,
        pay_by=merger.answer_by,
        now=now,
    )
    SeatPrice.objects.create(
        organization_id=goes.organization_id,
        seat_id=seat.pk,
        payment=payment,
        prepay=price.prepay,
        at_most=price.at_most,
        highest_fare=price.high,
        created_at=now,
    )
    return payment


def pay_for_merger(*, payment_id: UUID, now: datetime) -> Payment:
    """Ask the provider for it. Never inside a transaction; may run twice."""
    payment = send_intents(payment_id, now=now)
    if payment.captured:
        merger_paid(payment_id=payment.pk, now=now)
    return payment


@transaction.atomic
def merger_paid(*, payment_id: UUID, now: datetime) -> None:
    """Take a host's payment as their yes; if it is too late for that, it goes back."""
    seat = _hosts_seat(payment_id)
    if seat is None:
        return
    merger = find_merger_away(seat.room_id)
    if merger is not None and not _is_late(payment_id, now):
        with suppress(MergerClosed):
            rides.agree_to_merger(merger_id=merger.pk, by=seat.rider, now=now)
            merge_if_agreed(merger_id=merger.pk, now=now)
            return
    give_back(seat_id=seat.pk, now=now)


def merger_unpaid(*, payment_id: UUID, now: datetime) -> None:
    """Take a payment that was declined as a no: the rooms stay as they are."""
    seat = _hosts_seat(payment_id)
    merger = find_merger_away(seat.room_id) if seat is not None else None
    if merger is not None:
        rides.lapse_merger(merger_id=merger.pk, now=now)


def _is_late(payment_id: UUID, now: datetime) -> bool:
    payment = Payment.objects.get(pk=payment_id)
    return payment.is_late(payment.captured_at or now)


def _hosts_seat(payment_id: UUID) -> RoomSeat | None:
    """Return the seat of a host that a payment was for, None of other payments."""
    of_merger = Payment.objects.filter(pk=payment_id, op_key__startswith="merger:")
    price = SeatPrice.objects.filter(payment__in=of_merger).first()
    if price is None:
        return None
    seat = RoomSeat.objects.select_related("room", "rider").get(pk=price.seat_id)
    return seat if seat.is_hosts else None


@transaction.atomic
def merge_if_agreed(*, merger_id: UUID, now: datetime) -> bool:
    """Make the two rooms one once both hosts have agreed; tell whether they are.

    What does not fit any more lapses, and nothing has moved.
    """
    merger, stays, goes = rides.lock_merger(merger_id)
    if merger.state != MergerState.PROPOSED or not merger.is_agreed:
        return False
    try:
        with transaction.atomic():
            _check_price(merger, stays, goes, now)
            moved = rides.merge_rooms(merger_id=merger_id, now=now)
            _carry_over(stays, goes, moved, now)
    except DomainError:
        rides.lapse_merger(merger_id=merger_id, now=now)
        return False
    return True


def _check_price(merger: RoomMerger, stays: Room, goes: Room, now: datetime) -> None:
    """Look again whether anybody would pay more; the host's own payment is there by now.

    Raises:
        RoomsDoNotFit: somebody would, or somebody else is the host by now.
    """
    price_merger(stays, goes, now=now, has_paid=True)
    paid = Payment.objects.filter(op_key=f"merger:{merger.pk}", payer_id=goes.host_id)
    if not paid.filter(captured__gt=0).exists():
        raise RoomsDoNotFit


def _carry_over(stays: Room, goes: Room, moved: list[RoomSeat], now: datetime) -> None:
    """Move what each has prepaid from the one trip's escrow to the other's."""
    found = []
    for seat in moved:
        payments = payments_of(seat.pk, lock=True)
        for payment in payments:
            payment.trip_id = stays.pk
            payment.save(update_fields=["trip_id"])
        if payments:
            found.append(
                journals.carried_over(
                    seat=str(seat.pk),
                    before=str(goes.pk),
                    after=str(stays.pk),
                    rider=str(seat.rider_id),
                    amount=funded_by(captures_of(payments)),
                    currency=payments[0].currency,
                )
            )
    if carried := [one for one in found if one is not None]:
        post_journals(organization_id=stays.organization_id, journals=carried, now=now)


@transaction.atomic
def give_back_after_merger(*, merger_id: UUID, now: datetime) -> None:
    """Owe a host what they paid for a merging that came to nothing."""
    merger = get_merger(merger_id)
    seat = RoomSeat.objects.filter(room=merger.goes, rider=merger.goes.host_id).first()
    if seat is not None and merger.state != MergerState.MERGED:
        give_back(seat_id=seat.pk, now=now)
