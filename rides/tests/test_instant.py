"""Instant rides: a driver at the kerb, a code, riders who join in one tap."""

from datetime import timedelta

import pytest

from accounts.models import MemberRole
from accounts.services import (
    accept_partner,
    avoid_place,
    block_member,
    invite_partner,
    save_place,
    share_beyond,
)
from accounts.tests.factories import (
    HEAD_OFFICE,
    HOME_NORTH,
    HOME_SOUTH,
    PORT,
    WORKSHOP,
    MemberFactory,
)
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from rides import services
from rides.errors import (
    AlreadyBooked,
    DriverBusy,
    InstantNotFound,
    KerbAtDoor,
    OutOfTheWay,
    OwnRide,
    SeatsExhausted,
    TooClose,
)
from rides.models import (
    CODE_ALPHABET,
    Booking,
    InstantCode,
    Ride,
    RideState,
    StopKind,
    Threshold,
)
from rides.selectors import get_agenda, get_instant_for, list_colleagues_rides, view_ride
from rides.services import TripEnd, forgetting
from rides.tests.factories import book, offer, stand_at_kerb
from rides.tests.kerb import MINUTE, fresh, join, people

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def code(cast, now):
    """The driver stands at the head office."""
    return stand_at_kerb(cast.driver, now=now)


def test_a_code_can_be_read_out(code):
    assert len(code.code) == 6
    assert set(code.code) <= set(CODE_ALPHABET)
    assert not set(CODE_ALPHABET) & set("01OILU")
    assert str(code) != code.code, "logs and lists do not let anybody in"


def test_who_stands_at_the_kerb_leaves_soon_whatever_the_clock_says(cast, code, now):
    ride = code.ride
    assert ride.state == RideState.DEPARTING
    assert now < ride.departure_at <= now + 5 * MINUTE
    for later in (0, 10, 1000):
        assert fresh(ride).state_at(now + later * MINUTE, has_open_bookings=False) == "departing"
    assert get_agenda(cast.driver, now=now).driving == [ride]


def test_an_instant_ride_is_found_by_its_code_only(cast, code, now):
    assert list(list_colleagues_rides(cast.rider, now=now)) == []
    assert not fresh(code.ride).is_bookable_at(now)
    assert get_instant_for(cast.rider, f" {code.shown.lower()} ", now=now).ride == code.ride


@pytest.mark.parametrize("text", ["", "AAAAAA", "no-such-code", "'; --", "가나다라마바"])
def test_an_unknown_code_is_nobodys(cast, code, now, text):
    with pytest.raises(InstantNotFound):
        get_instant_for(cast.rider, text, now=now)


def test_one_tap_takes_a_seat_to_the_drivers_destination(cast, code, now):
    booking = join(code, cast.rider, now)
    assert booking.state == "confirmed"
    assert len(booking.boarding_code) == 4
    assert booking.price_minor is None
    ride = fresh(code.ride)
    assert booking.pickup_at == ride.departure_at
    stops = list(ride.stops.order_by("position"))
    kinds = [StopKind(stop.kind) for stop in stops]
    assert kinds == ["origin", "pickup", "dropoff", "destination"]
    assert from_point(stops[1].location) == from_point(stops[0].location)
    assert stops[2].location == stops[3].location
    assert stops[1].label == "Head office"


def test_a_rider_may_get_out_on_the_way_and_walks_to_their_own_place(cast, code, now):
    booking = join(code, cast.rider, now, dropoff=TripEnd(WORKSHOP, "Workshop"))
    stop = booking.stops.get(kind="dropoff")
    assert crow_fly_m(from_point(stop.location), WORKSHOP) < 800
    assert booking.destination_label == "Workshop"
    assert booking.dropoff_at < fresh(code.ride).arrival_at


def test_who_gets_out_first_is_let_out_first_whatever_the_order_of_joining(cast, code, now):
    far = join(code, cast.rider, now)
    near = join(code, cast.colleague, now, dropoff=TripEnd(WORKSHOP, "Workshop"))
    assert fresh(near).dropoff_at < fresh(far).dropoff_at
    assert fresh(far).pickup_at == fresh(near).pickup_at


def test_too_far_out_of_the_way_is_refused_and_the_destination_is_not(cast, now):
    code = stand_at_kerb(cast.driver, now=now, destination=TripEnd(WORKSHOP, ""), detour_s=60)
    with pytest.raises(OutOfTheWay) as refused:
        join(code, cast.rider, now, dropoff=TripEnd(PORT, "Port"))
    assert "destination" in refused.value.fields
    assert Booking.objects.count() == 0
    join(code, cast.rider, now)


