"""Asking riders for more: when the party has become smaller (R6), or the taxi was dearer (R10).

Without a yes nothing is taken. What an answer leads to follows from the fact that it was given:
handlers look at the party, or at the fare, anew.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel import outbox
from payments.engine import prepay
from payments.errors import NoTariff, TopUpClosed, TopUpNotFound
from payments.events import TopUpEnded
from payments.models import (
    TOP_UP_TRANSITIONS,
    LockedFare,
    Payment,
    SeatPrice,
    TopUp,
    TopUpReason,
    TopUpState,
)
from payments.models.fares import OPEN_TOP_UPS
from payments.selectors import quote_room, rules_of
from payments.services.intents import send_intents
from payments.services.payments import lock_payment, request_payment
from payments.services.providers import get_provider
from payments.services.seats import captures_of, funded_by, payments_of
from rides.errors import NotTheHost, WrongState
from rides.events import RoomMoneyChanged
from rides.models import Room, RoomSeat, RoomState
from rides.permissions import is_host
from rides.selectors import get_room, get_room_for

# So long a payment may take at least, however late the yes came.
_TIME_TO_PAY = timedelta(minutes=3)


@transaction.atomic
def look_at_party(*, room_id: UUID, now: datetime) -> LockedFare | None:
    """Write down what the fare will be at most for the party that is final, and ask for the rest.

    Nobody is asked any more once the taxi is called: then the host carries what is missing. May be
    called whenever the party has changed; returns None while people can still join.
    """
    room = get_room(room_id, lock=True)
    if room.locked_at is None or room.is_over:
        return None
    now = max(now, room.locked_at)  # an older fact may be told only now
    seats = list(room.seats.party().order_by("joined_at", "pk"))
    highest, currency = _highest_fare(room, seats)
    locked, _is_new = LockedFare.objects.update_or_create(
        room_id=room.pk,
        defaults={"highest_fare": highest},
        create_defaults={
            "organization_id": room.organization_id,
            "highest_fare": highest,
            "currency": currency,
            "created_at": now,
        },
    )
    if room.state_at(now) == RoomState.LOCKED:
        _ask_for_the_rest(room, seats, locked, now)
    return locked


def _highest_fare(room: Room, seats: list[RoomSeat]) -> tuple[int, str]:
    """Return the upper end of the estimate; of those people said yes to, where there is no more."""
    try:
        estimate = quote_room(room, seats)
    except NoTariff:
        agreed = SeatPrice.objects.filter(seat_id__in=[seat.pk for seat in seats])
        known = agreed.order_by("-highest_fare").select_related("payment").first()
        if known is None:
            raise
        return known.highest_fare, known.payment.currency
    return estimate.high, estimate.currency


def _ask_for_the_rest(room: Room, seats: list[RoomSeat], locked: LockedFare, now: datetime) -> None:
    riders = {str(seat.pk): seat for seat in seats if seat.rider_id != room.host_id}
    # Each is asked for an explicit yes, so what they agreed to when they joined is no limit here.
    joined = [
        prepay.Joined(key, funded_by(captures_of(payments_of(seat.pk))), locked.highest_fare)
        for key, seat in riders.items()
    ]
    lock = prepay.lock_room(
        locked.highest_fare, joined, rules=rules_of(room), host_absorbs=locked.host_absorbs
    )
    latest = max(room.departure_at, now + timedelta(minutes=1))
    answer_s = room.organization.policy.room_answer_s
    ask(
        room,
        {riders[key]: amount for key, amount in lock.top_ups},
        TopUpReason.LOCK,
        currency=locked.currency,
        answer_by=min(now + timedelta(seconds=answer_s), latest),
        now=now,
    )


def ask(
    room: Room,
    amounts: Mapping[RoomSeat, int],
    reason: TopUpReason,
    *,
    currency: str,
    answer_by: datetime,
    now: datetime,
) -> None:
    """Ask the riders of a locked room for these amounts, and take other questions back."""
    asked = TopUp.objects.select_for_update().filter(room_id=room.pk, state__in=OPEN_TOP_UPS)
    wanted = {seat.pk: (seat, amount) for seat, amount in amounts.items()}
    for one in asked:
        is_same = one.seat_id in wanted and wanted[one.seat_id][1] == one.amount
        if is_same or one.state == TopUpState.ACCEPTED:
            wanted.pop(one.seat_id, None)
        else:
            _end(one, TopUpState.WITHDRAWN, now)
    for seat, amount in wanted.values():
        TopUp.objects.create(
            organization_id=room.organization_id,
            room_id=room.pk,
            seat_id=seat.pk,
            rider_id=seat.rider_id,
            reason=reason,
            amount=amount,
            currency=currency,
            asked_at=now,
            answer_by=answer_by,
        )
        tell(room.pk, seat.rider_id, "top_up_asked", now)


def tell(room_id: UUID, member_id: UUID, what: str, now: datetime) -> None:
    """Publish that something about a room's money concerns somebody."""
    changed = RoomMoneyChanged(room_id=room_id, member_id=member_id, what=what, at=now)
    outbox.publish(changed, now=now)


def answer_top_up(
    *,
    top_up_id: UUID,
    by: Member,
    accept: bool,
    provider: str = "",
    method: str = "",
    now: datetime,
) -> TopUp:
    """Say yes, and pay, or no. Who says no to a larger part leaves free; to a dearer taxi, stays.

    Raises:
        TopUpNotFound: it is not theirs.
        TopUpClosed: it has been answered, or is needed no longer.
        ProviderUnknown: that provider is not switched on.
    """
    top_up = record_answer(
        top_up_id=top_up_id, by=by, accept=accept, provider=provider, method=method, now=now
    )
    if accept and top_up.payment_id is not None:
        pay_top_up(payment_id=top_up.payment_id, now=now)
        top_up.refresh_from_db()
    return top_up


