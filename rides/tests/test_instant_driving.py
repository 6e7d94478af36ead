"""Instant rides from the start on: who is let in, gets out, finishes and may not any more."""

import pytest

from accounts.tests.factories import (
    WORKSHOP,
)
from rides import services
from rides.errors import (
    BookingNotFound,
    InstantNotFound,
    NobodyJoined,
    NotTheDriver,
    RideNotFound,
    WrongCode,
    WrongState,
)
from rides.models import (
    RideState,
)
from rides.selectors import get_instant_for
from rides.services import TripEnd
from rides.tests.factories import offer, stand_at_kerb
from rides.tests.kerb import MINUTE, fresh, join

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def code(cast, now):
    """The driver stands at the head office."""
    return stand_at_kerb(cast.driver, now=now)


def test_a_driver_alone_does_not_start(cast, code, now):
    with pytest.raises(NobodyJoined):
        services.start_ride(ride_id=code.ride_id, by=cast.driver, now=now)


def test_start_leaves_now_and_estimates_the_arrival_by_the_road(cast, code, now):
    join(code, cast.rider, now)
    ride = fresh(code.ride)
    takes = ride.arrival_at - ride.departure_at
    started = now + 2 * MINUTE
    services.start_ride(ride_id=ride.pk, by=cast.driver, now=started)
    ride = fresh(ride)
    assert ride.state == RideState.IN_TRANSIT
    assert ride.departure_at == ride.started_at == started
    assert ride.arrival_at == started + takes
    assert not ride.stops.filter(kind="pickup", visited_at=None).exists()


def test_only_the_driver_starts_and_lets_in(cast, code, now):
    booking = join(code, cast.rider, now)
    for person, error in ((cast.rider, NotTheDriver), (cast.outsider, RideNotFound)):
        with pytest.raises(error):
            services.start_ride(ride_id=code.ride_id, by=person, now=now)
        with pytest.raises(error):
            services.let_in(ride_id=code.ride_id, by=person, code=booking.boarding_code, now=now)


def test_nobody_joins_a_car_that_has_left(cast, code, now):
    join(code, cast.rider, now)
    services.start_ride(ride_id=code.ride_id, by=cast.driver, now=now)
    with pytest.raises(InstantNotFound):
        join(code, cast.colleague, now)
    assert get_instant_for(cast.rider, code.code, now=now).ride_id == code.ride_id


def test_a_boarding_code_lets_its_rider_in_once(cast, code, now):
    booking = join(code, cast.rider, now)
    wrong = "0000" if booking.boarding_code != "0000" else "0001"
    for text in (wrong, ""):
        with pytest.raises(WrongCode):
            services.let_in(ride_id=code.ride_id, by=cast.driver, code=text, now=now)
    said = booking.boarding_code
    services.let_in(ride_id=code.ride_id, by=cast.driver, code=said, now=now)
    assert fresh(booking).boarded_at == now
    with pytest.raises(WrongCode):
        services.let_in(ride_id=code.ride_id, by=cast.driver, code=said, now=now)


def test_boarding_codes_belong_to_instant_rides_under_way(cast, now):
    planned = offer(cast.driver, now=now)
    with pytest.raises(WrongState):
        services.let_in(ride_id=planned.pk, by=cast.driver, code="0000", now=now)


@pytest.fixture
def driving(cast, code, now):
    """Two are on their way."""
    near = join(code, cast.rider, now, dropoff=TripEnd(WORKSHOP, "Workshop"))
    far = join(code, cast.colleague, now)
    services.start_ride(ride_id=code.ride_id, by=cast.driver, now=now)
    return near, far


