"""The price of a seat in a planned ride: asked for when booking, kept, and given to whom it is due.

Booking is three steps, as joining a room is: the booking and its payment are recorded in one
transaction; the provider is asked, outside of any; what it says makes the booking certain, or
leaves it to another try. What becomes of the price later follows from the booking's own facts, once
rides has told that there are any. So everything here may run twice.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from carpool.kernel import outbox
from carpool.kernel.money import Money
from payments.engine import journals
from payments.engine.rules import DisputeRules
from payments.engine.seats import SeatFacts, end_seat
from payments.errors import DisputeClosed, RideFareNotFound, SeatPaid, SponsorPaysLess
from payments.events import PaymentCaptured
from payments.models import RIDE_FARE_TRANSITIONS, SPONSOR, Payment, RideFare, RideFareState
from payments.models.payments import PENDING_STATES
from payments.models.ride_fares import KEPT_STATES
from payments.selectors import is_prepaid, rules_of_ride
from payments.selectors.ride_fares import split_back
from payments.services.intents import send_intents
from payments.services.ledger import close_trip, post_journals
from payments.services.payments import request_payment
from payments.services.providers import get_provider
from payments.services.seats import captures_of, funded_by, paid_in_time
from payments.services.sponsors import sponsor_booking
from rides import services as rides
from rides.errors import BookingNotFound, WrongState
from rides.events import RideMoneyChanged
from rides.models import Booking, BookingOutcome, BookingState, Ride
from rides.services import PayBy


class RideCashier:
    """How rides asks for money; see :class:`rides.services.cashier.Cashier`."""

    def is_due(self, ride: Ride, rider: Member, price: Money) -> bool:
        """Tell whether a seat is prepaid: the organization wants it, and the law lets it."""
        return is_prepaid(ride, rider, price)

    def ask(self, booking: Booking, by: PayBy | None, *, now: datetime) -> None:
        """Record the price of a held booking, and the payment where a way was chosen."""
        assert booking.price_minor is not None
        assert booking.held_until is not None
        given = sponsor_booking(
            booking=booking, price=booking.price_minor, currency=booking.currency, now=now
        )
        part = given.amount if given else 0
        if by is not None and part < by.sponsored:
            raise SponsorPaysLess
        fare = RideFare.objects.create(
            organization_id=booking.ride.organization_id,
            booking_id=booking.pk,
            ride_id=booking.ride_id,
            rider_id=booking.rider_id,
            driver_id=booking.ride.driver_id,
            amount=booking.price_minor,
            sponsored=part,
            currency=booking.currency,
            asked_at=now,
            pay_by=booking.held_until,
        )
        if given is not None and not fare.own:
            outbox.publish(PaymentCaptured(given.pk, booking.pk, given.payer_id, now), now=now)
        elif by is not None:
            _request(fare, by, now)
        if fare.own and (by is None or _has_to_come_back(by)):
            tell(fare, fare.rider_id, "pay_asked", now)

    def collect(self, booking_id: UUID, *, now: datetime) -> str:
        """Ask the provider for what a booking costs; return where the rider approves it."""
        fare = RideFare.objects.filter(booking_id=booking_id).first()
        if fare is not None and not fare.own:
            price_paid(payment_id=_granted(fare).pk, now=now)
        if fare is None or fare.payment_id is None:
            return ""
        payment = send_price(payment_id=fare.payment_id, now=now)
        return "" if payment.captured else payment.pay_at


def _has_to_come_back(by: PayBy) -> bool:
    """Tell whether somebody who is not there has to approve a payment at its provider."""
    return not by.is_there and get_provider(by.provider).asks_payer


def _request(fare: RideFare, by: PayBy, now: datetime) -> Payment:
    fare.attempts += 1
    fare.payment = request_payment(
        organization_id=fare.organization_id,
        op_key=f"ride:{fare.booking_id}:{fare.attempts}",
        provider=by.provider,
        method=by.method,
        trip_id=fare.booking_id,
        payer_id=fare.rider_id,
        amount=fare.own,
        currency=fare.currency,
        pay_by=fare.pay_by,
        now=now,
    )
    fare.save(update_fields=["attempts", "payment"])
    return fare.payment


def pay_for_booking(*, booking_id: UUID, by: Member, way: PayBy, now: datetime) -> Payment:
    """Pay for a seat that is held: chosen later, or once more after a payment was declined.

    Never inside a transaction. While a payment is under way, that one is returned.

    Raises:
        RideFareNotFound: the member has no such booking, or it costs nothing.
        SeatPaid: it is paid already, or the seat is not held any more.
        ProviderUnknown: that provider is not switched on.
    """
    payment = _ask_again(booking_id, by, way, now)
    return send_price(payment_id=payment.pk, now=now)


@transaction.atomic
def _ask_again(booking_id: UUID, by: Member, way: PayBy, now: datetime) -> Payment:
    fare = lock_fare(booking_id)
    if fare is None or fare.rider_id != by.pk:
        raise RideFareNotFound
    if fare.state != RideFareState.ASKED or now >= fare.pay_by or not fare.own:
        raise SeatPaid
    known = fare.payment
    if known is not None and (
        known.captured or known.intents.filter(state__in=PENDING_STATES).exists()
        or known.waits_for_payer
    ):  # fmt: skip
        return known
    return _request(fare, way, now)


def send_price(*, payment_id: UUID, now: datetime) -> Payment:
    """Ask the provider for a recorded payment; whoever has paid has the seat."""
    payment = send_intents(payment_id, now=now)
    if payment.captured:
        price_paid(payment_id=payment.pk, now=now)
    return payment


@transaction.atomic
def price_paid(*, payment_id: UUID, now: datetime) -> None:
    """Make a booking certain whose price came in time; if it is gone, give the money back."""
    payment = Payment.objects.get(pk=payment_id)
    if not captures_of([payment]):
        return
    try:
        booking = rides.lock_booking(payment.trip_id)
    except BookingNotFound:
        return
    fare = lock_fare(booking.pk)
    if fare is None or fare.state not in {RideFareState.ASKED, RideFareState.LAPSED}:
        return
    paid = _paid(fare)
    fare.paid_at = now
    move_fare(fare, RideFareState.HELD, ["paid_at"])
    try:
        rides.take_booking(booking_id=booking.pk, now=now)
    except WrongState:
        _settle(fare, booking, paid, now)
        return
    for person in (fare.rider_id, fare.driver_id):
        tell(fare, person, "paid", now)


def price_unpaid(*, payment_id: UUID, now: datetime) -> None:
    """Tell a rider that a payment did not come; they may try another way while there is time."""
    fare = RideFare.objects.filter(payment=payment_id, state=RideFareState.ASKED).first()
    if fare is not None:
        tell(fare, fare.rider_id, "declined", now)


@transaction.atomic
def settle_booking(*, booking_id: UUID, now: datetime) -> RideFare | None:
    """Give a seat's price to whom it is due, once its booking has ended; None if nothing moved."""
    try:
        booking = rides.lock_booking(booking_id)
    except BookingNotFound:
        return None
    fare = lock_fare(booking_id)
    if fare is None:
        return None
    if fare.state == RideFareState.ASKED and booking.state == BookingState.CANCELLED:
        return _lapse(fare, now)
    if fare.state not in KEPT_STATES or not _has_ended(booking):
        return None
    return _settle(fare, booking, _paid(fare), now)


