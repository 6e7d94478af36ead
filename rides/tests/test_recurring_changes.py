"""What a change of a repeating ride does to its days, and what it leaves alone."""

from datetime import date, time, timedelta

import pytest
import time_machine

from carpool.kernel.errors import DomainError
from rides import services as rides
from rides.errors import (
    NoSuchDay,
    NotTheDriver,
    PeopleAboard,
    RecurringRideNotFound,
)
from rides.models import Booking, BookingState, DayState, RecurringRide, Ride
from rides.selectors import list_days
from rides.selectors.personal import export_rides
from rides.services.forgetting import erase_rides
from rides.tests.factories import book, terms
from rides.tests.recurring import NOW, TODAY, begin, days_of, repeat

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture(autouse=True)
def _at_that_time():
    """Search asks the clock itself."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def booked(cast):
    """A repeating ride of which Wednesday of the next week is booked."""
    recurring = begin(cast.driver)
    ride = recurring.days.get(date=date(2026, 6, 10)).ride
    return recurring, book(cast.rider, ride, now=NOW)


def test_a_change_leaves_what_is_booked_and_moves_all_others(cast, booked):
    recurring, booking = booked
    before = {f: getattr(booking.ride, f) for f in ("departure_at", "arrival_at", "cancelled_at")}
    new = repeat(cast.driver, wall_time=time(9), first_date=date(2026, 6, 8))
    changed = rides.change_recurring_ride(
        recurring_id=recurring.pk, by=cast.driver, terms=new, now=NOW
    )
    ride = Ride.objects.get(pk=booking.ride_id)
    assert {f: getattr(ride, f) for f in before} == before
    assert Booking.objects.get().state == BookingState.CONFIRMED
    assert not hasattr(ride, "recurring_day")
    assert days_of(changed)[date(2026, 6, 10)] == DayState.BOOKED
    recurring.refresh_from_db()
    assert (recurring.last_date, recurring.ended_at) == (date(2026, 6, 7), None)
    assert list(days_of(recurring)) == [TODAY + timedelta(days=n) for n in range(5)]
    going = Ride.objects.filter(cancelled_at=None, departure_at__gte=NOW + timedelta(days=6))
    walls = {r.departure_at.astimezone(recurring.zone).time() for r in going.exclude(pk=ride.pk)}
    assert walls == {time(9)}
    assert going.count() == 36


def test_a_change_of_all_days_ends_the_old_pattern(cast, booked):
    recurring, _booking = booked
    changed = rides.change_recurring_ride(
        recurring_id=recurring.pk,
        by=cast.driver,
        terms=repeat(cast.driver, wall_time=time(7, 30), weekdays=frozenset({0, 2})),
        now=NOW,
    )
    recurring.refresh_from_db()
    assert recurring.ended_at == NOW
    assert set(changed.days.values_list("state", flat=True)) == {"offered", "booked"}
    assert Ride.objects.filter(cancelled_at=None).count() == changed.days.count()


def test_what_is_booked_stays_also_after_a_second_change(cast, booked):
    recurring, booking = booked
    for hour in (12, 15):
        terms = repeat(cast.driver, wall_time=time(hour), first_date=date(2026, 6, 8))
        recurring = rides.change_recurring_ride(
            recurring_id=recurring.pk, by=cast.driver, terms=terms, now=NOW
        )
    day = recurring.days.get(date=date(2026, 6, 10))
    assert (day.state, day.kept_id) == (DayState.BOOKED, booking.ride_id)
    (view,) = [one for one in list_days(recurring, now=NOW) if one.stays]
    assert (view.ride_id, view.seats_taken, view.date) == (booking.ride_id, 1, day.date)
    rides.cancel_ride(ride_id=booking.ride_id, by=cast.driver, reason="", now=NOW)
    assert days_of(recurring)[date(2026, 6, 10)] == DayState.SKIPPED, "it can be taken back"


def test_days_left_out_stay_left_out_after_a_change(cast):
    recurring = begin(cast.driver)
    day = date(2026, 6, 12)
    rides.leave_out_days(
        recurring_id=recurring.pk, by=cast.driver, first=day, last=day, reason="", now=NOW
    )
    changed = rides.change_recurring_ride(
        recurring_id=recurring.pk, by=cast.driver,
        terms=repeat(cast.driver, wall_time=time(7)), now=NOW,
    )  # fmt: skip
    assert days_of(changed)[day] == DayState.SKIPPED


def test_a_change_that_makes_no_sense_changes_nothing(cast, booked):
    recurring, _booking = booked
    count = Ride.objects.filter(cancelled_at=None).count()
    with pytest.raises(DomainError):
        rides.change_recurring_ride(
            recurring_id=recurring.pk, by=cast.driver,
            terms=repeat(cast.driver, weekdays=frozenset()), now=NOW,
        )  # fmt: skip
    assert Ride.objects.filter(cancelled_at=None).count() == count


def test_one_day_may_be_changed_unless_somebody_booked_it(cast, booked):
    recurring, booking = booked
    ride = recurring.days.get(date=date(2026, 6, 11)).ride
    later = ride.departure_at + timedelta(hours=1)
    new = rides.replace_ride(
        ride_id=ride.pk, by=cast.driver, terms=terms(cast.driver, departure_at=later), now=NOW
    )
    ride.refresh_from_db()
    assert (ride.cancelled_at, new.departure_at) == (NOW, later)
    assert days_of(recurring)[date(2026, 6, 11)] == DayState.SKIPPED
    RecurringRide.objects.update(next_check_at=NOW)
    assert rides.generate_due(now=NOW) == 0
    with pytest.raises(PeopleAboard):
        rides.replace_ride(
            ride_id=booking.ride_id, by=cast.driver,
            terms=terms(cast.driver, departure_at=later), now=NOW,
        )  # fmt: skip
    with pytest.raises(NotTheDriver):
        rides.replace_ride(
            ride_id=new.pk, by=cast.colleague, terms=terms(cast.driver, departure_at=later), now=NOW
        )


def test_ending_cancels_the_days_ahead_and_tells_who_booked(cast, booked):
    recurring, booking = booked
    rides.end_recurring_ride(
        recurring_id=recurring.pk, by=cast.driver, from_date=date(2026, 6, 9), reason="New job",
        now=NOW,
    )  # fmt: skip
    booking.refresh_from_db()
    assert booking.state == BookingState.CANCELLED
    assert Ride.objects.get(pk=booking.ride_id).cancel_reason == "New job"
    assert Ride.objects.filter(cancelled_at=None).count() == 6
    RecurringRide.objects.update(next_check_at=NOW)
    assert rides.generate_due(now=NOW) == 0


def test_days_are_left_out_and_taken_back(cast, booked):
    recurring, booking = booked
    first, last = date(2026, 6, 8), date(2026, 9, 11)
    count = rides.leave_out_days(
        recurring_id=recurring.pk, by=cast.driver, first=first, last=last, reason="Away", now=NOW
    )
    assert count == 70  # the weekdays of fourteen weeks
    booking.refresh_from_db()
    assert booking.state == BookingState.CANCELLED
    assert Ride.objects.filter(cancelled_at=None).count() == 5
    RecurringRide.objects.update(next_check_at=NOW + timedelta(weeks=9))
    assert rides.generate_due(now=NOW + timedelta(weeks=9)) == 11  # after the last day out
    day = date(2026, 6, 15)
    rides.take_back_day(recurring_id=recurring.pk, by=cast.driver, day=day, now=NOW)
    assert days_of(recurring)[day] == DayState.OFFERED
    with pytest.raises(NoSuchDay):
        rides.take_back_day(recurring_id=recurring.pk, by=cast.driver, day=day, now=NOW)


def test_a_day_cancelled_by_itself_does_not_come_back(cast):
    recurring = begin(cast.driver)
    ride = recurring.days.get(date=TODAY).ride
    rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=NOW)
    assert days_of(recurring)[TODAY] == DayState.SKIPPED
    RecurringRide.objects.update(next_check_at=NOW)
    assert rides.generate_due(now=NOW) == 0


def test_nobody_else_touches_it(cast):
    recurring = begin(cast.driver)
    for who in (cast.rider, cast.outsider, cast.manager):
        with pytest.raises(RecurringRideNotFound):
            rides.end_recurring_ride(recurring_id=recurring.pk, by=who, reason="", now=NOW)


def test_who_leaves_stops_repeating(cast):
    begin(cast.driver)
    assert rides.withdraw_member(member_id=cast.driver.pk, has_left=True, now=NOW) == 41
    RecurringRide.objects.update(next_check_at=NOW)
    assert rides.generate_due(now=NOW + timedelta(days=3)) == 0
    assert not Ride.objects.filter(cancelled_at=None).exists()


def test_who_is_forgotten_leaves_no_pattern_and_who_has_one_can_export_it(cast):
    begin(cast.driver)
    (kept,) = export_rides(cast.driver.pk)["repeating"]
    assert kept["weekdays"] == [0, 1, 2, 3, 4]
    erase_rides(cast.driver.pk, NOW)
    assert not RecurringRide.objects.exists()