def test_a_rider_ends_their_own_leg_and_is_free_again(cast, code, driving, now):
    near, far = driving
    out = now + 3 * MINUTE
    services.alight(booking_id=near.pk, by=cast.rider, now=out)
    near = fresh(near)
    assert near.alighted_at == near.dropoff_at == out
    assert near.stops.get(kind="dropoff").visited_at == out
    assert fresh(code.ride).state == RideState.IN_TRANSIT
    assert fresh(far).alighted_at is None
    with pytest.raises(WrongState):
        services.alight(booking_id=near.pk, by=cast.rider, now=out)


def test_the_driver_ends_the_ride_for_all_and_both_are_asked_later(cast, code, driving, now):
    arrived = now + 7 * MINUTE
    services.finish_ride(ride_id=code.ride_id, by=cast.driver, now=arrived)
    ride = fresh(code.ride)
    assert (ride.state, ride.finished_at, ride.arrival_at) == ("arriving", arrived, arrived)
    stand_at_kerb(cast.driver, now=arrived)
    services.watch(now=arrived + 16 * MINUTE)
    assert fresh(ride).state == RideState.VALIDATING
    assert {booking.state for booking in ride.bookings.all()} == {"completed_pending_validation"}


@pytest.mark.parametrize("minutes", [1, 20, 60 * 23])
def test_a_late_finish_is_written_down_and_reopens_nothing(cast, code, driving, now, minutes):
    near, _far = driving
    arrived = now + 7 * MINUTE
    services.finish_ride(ride_id=code.ride_id, by=cast.driver, now=arrived)
    late = arrived + minutes * MINUTE
    services.watch(now=late)
    before = fresh(code.ride), fresh(near)
    services.alight(booking_id=near.pk, by=cast.rider, now=late)
    after = fresh(code.ride), fresh(near)
    assert after[1].alighted_at == late
    assert after[0].state == before[0].state
    assert after[0].finished_at == arrived
    assert after[1].state == before[1].state
    assert near.stops.get(kind="dropoff").visited_at == arrived


@pytest.mark.parametrize(
    ("who", "error"),
    [("driver", WrongState), ("colleague", BookingNotFound), ("outsider", BookingNotFound)],
)
def test_nobody_ends_the_leg_of_another(cast, driving, now, who, error):
    near, _far = driving
    with pytest.raises(error):
        services.alight(booking_id=near.pk, by=getattr(cast, who), now=now + MINUTE)
    assert fresh(near).alighted_at is None


def test_before_the_start_nobody_gets_out_they_leave(cast, code, now):
    booking = join(code, cast.rider, now)
    with pytest.raises(WrongState):
        services.alight(booking_id=booking.pk, by=cast.rider, now=now)
    late = code.ride.departure_at + MINUTE
    services.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="Bus came", now=late)
    assert fresh(booking).state == "cancelled"
    assert not code.ride.stops.filter(kind="pickup").exists()


def test_the_driver_calls_it_off_before_the_start_however_long_they_waited(cast, code, now):
    booking = join(code, cast.rider, now)
    late = code.ride.departure_at + 3 * MINUTE
    services.cancel_ride(ride_id=code.ride_id, by=cast.driver, reason="Flat tyre", now=late)
    assert fresh(code.ride).state == RideState.CANCELLED
    assert fresh(booking).cancel_reason == "Flat tyre"


def test_after_the_start_neither_side_calls_it_off(cast, code, driving, now):
    near, _far = driving
    with pytest.raises(WrongState):
        services.cancel_ride(ride_id=code.ride_id, by=cast.driver, reason="", now=now)
    with pytest.raises(WrongState):
        services.cancel_booking(booking_id=near.pk, by=cast.rider, reason="", now=now)


def test_who_leaves_the_organization_leaves_the_kerb(cast, code, now):
    booking = join(code, cast.rider, now)
    late = code.ride.departure_at + MINUTE
    services.withdraw_member(member_id=cast.rider.pk, now=late)
    assert fresh(booking).state == "cancelled"
    services.withdraw_member(member_id=cast.driver.pk, now=late)
    assert fresh(code.ride).state == RideState.CANCELLED
