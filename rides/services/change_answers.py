"""What riders say to a change of their ride, and what becomes of those who say nothing."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Member
from rides.errors import BookingNotFound, WrongState
from rides.models import Booking, CancelCode, ChangeQuestion, QuestionState
from rides.selectors import get_booking_for, get_ride_for
from rides.services.bookings import release_booking
from rides.services.questions import end_question, find_question


@transaction.atomic
def answer_change(*, booking_id: UUID, by: Member, agrees: bool, now: datetime) -> Booking:
    """Keep a seat in a ride that was changed, or give it back free of charge.

    Raises:
        BookingNotFound: it is not the rider's own.
        WrongState: nothing is asked (any more), or it is too late to answer.
    """
    ride = get_ride_for(by, get_booking_for(by, booking_id).ride_id, lock=True)
    booking = get_booking_for(by, booking_id, lock=True)
    booking.ride = ride
    if booking.rider_id != by.pk:
        raise BookingNotFound
    question = find_question(booking)
    if question is None or now >= question.answer_by:
        raise WrongState
    if agrees:
        end_question(question, QuestionState.AGREED, now=now)
    else:
        _give_up(booking, QuestionState.REFUSED, now)
    return booking


def lapse_question(question: ChangeQuestion, *, now: datetime) -> None:
    """Release the seat of who was silent until now; the booking's ride is locked."""
    booking = Booking.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=question.booking_id
    )
    booking.ride = question.booking.ride
    _give_up(booking, QuestionState.LAPSED, now)


def _give_up(booking: Booking, after: QuestionState, now: datetime) -> None:
    """Release a seat because the ride was changed: neither side has cancelled it."""
    with override(booking.ride.organization.language):
        reason = _("The ride was changed.")
    release_booking(
        booking,
        by=None,
        reason=reason,
        code=CancelCode.RIDE_CHANGED,
        now=now,
        question_ends=after,
    )
