"""Cancelling late: what counts, and what is waived."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.services import change_policies
from accounts.tests.factories import MemberFactory
from rides import services as rides
from rides.models import Booking, BookingMode, CancelCode
from rides.services import look_at_lateness
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def booked(cast, now, *, hours=24.0, rider=None, driver=None):
    return book(rider or cast.rider, offer(driver or cast.driver, now=now, hours=hours), now=now)


def cancel(booking, by, at, **said):
    rides.cancel_booking(booking_id=booking.pk, by=by, reason="", now=at, **said)
    return Booking.objects.get(pk=booking.pk)


def rules(cast, now, **values):
    change_policies(organization=cast.organization, values=values, by=None, now=now)
    for member in (cast.driver, cast.rider, cast.colleague):
        member.organization.refresh_from_db()


def test_until_twelve_hours_before_it_is_not_late(cast, now):
    booking = booked(cast, now)
    gone = cancel(booking, cast.rider, booking.pickup_at - 12 * HOUR - SECOND)
    assert (gone.is_late, gone.is_waived) == (False, False)


def test_from_twelve_hours_before_it_is_late_and_the_first_in_a_month_is_waived(cast, now):
    booking = booked(cast, now)
    gone = cancel(booking, cast.rider, booking.pickup_at - 12 * HOUR, code=CancelCode.ILL)
    assert (gone.is_late, gone.is_waived, gone.waived_nth) == (True, True, 1)
    assert (gone.cancelled_by, gone.cancel_code) == (cast.rider, "ill")


def test_shortly_after_booking_it_is_not_late(cast, now):
    booking = booked(cast, now, hours=3)
    half_an_hour = timedelta(minutes=30)
    assert not look_at_lateness(booking, by=cast.rider, now=now + half_an_hour - SECOND).is_late
    assert look_at_lateness(booking, by=cast.rider, now=now + half_an_hour).is_late


def test_the_second_in_a_month_is_not_waived(cast, now):
    first, second = booked(cast, now, hours=24), booked(cast, now, hours=26)
    at = first.pickup_at - HOUR
    if (
        at.astimezone(cast.organization.zone).month
        != (at + HOUR).astimezone(cast.organization.zone).month
    ):
        at -= HOUR
    assert cancel(first, cast.rider, at).is_waived
    later = cancel(second, cast.rider, at + SECOND)
    assert (later.is_late, later.is_waived) == (True, False)


@pytest.mark.parametrize(
    ("minutes", "waived"), [(-1, False), (0, True)], ids=["still November", "already December"]
)
def test_months_are_those_of_the_organizations_calendar(cast, minutes, waived):
    """In Santiago a month begins at three o'clock UTC in summer."""
    start = datetime(2026, 11, 30, 12, tzinfo=UTC)
    december = datetime(2026, 12, 1, 3, tzinfo=UTC)
    first = booked(cast, start, hours=14)
    assert cancel(first, cast.rider, first.pickup_at - HOUR).is_waived
    second = booked(cast, start, hours=20)
    gone = cancel(second, cast.rider, december + timedelta(minutes=minutes))
    assert (gone.is_late, gone.is_waived) == (True, waived)


def test_an_organization_may_waive_more_or_none(cast, now):
    rules(cast, now, late_waivers=0)
    booking = booked(cast, now)
    gone = cancel(booking, cast.rider, booking.pickup_at - HOUR)
    assert (gone.is_late, gone.is_waived) == (True, False)
    rules(cast, now, late_waivers=2, ride_free_before_s=7 * 86_400)
    for nth, hours in ((1, 30), (2, 33)):
        later = booked(cast, now, hours=hours)
        assert cancel(later, cast.rider, now + HOUR).waived_nth == nth


def test_a_seat_that_nobody_promised_is_never_late(cast, now):
    ride = offer(cast.driver, now=now, hours=3, booking_mode=BookingMode.CONFIRM)
    booking = book(cast.rider, ride, now=now)
    assert not cancel(booking, cast.rider, now + HOUR).is_late


def test_a_driver_is_late_for_everybody_and_has_no_waiver(cast, now):
    ride = offer(cast.driver, now=now, hours=24)
    for rider in (cast.rider, cast.colleague):
        book(rider, ride, now=now)
    at = ride.departure_at - HOUR
    rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", code=CancelCode.CAR, now=at)
    rows = ride.bookings.values_list("is_late", "waived_month", "cancel_code")
    assert list(rows) == [(True, None, "car")] * 2


def test_what_the_clock_takes_back_is_nobodys_fault(cast, now):
    ride = offer(cast.driver, now=now, hours=3, booking_mode=BookingMode.CONFIRM)
    booking = book(cast.rider, ride, now=now)
    rides.watch(now=booking.decide_by)
    booking.refresh_from_db()
    assert (booking.state, booking.is_late) == ("cancelled", False)


def test_looking_changes_nothing(cast, now):
    booking = booked(cast, now)
    at = booking.pickup_at - HOUR
    before = look_at_lateness(booking, by=cast.rider, now=at)
    assert before == look_at_lateness(booking, by=cast.rider, now=at)
    assert (before.is_waived, before.waivers) == (True, 1)
    gone = cancel(booking, cast.rider, at)
    assert gone.is_waived == before.is_waived


def test_a_clock_that_jumps_back_does_not_waive_twice(cast, now):
    rules(cast, now, ride_free_before_s=7 * 86_400)
    at = datetime(2027, 3, 10, 12, tzinfo=UTC)
    pair = [booked(cast, at - HOUR, hours=hours) for hours in (24, 27)]
    gone = [cancel(one, cast.rider, at + DAY * -n / 48) for n, one in enumerate(pair)]
    assert [(one.is_late, one.is_waived) for one in gone] == [(True, True), (True, False)]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_late_cancellations_at_once_are_not_both_the_first(cast, now):
    rules(cast, now, ride_free_before_s=7 * 86_400)
    other = MemberFactory(organization=cast.organization, car=True)
    pair = [booked(cast, now), booked(cast, now, hours=27, driver=other)]
    barrier = threading.Barrier(2)

    def act(booking):
        barrier.wait()
        try:
            cancel(booking, cast.rider, now + HOUR)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(booking,)) for booking in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gone = Booking.objects.filter(pk__in=[one.pk for one in pair])
    assert sorted(one.is_waived for one in gone) == [False, True]
    assert all(one.is_late for one in gone)