@transaction.atomic
def record_answer(
    *,
    top_up_id: UUID,
    by: Member,
    accept: bool,
    provider: str = "",
    method: str = "",
    now: datetime,
) -> TopUp:
    """Write an answer down; after a yes the payment is recorded and still to be sent.

    Raises:
        What :func:`answer_top_up` does.
    """
    if accept:
        return _say_yes(top_up_id, by, provider, method, now)
    return _say_no(top_up_id, by, now)


def pay_top_up(*, payment_id: UUID, now: datetime) -> None:
    """Ask the provider for what somebody said yes to. Never inside a transaction; may run twice."""
    payment = send_intents(payment_id, now=now)
    if payment.captured:
        top_up_paid(payment_id=payment.pk, now=now)


def _say_no(top_up_id: UUID, by: Member, now: datetime) -> TopUp:
    top_up = _lock_asked(top_up_id, by, now)
    _end(top_up, TopUpState.REFUSED, now)
    return top_up


def _say_yes(top_up_id: UUID, by: Member, provider: str, method: str, now: datetime) -> TopUp:
    get_provider(provider)
    top_up = _lock_asked(top_up_id, by, now)
    top_up.attempts += 1
    top_up.payment = request_payment(
        organization_id=top_up.organization_id,
        op_key=f"top_up:{top_up.pk}:{top_up.attempts}",
        provider=provider,
        method=method,
        trip_id=top_up.room_id,
        payer_id=by.pk,
        amount=top_up.amount,
        currency=top_up.currency,
        pay_by=max(top_up.answer_by, now + _TIME_TO_PAY),
        now=now,
    )
    top_up.answer_by = top_up.payment.pay_by
    _move(top_up, TopUpState.ACCEPTED, ["attempts", "payment", "answer_by"])
    return top_up


def _lock_asked(top_up_id: UUID, by: Member, now: datetime) -> TopUp:
    top_up = TopUp.objects.select_for_update().filter(pk=top_up_id, rider_id=by.pk).first()
    if top_up is None:
        raise TopUpNotFound
    if top_up.state != TopUpState.ASKED or now >= top_up.answer_by:
        raise TopUpClosed
    return top_up


@transaction.atomic
def top_up_paid(*, payment_id: UUID, now: datetime) -> None:
    """Write down that a top-up came in; if the seat is gone, it goes back as the rest did."""
    top_up = TopUp.objects.select_for_update().filter(payment=payment_id).first()
    if top_up is not None and top_up.state == TopUpState.ACCEPTED:
        _end(top_up, TopUpState.PAID, now)


@transaction.atomic
def top_up_unpaid(*, payment_id: UUID, now: datetime) -> None:
    """Ask again after a payment that was declined, while there is time."""
    top_up = TopUp.objects.select_for_update().filter(payment=payment_id).first()
    if top_up is None or top_up.state != TopUpState.ACCEPTED:
        return
    if now < top_up.answer_by:
        _move(top_up, TopUpState.ASKED)
        tell(top_up.room_id, top_up.rider_id, "top_up_declined", now)
    else:
        _end(top_up, TopUpState.EXPIRED, now)


def expire_top_ups(*, now: datetime, limit: int = 200) -> int:
    """End what nobody has answered, or paid, in time; return how many."""
    due = TopUp.objects.filter(state__in=OPEN_TOP_UPS, answer_by__lte=now)
    keys = list(due.order_by("answer_by").values_list("pk", flat=True)[:limit])
    return sum(_expire(pk, now) for pk in keys)


@transaction.atomic
def _expire(top_up_id: UUID, now: datetime) -> bool:
    waiting = TopUp.objects.select_for_update(skip_locked=True, of=("self",))
    top_up = waiting.filter(pk=top_up_id, state__in=OPEN_TOP_UPS, answer_by__lte=now).first()
    if top_up is None:
        return False
    is_paid = top_up.payment_id is not None and _is_paid(lock_payment(top_up.payment_id))
    is_right = is_paid and top_up.state == TopUpState.ACCEPTED
    _end(top_up, TopUpState.PAID if is_right else TopUpState.EXPIRED, now)
    return True


def _is_paid(payment: Payment) -> bool:
    return bool(captures_of([payment]))


@transaction.atomic
def absorb(*, room_id: UUID, by: Member, now: datetime) -> LockedFare:
    """Let the host carry what a smaller party has not prepaid: nobody is asked any more (R6).

    Raises:
        RoomNotFound, NotTheHost: it is not theirs.
        WrongState: the party is not final, or the taxi is called.
    """
    room = get_room_for(by, room_id, lock=True)
    if not is_host(by, room):
        raise NotTheHost
    if room.state_at(now) != RoomState.LOCKED or room.locked_at is None:
        raise WrongState
    LockedFare.objects.filter(room_id=room.pk).update(host_absorbs=True)
    locked = look_at_party(room_id=room.pk, now=now)
    if locked is None or not locked.host_absorbs:
        raise WrongState
    return locked


def _end(top_up: TopUp, after: TopUpState, now: datetime) -> None:
    _move(top_up, after)
    outbox.publish(TopUpEnded(top_up.pk, top_up.room_id, after, now), now=now)
    tell(top_up.room_id, top_up.rider_id, f"top_up_{after}", now)


def _move(top_up: TopUp, after: TopUpState, fields: list[str] | None = None) -> None:
    if after not in TOP_UP_TRANSITIONS[TopUpState(top_up.state)]:
        raise TopUpClosed
    top_up.state = after
    top_up.save(update_fields=["state", *(fields or [])])
