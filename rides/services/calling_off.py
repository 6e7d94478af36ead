"""Withdrawing a ride, or putting another one in its place."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import Member
from rides.errors import NotTheDriver, PeopleAboard, WrongState
from rides.models import Booking, BookingState, DayState, QuestionState, RecurringDay, Ride
from rides.permissions import can_cancel_ride, is_driver
from rides.selectors import get_ride_for
from rides.services.lateness import CANCEL_FIELDS, note_cancelling
from rides.services.offers import OfferTerms, draft_ride, publish_ride
from rides.services.questions import drop_question
from rides.services.request_offers import close_offers_with
from rides.services.transitions import move_booking, refresh_ride


@transaction.atomic
def cancel_ride(*, ride_id: UUID, by: Member, reason: str, code: str = "", now: datetime) -> Ride:
    """Withdraw a ride before it leaves; everybody who booked is told ``reason``, nobody ``code``.

    Raises:
        RideNotFound, NotTheDriver: it is not theirs.
        WrongState: it has left, or was cancelled.
    """
    ride = get_ride_for(by, ride_id, lock=True)
    if not is_driver(by, ride):
        raise NotTheDriver
    if not can_cancel_ride(by, ride, now):
        raise WrongState
    call_off(ride, by=by, reason=reason, code=code, now=now)
    return ride


def call_off(ride: Ride, *, by: Member | None, reason: str, code: str = "", now: datetime) -> None:
    """Cancel a locked ride and whatever was booked; without ``by`` the clock did."""
    ride.cancelled_at, ride.cancel_reason = now, reason
    ride.save(update_fields=["cancelled_at", "cancel_reason"])
    for booking in Booking.objects.select_for_update().filter(ride=ride).active():
        booking.ride = ride
        note_cancelling(booking, by=by, reason=reason, code=code, now=now)
        move_booking(booking, BookingState.CANCELLED, now=now, actor=by, fields=CANCEL_FIELDS)
        drop_question(booking, QuestionState.OVERTAKEN, now=now)
    # Of a repeating ride this day stays cancelled.
    day = RecurringDay.objects.filter(Q(ride=ride) | Q(kept=ride))
    day.update(state=DayState.SKIPPED, ride=None, kept=None)
    close_offers_with(ride, now=now)
    refresh_ride(ride, now=now, actor=by)


@transaction.atomic
def replace_ride(*, ride_id: UUID, by: Member, terms: OfferTerms, now: datetime) -> Ride:
    """Offer a ride anew, on other terms, in place of one that nobody has booked.

    Raises:
        RideNotFound, NotTheDriver: it is not theirs.
        PeopleAboard: somebody counts on it as it is.
        WrongState: it has left, or was cancelled.
        As :func:`offer_ride`: a term makes no sense.
    """
    ride = get_ride_for(by, ride_id)
    if not is_driver(by, ride):
        raise NotTheDriver
    draft = draft_ride(driver=by, terms=terms, now=now)
    ride = get_ride_for(by, ride_id, lock=True)
    if ride.bookings.active().exists():
        raise PeopleAboard
    cancel_ride(ride_id=ride_id, by=by, reason="", now=now)
    publish_ride(draft, by=by, now=now)
    return draft.ride
