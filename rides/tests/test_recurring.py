"""Repeating rides: which days they go, and by which clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.selectors import list_holidays
from accounts.tests.factories import HOME_NORTH
from carpool.kernel import clock
from carpool.kernel.errors import InvalidInput
from carpool.kernel.models import OutboxEvent
from rides import services as rides
from rides.errors import (
    DriverBusy,
    InThePast,
    NoSuchDay,
)
from rides.models import DayState, RecurringDay, RecurringRide, Ride
from rides.selectors import list_days
from rides.tests.factories import offer, terms
from rides.tests.recurring import NOW, TODAY, WORKDAYS, begin, days_of

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture(autouse=True)
def _at_that_time():
    """Search asks the clock itself."""
    with time_machine.travel(NOW, tick=False):
        yield


def test_every_weekday_of_eight_weeks_becomes_an_ordinary_ride(cast):
    recurring = begin(cast.driver)
    own = Ride.objects.filter(recurring_day__recurring=recurring)
    assert own.count() == 41  # today and the same weekday eight weeks later are both in
    local = [ride.departure_at.astimezone(recurring.zone) for ride in own]
    assert {(at.hour, at.minute) for at in local} == {(8, 0)}
    assert {at.weekday() for at in local} == set(WORKDAYS)
    assert max(local).date() == TODAY + timedelta(weeks=8)
    events = OutboxEvent.objects.filter(name="rides.RideOffered")
    assert events.count() == 41


def test_a_copy_is_what_offering_that_day_alone_would_have_made(cast):
    home = {"origin": rides.TripEnd(HOME_NORTH, "Calle Secreta 12")}
    recurring = begin(cast.driver, offer=terms(cast.driver, departure_at=None, **home))
    copy = recurring.days.get(date=date(2026, 6, 10)).ride
    rides.cancel_ride(ride_id=copy.pk, by=cast.driver, reason="", now=NOW)
    alone = offer(cast.driver, now=NOW, departure_at=copy.departure_at, **home)
    ours = {"id", "number", "changed_in", "state", "cancelled_at", "created_at", "next_check_at"}
    same = [f.attname for f in Ride._meta.concrete_fields if f.attname not in ours]
    copy.refresh_from_db()
    alone.refresh_from_db()
    assert {name: getattr(copy, name) for name in same} == {
        name: getattr(alone, name) for name in same
    }
    columns = (
        *("position", "kind", "location", "label", "planned_at", "latest_at"),
        *("seats_after", "leg_distance_m", "leg_duration_ms", "earliest_at"),
    )
    assert list(copy.stops.values_list(*columns)) == list(alone.stops.values_list(*columns))


def test_the_way_is_computed_once(cast, monkeypatch):
    begin(cast.driver)
    Ride.objects.all().delete()
    RecurringDay.objects.all().delete()

    def never(*_args, **_kwargs):
        raise AssertionError("computed again")

    monkeypatch.setattr("rides.services.itinerary.drive", never)
    monkeypatch.setattr("rides.services.offers.drive", never)
    RecurringRide.objects.update(next_check_at=NOW)
    assert rides.generate_due(now=NOW) == 41


def test_generating_again_makes_nothing_twice(cast):
    recurring = begin(cast.driver)
    for _ in range(2):
        RecurringRide.objects.update(next_check_at=NOW)
        assert rides.generate_due(now=NOW) == 0
    with pytest.raises(IntegrityError, match="one_ride_a_day_each"), transaction.atomic():
        RecurringDay.objects.create(recurring=recurring, date=TODAY, state=DayState.SKIPPED)


def test_after_a_week_without_a_worker_all_days_are_there(cast):
    recurring = begin(cast.driver)
    later = NOW + timedelta(days=7)
    assert rides.generate_due(now=later) == 5
    assert rides.generate_due(now=later) == 0
    assert RecurringRide.objects.get().next_check_at > later
    assert recurring.days.count() == 46


def test_what_has_left_is_not_offered_any_more(cast):
    recurring = begin(cast.driver, now=datetime(2026, 6, 1, 15, tzinfo=UTC))  # 11 o'clock there
    assert TODAY not in days_of(recurring)
    assert TODAY + timedelta(days=1) in days_of(recurring)


def test_it_begins_and_ends_on_its_dates(cast):
    first, last = date(2026, 6, 8), date(2026, 6, 19)
    recurring = begin(cast.driver, first_date=first, last_date=last, weekdays=frozenset({0, 4}))
    assert list(days_of(recurring)) == [
        date(2026, 6, 8), date(2026, 6, 12), date(2026, 6, 15), date(2026, 6, 19),
    ]  # fmt: skip


def test_public_holidays_are_left_out_if_one_likes(cast):
    peter_and_paul = date(2026, 6, 29)
    assert peter_and_paul in list_holidays(cast.organization, TODAY, date(2026, 7, 31))
    recurring = begin(cast.driver, skips_holidays=True)
    assert peter_and_paul not in days_of(recurring)
    shown = {day.date: day for day in list_days(recurring, now=NOW)}
    assert shown[peter_and_paul].holiday
    rides.end_recurring_ride(recurring_id=recurring.pk, by=cast.driver, reason="", now=NOW)
    assert peter_and_paul in days_of(begin(cast.driver, skips_holidays=False))


def test_where_no_country_is_known_there_are_no_holidays(cast):
    cast.organization.time_zone = "UTC"
    assert list_holidays(cast.organization, TODAY, date(2026, 12, 31)) == {}


@pytest.mark.parametrize(
    ("zone", "start", "day", "wall", "expected"),
    [
        # Chile's clocks skip 00:00 to 01:00 on 6 September 2026, and repeat 23:00 on 4 April 2026.
        ("America/Santiago", "2026-08-31", "2026-09-05", time(0, 30), "2026-09-05T04:30"),
        ("America/Santiago", "2026-08-31", "2026-09-06", time(0, 30), "2026-09-06T04:30"),
        ("America/Santiago", "2026-08-31", "2026-09-07", time(0, 30), "2026-09-07T03:30"),
        ("America/Santiago", "2026-08-31", "2026-09-07", time(8), "2026-09-07T11:00"),
        ("America/Santiago", "2026-03-30", "2026-04-04", time(23, 30), "2026-04-05T02:30"),
        ("America/Santiago", "2026-03-30", "2026-04-05", time(23, 30), "2026-04-06T03:30"),
        # Finland's skip 03:00 to 04:00 on 29 March 2026, and repeat it on 25 October.
        ("Europe/Helsinki", "2026-03-23", "2026-03-28", time(3, 30), "2026-03-28T01:30"),
        ("Europe/Helsinki", "2026-03-23", "2026-03-29", time(3, 30), "2026-03-29T01:30"),
        ("Europe/Helsinki", "2026-03-23", "2026-03-30", time(3, 30), "2026-03-30T00:30"),
        ("Europe/Helsinki", "2026-10-19", "2026-10-25", time(3, 30), "2026-10-25T00:30"),
        ("Europe/Helsinki", "2026-10-19", "2026-10-26", time(3, 30), "2026-10-26T01:30"),
        # Korea has had none since 1988.
        ("Asia/Seoul", "2026-03-23", "2026-03-29", time(8), "2026-03-28T23:00"),
        ("Asia/Seoul", "2026-10-19", "2026-10-25", time(8), "2026-10-24T23:00"),
    ],
)
def test_it_leaves_by_the_clock_on_the_wall(cast, zone, start, day, wall, expected):
    cast.organization.time_zone = zone
    cast.organization.save()
    cast.driver.organization = cast.organization
    now = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    recurring = begin(
        cast.driver,
        now=now,
        wall_time=wall,
        weekdays=frozenset(range(7)),
        first_date=date.fromisoformat(start) + timedelta(days=1),
    )
    ride = recurring.days.get(date=date.fromisoformat(day)).ride
    assert f"{ride.departure_at.astimezone(UTC):%Y-%m-%dT%H:%M}" == expected
    assert recurring.days.filter(state=DayState.OFFERED).count() == 56


def test_an_arrival_stays_at_its_time_on_the_wall_when_the_clocks_change(cast):
    now = datetime(2026, 8, 31, 12, tzinfo=UTC)
    recurring = begin(
        cast.driver, now=now, is_arrival=True, wall_time=time(9), first_date=date(2026, 9, 1)
    )
    own = Ride.objects.filter(recurring_day__recurring=recurring)
    local = {ride.arrive_latest_at.astimezone(recurring.zone).time() for ride in own}
    assert local == {time(9)}
    assert len({ride.departure_at.utctimetuple()[3:5] for ride in own}) == 2


def test_a_day_on_which_the_driver_is_elsewhere_is_left_out_and_told(cast):
    at = clock.wall_to_utc(date(2026, 6, 3), time(8, 5), cast.organization.zone)
    other = offer(cast.driver, now=NOW, departure_at=at)
    recurring = begin(cast.driver)
    assert days_of(recurring)[date(2026, 6, 3)] == DayState.BUSY
    told = OutboxEvent.objects.get(name="rides.RecurringDaysSkipped")
    assert (told.payload["days"], told.payload["first_date"]) == (1, "2026-06-03")
    RecurringRide.objects.update(next_check_at=NOW)
    assert rides.generate_due(now=NOW) == 0
    assert OutboxEvent.objects.filter(name="rides.RecurringDaysSkipped").count() == 1
    rides.cancel_ride(ride_id=other.pk, by=cast.driver, reason="", now=NOW)
    RecurringRide.objects.update(next_check_at=NOW)
    assert rides.generate_due(now=NOW) == 1
    assert days_of(recurring)[date(2026, 6, 3)] == DayState.OFFERED


def test_the_database_refuses_two_rides_of_one_driver_at_once(cast, monkeypatch):
    begin(cast.driver)
    monkeypatch.setattr("rides.services.recurring_days._taken_spans", lambda *_a: [])
    with pytest.raises(DriverBusy):
        begin(cast.driver)
    assert RecurringRide.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"weekdays": frozenset()}, InvalidInput, "weekdays"),
        ({"weekdays": frozenset({7})}, InvalidInput, "weekdays"),
        ({"first_date": TODAY - timedelta(days=1)}, InThePast, "first_date"),
        ({"last_date": TODAY - timedelta(days=1)}, InvalidInput, "last_date"),
        ({"last_date": date(2036, 1, 1)}, InvalidInput, "last_date"),
        ({"last_date": TODAY, "weekdays": frozenset({3})}, NoSuchDay, "weekdays"),
    ],
)
def test_what_makes_no_sense_is_named(cast, changes, error, field):
    with pytest.raises(error) as caught:
        begin(cast.driver, **changes)
    assert list(caught.value.fields) == [field]
    assert not RecurringRide.objects.exists()
