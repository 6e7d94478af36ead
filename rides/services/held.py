"""Bookings whose seat is kept while their rider pays, and those about which two do not agree."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from carpool.kernel import outbox
from carpool.kernel.money import Money
from rides.errors import BookingNotFound, WrongState
from rides.events import BookingDisputed
from rides.models import Booking, BookingMode, BookingOutcome, BookingState, Ride
from rides.services.cashier import PayBy, cashier
from rides.services.transitions import move_booking, refresh_ride

# Who is not there to pay, as others put the carpool together, pays until then.
PAID_BEFORE = timedelta(hours=1)


def hold_if_due(booking: Booking, price: Money | None, by: PayBy | None, now: datetime) -> None:
    """Note a new booking's price, and keep its seat only for a while if that has to be paid."""
    booking.price_minor = price.minor if price else None
    booking.currency = price.currency if price else ""
    if price is None or not price.minor or not cashier().is_due(booking.ride, booking.rider, price):
        return
    term = now + timedelta(seconds=booking.ride.organization.policy.ride_hold_s)
    if by is None or not by.is_there:
        term = max(term, booking.pickup_at - PAID_BEFORE)
    booking.state, booking.held_until = BookingState.HELD, min(term, booking.pickup_at)
    booking.decide_by, booking.next_check_at = None, booking.held_until


def first_state(ride: Ride, now: datetime) -> tuple[BookingState, datetime | None]:
    """Return what a booking that costs nothing more begins as, and until when it is decided."""
    if ride.booking_mode != BookingMode.CONFIRM:
        return BookingState.CONFIRMED, None
    within = timedelta(seconds=ride.organization.policy.confirm_within_s)
    return BookingState.WAITING_CONFIRMATION, min(now + within, ride.departure_at)


@transaction.atomic
def take_booking(*, booking_id: UUID, now: datetime) -> Booking:
    """Give a rider the seat that they have paid for. Twice changes nothing.

    Raises:
        WrongState: the seat was given away meanwhile, or the ride has left without them.
    """
    booking = lock_booking(booking_id)
    if booking.state == BookingState.CANCELLED:
        raise WrongState
    if booking.state != BookingState.HELD:
        return booking
    if now >= booking.pickup_at:  # the watcher is late; what it would have done is not undone
        raise WrongState
    after, decide_by = first_state(booking.ride, now)
    booking.decide_by = booking.next_check_at = decide_by
    move_booking(
        booking, after, now=now, actor=booking.rider, fields=["decide_by", "next_check_at"]
    )
    return booking


@transaction.atomic
def lock_booking(booking_id: UUID) -> Booking:
    """Lock a booking's ride, then the booking, for whoever moves money because of it.

    Raises:
        BookingNotFound: there is none.
    """
    ride_id = Booking.objects.filter(pk=booking_id).values_list("ride", flat=True).first()
    if ride_id is None:
        raise BookingNotFound
    rides = Ride.objects.select_for_update(no_key=True, of=("self",)).select_related("organization")
    ride = rides.get(pk=ride_id)
    own = Booking.objects.select_for_update(no_key=True, of=("self",)).select_related("rider")
    booking = own.get(pk=booking_id)
    booking.ride = ride
    return booking


def tell_of_dispute(booking: Booking, now: datetime) -> None:
    """Publish that both sides say the opposite of each other."""
    event = BookingDisputed(booking_id=booking.pk, ride_id=booking.ride_id, at=now)
    outbox.publish(event, now=now)


@transaction.atomic
def decide_booking(*, booking_id: UUID, took_place: bool, now: datetime) -> Booking:
    """Close a disputed booking, as a person decided.

    Raises:
        BookingNotFound: there is none.
        WrongState: it is not disputed (any more).
    """
    booking = lock_booking(booking_id)
    is_open = booking.state == BookingState.COMPLETED_PENDING_VALIDATION
    if not is_open or booking.outcome != BookingOutcome.DISPUTE:
        raise WrongState
    booking.outcome = BookingOutcome.PAY if took_place else BookingOutcome.RELEASE
    booking.next_check_at = None
    move_booking(
        booking, BookingState.VALIDATED, now=now, actor=None, fields=["outcome", "next_check_at"]
    )
    refresh_ride(booking.ride, now=now)
    return booking
