"""Positions: kept once, from whom they may come, for as long as the ride lasts."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from django.db import connection

from accounts.models import Consent
from accounts.services import withdraw_consent
from carpool.kernel import tenancy
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, crow_fly_m, from_point, offset_m
from carpool.tests.belongings import DRIVERS_DOOR
from rides.errors import RideNotFound
from rides.models import StopKind
from rides.services import cancel_booking, start_ride
from rides.tests.factories import book, offer
from tracking.errors import (
    NotAboard,
    NotAgreed,
    NotYetRecorded,
    OutsideTheRide,
    SentTooLate,
    SharingStopped,
)
from tracking.models import Position, Trace
from tracking.services import record_positions, share_position, stop_sharing_position
from tracking.services.partitions import (
    drop_partitions,
    list_partitions,
    make_partitions,
    partition_of,
)
from tracking.tests.factories import BOTH, fixes_along, send, share

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now, hours=24)


@pytest.fixture
def leaving(ride):
    return ride.departure_at


def record(member, ride, fixes, now):
    return record_positions(ride_id=ride.pk, by=member, fixes=fixes, now=now)


def test_a_phone_that_sends_everything_twice_and_shuffled_has_sent_it_once(cast, ride, now):
    share(cast.driver, ride, now=now)
    fixes, later = fixes_along(ride), ride.arrival_at
    assert record(cast.driver, ride, fixes[10:20], later).stored == 10
    assert record(cast.driver, ride, fixes[0:20][::-1], later).stored == 10
    again = record(cast.driver, ride, fixes[0:20], later)
    assert (again.stored, again.known) == (0, 20)
    trace = Trace.objects.get(ride=ride, member=cast.driver)
    assert trace.positions_count == Position.objects.filter(trace=trace).count() == 20
    assert trace.located_at == fixes[19].recorded_at
    assert crow_fly_m(from_point(trace.location), fixes[19].place) < 0.1


def test_what_comes_late_does_not_move_the_phone_back(cast, ride, now):
    share(cast.driver, ride, now=now)
    fixes = fixes_along(ride)
    record(cast.driver, ride, fixes[50:60], ride.arrival_at)
    record(cast.driver, ride, fixes[0:50], ride.arrival_at)
    assert Trace.objects.get().located_at == fixes[59].recorded_at


def test_positions_lie_in_the_partition_of_the_rides_day(cast, ride, now):
    share(cast.driver, ride, now=now)
    record(cast.driver, ride, fixes_along(ride)[:5], ride.arrival_at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM tracking_position")
        day = ride.departure_at.astimezone(UTC).date()
        assert cursor.fetchall() == [(partition_of(day),)]


def test_partitions_are_made_ahead_once_and_dropped(db, now):
    assert make_partitions(now=now) == make_partitions(now=now) == 9
    days = list_partitions()
    assert {now.date() - timedelta(days=1), now.date() + timedelta(days=7)} <= set(days)
    drop_partitions(days)
    assert list_partitions() == []


def test_only_the_driver_and_confirmed_riders_are_heard(cast, ride, now, leaving):
    fixes = fixes_along(ride)[:3]
    for member, error in (
        (cast.rider, NotAboard),
        (cast.manager, NotAboard),
        (cast.outsider, RideNotFound),
        (cast.driver, NotAgreed),
    ):
        with pytest.raises(error):
            record(member, ride, fixes, ride.arrival_at)
    booking = book(cast.rider, ride, now=now)
    share(cast.rider, ride, now=now)
    assert record(cast.rider, ride, fixes, ride.arrival_at).stored == 3
    cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    with pytest.raises(NotAboard):
        record(cast.rider, ride, fixes, ride.arrival_at)


def test_a_consent_is_asked_for_each_purpose_and_holds_until_withdrawn(cast, ride, now):
    with pytest.raises(NotAgreed):
        share_position(ride_id=ride.pk, by=cast.driver, purposes=[], now=now)
    share_position(ride_id=ride.pk, by=cast.driver, purposes=BOTH[:1], now=now)
    assert list(Consent.objects.values_list("purpose", flat=True)) == ["live_position"]
    record(cast.driver, ride, fixes_along(ride)[:2], ride.arrival_at)
    withdraw_consent(member=cast.driver, purpose=BOTH[0], now=now)
    with pytest.raises(NotAgreed):
        record(cast.driver, ride, fixes_along(ride)[2:4], ride.arrival_at)


def test_who_stops_sharing_is_not_heard_until_they_share_again(cast, ride, now):
    share(cast.driver, ride, now=now)
    fixes = fixes_along(ride)
    record(cast.driver, ride, fixes[:2], ride.arrival_at)
    stop_sharing_position(ride_id=ride.pk, by=cast.driver, now=now)
    with pytest.raises(SharingStopped):
        record(cast.driver, ride, fixes[2:4], ride.arrival_at)
    share(cast.driver, ride, now=now)
    assert record(cast.driver, ride, fixes[2:4], ride.arrival_at).stored == 2


@pytest.mark.parametrize(
    ("minutes", "is_taken"), [(-16, False), (-14, True), (0, True), (10, True)]
)
def test_positions_are_taken_from_a_quarter_before_departure(
    cast, ride, now, leaving, minutes, is_taken
):
    share(cast.driver, ride, now=now)
    at = leaving + timedelta(minutes=minutes)
    fixes = [replace(fixes_along(ride)[0], recorded_at=at)]
    if is_taken:
        assert record(cast.driver, ride, fixes, at).stored == 1
    else:
        with pytest.raises(OutsideTheRide):
            record(cast.driver, ride, fixes, at)


def test_each_wrong_element_is_named_and_nothing_is_kept(cast, ride, now):
    share(cast.driver, ride, now=now)
    fixes = fixes_along(ride)[:5]
    late = ride.validating_at + timedelta(minutes=1)
    fixes[1] = replace(fixes[1], recorded_at=late)
    fixes[4] = replace(fixes[4], recorded_at=ride.departure_at - timedelta(hours=1))
    with pytest.raises(OutsideTheRide) as refused:
        record(cast.driver, ride, fixes, late + timedelta(hours=1))
    assert set(refused.value.fields) == {"positions.1.recorded_at", "positions.4.recorded_at"}
    with pytest.raises(NotYetRecorded) as refused:
        record(cast.driver, ride, fixes, ride.departure_at + timedelta(minutes=2))
    assert set(refused.value.fields) == {"positions.1.recorded_at"}
    assert Position.objects.count() == 0


def test_a_phone_that_was_offline_may_send_for_a_day(cast, ride, now):
    share(cast.driver, ride, now=now)
    fixes = fixes_along(ride)
    assert record(cast.driver, ride, fixes[:3], ride.arrival_at + timedelta(hours=23)).stored == 3
    with pytest.raises(SentTooLate):
        record(cast.driver, ride, fixes[3:6], ride.arrival_at + timedelta(hours=25))


def test_a_batch_holds_one_to_five_hundred(cast, ride, now):
    share(cast.driver, ride, now=now)
    for fixes in ([], fixes_along(ride, every_s=0.5)[:501]):
        with pytest.raises(InvalidInput):
            record(cast.driver, ride, fixes, ride.arrival_at)


def test_impossible_steps_are_kept_and_flagged(cast, ride, now):
    share(cast.driver, ride, now=now)
    fixes = fixes_along(ride)[:10]
    fixes[4] = replace(fixes[4], place=offset_m(fixes[4].place, east_m=2_000, north_m=0))
    recorded = record(cast.driver, ride, fixes, ride.arrival_at)
    assert (recorded.stored, recorded.flagged) == (10, 2)  # there, and back
    flagged = Position.objects.filter(is_flagged=True).values_list("sequence", flat=True)
    assert sorted(flagged) == [5, 6]
    assert Trace.objects.get().flagged_count == 2


def test_the_car_visits_its_stops_by_itself(cast, ride, now):
    book(cast.rider, ride, now=now)
    ride.refresh_from_db()
    share(cast.driver, ride, now=now)
    start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    send(cast.driver, ride, fixes_along(ride), now=ride.arrival_at - timedelta(seconds=1))
    inner = ride.stops.filter(kind__in=[StopKind.PICKUP, StopKind.DROPOFF])
    for stop in inner:
        assert stop.visited_at is not None, stop.kind
        off = abs((stop.visited_at - stop.planned_at).total_seconds())
        assert off < 300, (stop.kind, off)


def test_a_car_is_hidden_until_it_has_left_its_drivers_surroundings(cast, now):
    ride = offer(cast.driver, now=now, origin=DRIVERS_DOOR)
    share(cast.driver, ride, now=now)
    fixes = fixes_along(ride)
    record(cast.driver, ride, fixes[:1], ride.arrival_at)
    trace = Trace.objects.get()
    assert trace.shown_from is None
    send(cast.driver, ride, fixes, now=ride.arrival_at)
    trace.refresh_from_db()
    shown = next(fix for fix in fixes if fix.recorded_at == trace.shown_from)
    threshold = from_point(ride.stops.get(kind="origin").location)
    assert crow_fly_m(shown.place, threshold) < 150
    assert crow_fly_m(shown.place, DRIVERS_DOOR.location) > 149


def test_the_wall_hides_positions_of_others(cast, ride, now):
    share(cast.driver, ride, now=now)
    with tenancy.inside(frozenset({cast.organization.pk})):
        record(cast.driver, ride, fixes_along(ride)[:4], ride.arrival_at)
        assert Position.objects.count() == 4
    with tenancy.inside(frozenset({cast.outsider.organization_id})):
        assert Position.objects.count() == Trace.objects.count() == 0


def test_two_places_at_one_moment_are_both_kept(cast, ride, now):
    """The same phone, or another app of the same member: which is true a verdict finds out."""
    share(cast.driver, ride, now=now)
    [first, second] = fixes_along(ride)[:2]
    second = replace(second, recorded_at=first.recorded_at, place=LonLat(-71.3, -29.95))
    assert record(cast.driver, ride, [first, second], ride.arrival_at).stored == 2
