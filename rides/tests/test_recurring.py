"""Repeating rides: which days they go, by which clock, and what a change leaves alone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.selectors import list_holidays
from accounts.tests.factories import HOME_NORTH
from carpool.kernel import clock
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.models import OutboxEvent
from rides import services as rides
from rides.errors import (
    DriverBusy,
    InThePast,
    NoSuchDay,
    NotTheDriver,
    PeopleAboard,
    RecurringRideNotFound,
)
from rides.models import Booking, BookingState, DayState, RecurringDay, RecurringRide, Ride
from rides.selectors import list_days
from rides.selectors.personal import export_rides
from rides.services import RecurringTerms
from rides.services.forgetting import erase_rides
from rides.tests.factories import book, offer, terms

pytestmark = pytest.mark.usefixtures("city")

# A Monday in winter, before any holiday that would be in the way.
NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)
TODAY = date(2026, 6, 1)
WORKDAYS = frozenset(range(5))


@pytest.fixture(autouse=True)
def _at_that_time():
    """Search asks the clock itself."""
    with time_machine.travel(NOW, tick=False):
        yield


def repeat(driver, **changes):
    """Monday to Friday at 8, from the head office to the port."""
    own = {
        "offer": terms(driver, departure_at=None),
        "weekdays": WORKDAYS,
        "wall_time": time(8),
        "first_date": TODAY,
        "skips_holidays": False,
        **changes,
    }
    return RecurringTerms(**own)


def begin(driver, *, now=NOW, **changes):
    return rides.offer_recurring_ride(driver=driver, terms=repeat(driver, **changes), now=now)


def days_of(recurring):
    return dict(recurring.days.values_list("date", "state"))


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