def test_nobody_is_driven_to_where_they_stand(cast, code, now):
    with pytest.raises(TooClose):
        join(code, cast.rider, now, dropoff=TripEnd(HEAD_OFFICE, "Here"))


def test_a_stop_lies_where_neither_side_avoids_it(cast, code, now):
    avoid_place(member=cast.driver, label="There", location=WORKSHOP, radius_m=500)
    booking = join(code, cast.rider, now, dropoff=TripEnd(WORKSHOP, "Workshop"))
    assert crow_fly_m(from_point(booking.stops.get(kind="dropoff").location), WORKSHOP) > 500
    cast.driver.avoided_places.all().delete()
    avoid_place(member=cast.colleague, label="There", location=WORKSHOP, radius_m=500)
    booking = join(code, cast.colleague, now, dropoff=TripEnd(WORKSHOP, "Workshop"))
    assert crow_fly_m(from_point(booking.stops.get(kind="dropoff").location), WORKSHOP) > 500


def test_the_last_seat_is_taken_once(cast, now):
    code = stand_at_kerb(cast.driver, now=now, seats=2)
    first, second, third = people(cast, 3)
    join(code, first, now)
    join(code, second, now)
    with pytest.raises(SeatsExhausted):
        join(code, third, now)
    services.cancel_booking(
        booking_id=Booking.objects.get(rider=first).pk, by=first, reason="", now=now
    )
    join(code, third, now)


def test_a_full_car_keeps_every_promise(cast, now):
    cast.driver.cars.update(seats=8)
    code = stand_at_kerb(cast.driver, now=now, seats=8)
    for rider in people(cast, 8):
        join(code, rider, now)
    ride = fresh(code.ride)
    assert all(stop.planned_at <= stop.latest_at for stop in ride.stops.all())
    assert ride.arrival_at - ride.departure_at <= timedelta(seconds=ride.solo_duration_s + 600)


def test_nobody_joins_their_own_car_or_twice(cast, code, now):
    with pytest.raises(OwnRide):
        join(code, cast.driver, now)
    join(code, cast.rider, now)
    with pytest.raises(AlreadyBooked):
        join(code, cast.rider, now)


def test_people_kept_apart_never_meet_and_read_what_strangers_read(cast, code, now):
    block_member(by=cast.driver, other=cast.rider, now=now)
    join(code, cast.colleague, now)
    blocked = MemberFactory(organization=cast.organization)
    block_member(by=blocked, other=cast.colleague, now=now)
    for nobody in (cast.rider, cast.outsider, blocked):
        with pytest.raises(InstantNotFound):
            get_instant_for(nobody, code.code, now=now)
        with pytest.raises(InstantNotFound):
            join(code, nobody, now)


def test_partners_join_by_the_same_rule_as_any_ride(cast, code, now):
    ours, theirs = (
        MemberFactory(organization=organization, role=MemberRole.OWNER)
        for organization in (cast.organization, cast.outsider.organization)
    )
    invitation = invite_partner(by=ours, domain="campus.example", now=now)
    accept_partner(by=theirs, partnership_id=invitation.pk, now=now)
    partner = fresh(cast.outsider)
    with pytest.raises(InstantNotFound):
        join(code, partner, now)
    share_beyond(member=cast.driver, is_shared=True)
    assert join(code, fresh(cast.outsider), now).state == "confirmed"


def test_waiting_moves_everything_but_the_promises(cast, code, now):
    booking = join(code, cast.rider, now, dropoff=TripEnd(WORKSHOP, "Workshop"))
    before = {stop.pk: stop for stop in code.ride.stops.all()}
    later = now + 12 * MINUTE
    services.watch(now=later)
    ride, moved = fresh(code.ride), fresh(booking)
    by = ride.departure_at - code.ride.departure_at
    assert ride.departure_at == later + 5 * MINUTE
    assert ride.state == RideState.DEPARTING
    assert moved.pickup_at == ride.departure_at
    assert moved.dropoff_at == booking.dropoff_at + by
    for stop in ride.stops.all():
        assert stop.planned_at == before[stop.pk].planned_at + by
        assert stop.latest_at == before[stop.pk].latest_at
    assert ride.next_check_at == ride.departure_at


def test_whoever_leaves_at_the_last_moment_keeps_every_promise(cast, code, now):
    join(code, cast.rider, now, dropoff=TripEnd(WORKSHOP, "Workshop"))
    join(code, cast.colleague, now)
    last = code.expires_at - timedelta(seconds=1)
    services.watch(now=last)
    services.start_ride(ride_id=code.ride_id, by=cast.driver, now=last)
    ride = fresh(code.ride)
    assert all(stop.planned_at <= stop.latest_at for stop in ride.stops.all())
    assert ride.arrival_at <= ride.arrive_latest_at


