"""Did it take place? Both sides answer; the answers decide."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from rides.errors import AnswerIsFinal, WrongState
from rides.models import Booking, BookingOutcome, BookingState
from rides.permissions import can_answer, can_mark_missing, is_driver
from rides.selectors import get_booking_for, get_ride_for
from rides.services.held import tell_of_dispute
from rides.services.transitions import move_booking, refresh_ride


@transaction.atomic
def answer_validation(*, booking_id: UUID, by: Member, took_place: bool, now: datetime) -> Booking:
    """Record what one side says of a ride that is over.

    An answer may be changed only to one's own disadvantage: a driver may take back "it took
    place", a rider may take back "it did not".

    Raises:
        BookingNotFound: neither rider nor driver.
        WrongState: the ride is not over yet, or it is settled.
        AnswerIsFinal: the change would be to one's own advantage.
    """
    ride = get_ride_for(by, get_booking_for(by, booking_id).ride_id, lock=True)
    booking = get_booking_for(by, booking_id, lock=True)
    booking.ride = ride
    if not can_answer(by, booking):
        raise WrongState
    side, to_own_disadvantage = (
        ("driver_answer", False) if is_driver(by, ride) else ("rider_answer", True)
    )
    said = getattr(booking, side)
    changed_mind = said is not None and said is not took_place
    if changed_mind and took_place is not to_own_disadvantage:
        raise AnswerIsFinal
    setattr(booking, side, took_place)
    booking.save(update_fields=[side])
    settle(booking, now=now, actor=by)
    return booking


@transaction.atomic
def mark_missing(*, booking_id: UUID, by: Member, now: datetime) -> Booking:
    """Note that a rider was not there: the driver came, waited, and kept the seat free.

    It counts as the driver's yes. If the rider says that it was not so, a person decides.

    Raises:
        BookingNotFound: it is not in a ride of theirs.
        WrongState: too early, or it has been answered.
    """
    ride = get_ride_for(by, get_booking_for(by, booking_id).ride_id, lock=True)
    booking = get_booking_for(by, booking_id, lock=True)
    booking.ride = ride
    if not can_mark_missing(by, booking, now):
        raise WrongState
    booking.missed_at, booking.driver_answer = now, True
    booking.save(update_fields=["missed_at", "driver_answer"])
    if booking.state == BookingState.COMPLETED_PENDING_VALIDATION:
        settle(booking, now=now, actor=by)
    return booking


def settle(booking: Booking, *, now: datetime, actor: Member | None) -> bool:
    """Close a locked booking whose answers decide it; tell whether they do.

    A dispute stays open until one side gives in or a person decides. Where no price waits for that,
    nobody may ever look at it: then silence decides for the rider.
    """
    outcome = booking.decided_outcome(now)
    if outcome == BookingOutcome.DISPUTE != booking.outcome:
        tell_of_dispute(booking, now)
    booking.outcome = outcome
    if outcome in {BookingOutcome.UNDECIDED, BookingOutcome.DISPUTE}:
        if outcome == BookingOutcome.DISPUTE:
            booking.next_check_at = booking.dispute_ends_at
        booking.save(update_fields=["outcome", "next_check_at"])
        return False
    booking.next_check_at = None
    move_booking(
        booking,
        BookingState.VALIDATED,
        now=now,
        actor=actor,
        fields=["outcome", "next_check_at"],
    )
    refresh_ride(booking.ride, now=now, actor=actor)
    return True