def _lapse(fare: RideFare, now: datetime) -> RideFare:
    """Note that a seat was never paid; what its rider's organization paid goes back."""
    journal = journals.seat_lapsed(
        trip=str(fare.booking_id),
        rider=str(fare.rider_id),
        currency=fare.currency,
        captures=captures_of([_granted(fare)] if fare.sponsored else []),
    )
    if journal is not None:
        post_journals(organization_id=fare.organization_id, journals=[journal], now=now)
    move_fare(fare, RideFareState.LAPSED)
    tell(fare, fare.rider_id, "lapsed", now)
    return fare


def _granted(fare: RideFare) -> Payment:
    """Return what the rider's organization has paid."""
    return Payment.objects.get(grant__seat_id=fare.booking_id)


def _paid(fare: RideFare) -> list[Payment]:
    """Lock what was paid for a seat: of one that lapsed, by its rider only."""
    paid = Payment.objects.select_for_update().filter(trip_id=fare.booking_id).order_by("pk")
    if fare.state == RideFareState.LAPSED:
        paid = paid.exclude(provider=SPONSOR)
    return list(paid)


def _has_ended(booking: Booking) -> bool:
    return booking.state in {BookingState.CANCELLED, BookingState.VALIDATED}


def _settle(fare: RideFare, booking: Booking, paid: list[Payment], now: datetime) -> RideFare:
    captures = paid_in_time(paid)
    end, split = end_seat(facts_of(fare, booking), rules_of_ride(booking.ride.organization))
    gone = fare.amount - funded_by(captures)  # what went back to the sponsor when it lapsed
    assert gone in {0, fare.sponsored}
    journal = journals.seat_settled(
        trip=str(booking.pk),
        rider=str(fare.rider_id),
        driver=str(fare.driver_id),
        to_driver=split.to_driver,
        back=split.back - gone,
        currency=fare.currency,
        captures=captures,
        charged_back={str(one.pk): one.charged_back for one in paid if one.charged_back},
        kind=end,
    )
    if journal is not None:  # else all of it went back by the rider's bank
        post_journals(organization_id=fare.organization_id, journals=[journal], now=now)
    close_trip(organization_id=fare.organization_id, trip_id=booking.pk, now=now)
    fare.end, fare.to_driver, fare.back, fare.ended_at = end, split.to_driver, split.back, now
    fare.back_to_sponsor = split_back(fare, split.back)[1]
    move_fare(fare, _state_of(fare), ["end", "to_driver", "back", "back_to_sponsor", "ended_at"])
    for person in (fare.rider_id, fare.driver_id):
        tell(fare, person, end, now)
    return fare


