"""What the machine in test_life found: whatever came late, or in another order, ends the same."""

from datetime import timedelta

import pytest

from carpool.kernel import clock
from chat.handlers import notify_of_booking, notify_of_ride
from chat.models import Kind, Notification
from rides import services as rides
from rides.errors import WrongState
from rides.events import BookingStateChanged, RideStateChanged
from rides.models import Booking, BookingMode, BookingOutcome, BookingState, StopKind
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def over(cast, now):
    """A booking whose ride is over, and when both sides were asked."""
    booking = book(cast.rider, offer(cast.driver, now=now), now=now)
    at = Booking.objects.select_related("ride").get(pk=booking.pk).ride.validating_at
    rides.watch(now=at)
    return booking, at


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


@pytest.mark.parametrize(("rider", "outcome"), [(True, "pay"), (False, "dispute")])
def test_a_rider_who_has_answered_waits_for_nothing_once_they_are_called_missing(
    cast, over, rider, outcome
):
    booking, at = over
    rides.answer_validation(booking_id=booking.pk, by=cast.rider, took_place=rider, now=at)
    rides.mark_missing(booking_id=booking.pk, by=cast.driver, now=at)
    assert fresh(booking).outcome == outcome


def test_a_yes_after_the_deadline_is_too_late_even_if_nobody_has_looked(cast, now):
    ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
    booking = book(cast.rider, ride, now=now)
    told = {"booking_id": booking.pk, "by": cast.driver}
    with pytest.raises(WrongState):
        rides.confirm_booking(**told, now=booking.decide_by)
    assert rides.confirm_booking(**told, now=booking.decide_by - MINUTE).state == "confirmed"


def test_nobody_gives_back_a_seat_in_which_they_sit(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    at = ride.departure_at - 10 * MINUTE
    rides.start_ride(ride_id=ride.pk, by=cast.driver, now=at)
    stop = booking.stops.get(kind=StopKind.PICKUP)
    rides.visit_stop(ride_id=ride.pk, stop_id=stop.pk, by=cast.driver, now=at)
    for by in (cast.rider, cast.driver):
        with pytest.raises(WrongState):
            rides.cancel_booking(booking_id=booking.pk, by=by, reason="", now=at)


def test_a_payment_that_is_heard_of_after_the_pick_up_buys_no_seat(cast, now):
    booking = book(cast.rider, offer(cast.driver, now=now), now=now)
    held = {"state": BookingState.HELD, "held_until": booking.pickup_at}
    Booking.objects.filter(pk=booking.pk).update(**held, next_check_at=booking.pickup_at)
    with pytest.raises(WrongState):
        rides.take_booking(booking_id=booking.pk, now=booking.pickup_at)
    at = booking.pickup_at - MINUTE
    assert rides.take_booking(booking_id=booking.pk, now=at).state == BookingState.CONFIRMED


def test_a_dispute_about_a_free_seat_does_not_stay_for_ever(cast, over):
    booking, at = over
    for by, yes in ((cast.driver, True), (cast.rider, False)):
        rides.answer_validation(booking_id=booking.pk, by=by, took_place=yes, now=at)
    ends_at = Booking.objects.select_related("ride").get(pk=booking.pk).dispute_ends_at
    rides.watch(now=ends_at - MINUTE)
    assert fresh(booking).outcome == BookingOutcome.DISPUTE
    rides.watch(now=ends_at)
    assert (fresh(booking).state, fresh(booking).outcome) == ("validated", "release")


def test_a_dispute_about_a_paid_seat_waits_for_whoever_decides_about_the_price(cast, over):
    booking, at = over
    Booking.objects.filter(pk=booking.pk).update(held_until=at)
    for by, yes in ((cast.driver, True), (cast.rider, False)):
        rides.answer_validation(booking_id=booking.pk, by=by, took_place=yes, now=at)
    rides.watch(now=at + 60 * DAY)
    assert fresh(booking).outcome == BookingOutcome.DISPUTE


class TestStaleNews:
    """News of what is to be done is none once it is done, or over."""

    def test_a_question_that_was_answered_is_not_asked(self, cast, now):
        ride = offer(cast.driver, now=now, booking_mode=BookingMode.CONFIRM)
        booking = book(cast.rider, ride, now=now)
        rides.confirm_booking(booking_id=booking.pk, by=cast.driver, now=now)
        event = BookingStateChanged(booking.pk, ride.pk, "", "waiting_confirmation", now)
        notify_of_booking(event)
        assert not Notification.objects.filter(kind=Kind.BOOKING_REQUESTED).exists()

    def test_nobody_hears_of_a_departure_that_is_past(self, cast, now, monkeypatch):
        ride = offer(cast.driver, now=now)
        book(cast.rider, ride, now=now)
        event = RideStateChanged(ride.pk, "scheduled", "departing", now)
        monkeypatch.setattr(clock, "now", lambda: ride.departure_at)
        notify_of_ride(event)
        assert not Notification.objects.filter(kind=Kind.RIDE_DEPARTING).exists()
        monkeypatch.setattr(clock, "now", lambda: ride.departure_at - MINUTE)
        notify_of_ride(event)
        assert Notification.objects.filter(kind=Kind.RIDE_DEPARTING).count() == 2