@pytest.mark.parametrize("days", [0, 7])
def test_nobody_waits_for_ever_however_late_the_watcher_is(cast, code, now, days):
    booking = join(code, cast.rider, now)
    services.watch(now=code.expires_at + timedelta(days=days))
    assert fresh(code.ride).state == RideState.CANCELLED
    assert fresh(booking).state == "cancelled"
    assert fresh(booking).cancelled_by is None
    with pytest.raises(InstantNotFound):
        get_instant_for(cast.colleague, code.code, now=code.expires_at)


def test_the_organization_says_how_long_one_may_wait(cast, now):
    cast.organization.own_policies = {"instant_wait_s": 600}
    cast.organization.save(update_fields=["own_policies"])
    cast.driver.refresh_from_db()
    assert stand_at_kerb(cast.driver, now=now).expires_at == now + 10 * MINUTE


def test_who_drives_elsewhere_soon_is_taken_off_in_time(cast, code, now):
    duration = code.ride.arrival_at - code.ride.departure_at
    offer(cast.driver, now=now, departure_at=code.ride.departure_at + duration + 3 * MINUTE)
    booking = join(code, cast.rider, now)
    services.watch(now=now + 10 * MINUTE)
    assert fresh(code.ride).state == RideState.CANCELLED
    assert fresh(booking).state == "cancelled"


def test_who_rides_elsewhere_soon_loses_the_seat_and_nobody_else_does(cast, code, now):
    other = MemberFactory(organization=cast.organization, car=True)
    mine, theirs = join(code, cast.rider, now), join(code, cast.colleague, now)
    planned = offer(other, now=now, departure_at=mine.dropoff_at + 20 * MINUTE)
    later = book(cast.rider, planned, now=now)
    gap = later.pickup_at - fresh(mine).dropoff_at
    # as if they had booked it a little earlier
    Booking.objects.filter(pk=later.pk).update(pickup_at=later.pickup_at - gap + 2 * MINUTE)
    services.watch(now=now + 8 * MINUTE)
    assert fresh(mine).state == "cancelled"
    assert fresh(theirs).state == "confirmed"
    assert fresh(code.ride).state == RideState.DEPARTING


def test_one_driver_stands_at_one_kerb(cast, code, now):
    with pytest.raises(DriverBusy):
        stand_at_kerb(cast.driver, now=now)


def test_nobody_shows_a_code_at_their_own_door(cast, now):
    save_place(member=cast.driver, kind="home", label="Home", location=HOME_NORTH)
    with pytest.raises(KerbAtDoor):
        stand_at_kerb(cast.driver, now=now, kerb=HOME_NORTH)
    offer(cast.driver, now=now, origin=TripEnd(HOME_SOUTH, "Mother"))
    assert Threshold.objects.filter(member=cast.driver).exists()
    with pytest.raises(KerbAtDoor):
        stand_at_kerb(cast.driver, now=now, kerb=HOME_SOUTH)


def test_a_kerb_draws_no_threshold_and_is_named_by_its_street(cast, now):
    kerb = LonLat(HOME_NORTH.lon, HOME_NORTH.lat)
    code = stand_at_kerb(cast.driver, now=now, kerb=kerb)
    assert not Threshold.objects.exists()
    assert code.ride.origin_public
    assert code.ride.origin_label == code.ride.origin_area
    seen = view_ride(cast.rider, code.ride_id)
    assert crow_fly_m(seen.origin, kerb) < 100


def test_the_drivers_own_door_at_the_end_stays_theirs(cast, now):
    code = stand_at_kerb(cast.driver, now=now, destination=TripEnd(HOME_SOUTH, "Secret 12"))
    booking = join(code, cast.rider, now)
    seen = view_ride(cast.rider, code.ride_id)
    assert "Secret" not in booking.destination_label
    assert "Secret" not in seen.destination_label
    stop = booking.stops.get(kind="dropoff")
    assert crow_fly_m(from_point(stop.location), HOME_SOUTH) > 200


def test_old_codes_are_forgotten(cast, code, now, settings):
    days = settings.RETENTION_DAYS["exact_places"]
    forgetting.keep_terms(now=now + timedelta(days=days - 1))
    assert InstantCode.objects.exists()
    forgetting.keep_terms(now=now + timedelta(days=days + 1))
    assert not InstantCode.objects.exists()
    assert Ride.objects.filter(pk=code.ride_id).exists()