def _state_of(fare: RideFare) -> RideFareState:
    if not fare.back:
        return RideFareState.RELEASED
    return RideFareState.SPLIT if fare.to_driver else RideFareState.REFUNDED


def facts_of(fare: RideFare, booking: Booking) -> SeatFacts:
    """Return what is known of a seat that has ended."""
    promised = booking.transitions.filter(after=BookingState.CONFIRMED).exists()
    return SeatFacts(
        price=fare.amount,
        booked_at=fare.asked_at,
        departs_at=booking.pickup_at,
        left_at=booking.cancelled_at,
        left_by_rider=booking.cancelled_by_id == fare.rider_id,
        was_promised=promised,
        is_waived=booking.is_waived,
        took_place=booking.outcome == BookingOutcome.PAY,
        was_missed=booking.missed_at is not None,
    )


@transaction.atomic
def dispute_price(*, booking_id: UUID, now: datetime) -> RideFare | None:
    """Keep a price until somebody has decided: both sides say the opposite (R11)."""
    booking = rides.lock_booking(booking_id)
    fare = lock_fare(booking_id)
    is_open = booking.outcome == BookingOutcome.DISPUTE and not _has_ended(booking)
    if fare is None or fare.state != RideFareState.HELD or not is_open:
        return None
    fare.disputed_at = now
    fare.decide_by = now + timedelta(seconds=DisputeRules().decide_within_s)
    move_fare(fare, RideFareState.DISPUTED, ["disputed_at", "decide_by"])
    for person in (fare.rider_id, fare.driver_id):
        tell(fare, person, "disputed", now)
    return fare


@transaction.atomic
def decide_price(
    *, fare_id: UUID, by: Member | None, for_rider: bool, why: str, now: datetime
) -> RideFare:
    """Decide whether a disputed ride took place, once; its price follows.

    ``by`` is nobody where the clock decides.

    Raises:
        DisputeClosed: there is none, or it has been decided, or one of the two has given in.
    """
    known = RideFare.objects.filter(pk=fare_id).first()
    if known is None:
        raise DisputeClosed
    try:
        booking = rides.decide_booking(
            booking_id=known.booking_id, took_place=not for_rider, now=now
        )
    except (BookingNotFound, WrongState) as error:
        raise DisputeClosed from error
    fare = lock_fare(known.booking_id)
    if fare is None or fare.state != RideFareState.DISPUTED:
        raise DisputeClosed
    fare.decided_at, fare.why = now, why
    fare.decided_by_id = by.pk if by is not None else None
    fare.save(update_fields=["decided_at", "why", "decided_by_id"])
    return _settle(fare, booking, _paid(fare), now)


def decide_prices_by_silence(*, now: datetime, limit: int = 100) -> int:
    """Decide small disputes for the rider when nobody has in time; large ones wait for a person."""
    due = RideFare.objects.filter(
        state=RideFareState.DISPUTED, decide_by__lte=now, amount__lte=DisputeRules().default_up_to
    )
    keys = list(due.order_by("decide_by").values_list("pk", flat=True)[:limit])
    decided = 0
    for pk in keys:
        try:
            decide_price(fare_id=pk, by=None, for_rider=True, why="No decision in time.", now=now)
        except DisputeClosed:
            continue  # one of the two gave in just now
        decided += 1
    return decided


def tell(fare: RideFare, member_id: UUID, what: str, now: datetime) -> None:
    """Publish that something about a seat's price concerns somebody."""
    event = RideMoneyChanged(
        booking_id=fare.booking_id, ride_id=fare.ride_id, member_id=member_id, what=what, at=now
    )
    outbox.publish(event, now=now)


def lock_fare(booking_id: UUID) -> RideFare | None:
    """Return the price of a seat, locked; None when it costs nothing."""
    rows = RideFare.objects.select_for_update(of=("self",)).select_related("payment")
    return rows.filter(booking_id=booking_id).first()


def move_fare(fare: RideFare, after: RideFareState, fields: list[str] | None = None) -> None:
    """Move a locked price on; ``fields`` are the other columns that changed with it.

    Raises:
        WrongState: the table forbids it.
    """
    if after not in RIDE_FARE_TRANSITIONS[RideFareState(fare.state)]:
        raise WrongState
    fare.state = after
    fare.save(update_fields=["state", *(fields or [])])
