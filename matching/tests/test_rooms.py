"""Finding a shared taxi: near, on the way, and the least on foot first."""

from datetime import timedelta

import numpy as np
import pytest

from accounts.models import AvoidedPlace
from accounts.tests.factories import HEAD_OFFICE, HOME_SOUTH, PORT, MemberFactory
from carpool.kernel.geo import from_point, offset_m, to_point
from maps.engine import TooFarFromRoad
from maps.errors import OutsideMap
from maps.selectors import load_walk_network, walks_from
from matching.selectors.rooms import RoomQuery, find_rooms
from rides.errors import TooClose
from rides.services import TripEnd
from rides.tests.factories import join, next_slot, open_room

pytestmark = pytest.mark.usefixtures("city")
NEAR_OFFICE = offset_m(HEAD_OFFICE, east_m=150, north_m=-100)
NEAR_PORT = offset_m(PORT, east_m=120, north_m=80)


def query(now, **changes):
    plain = {
        "origin": NEAR_OFFICE,
        "destination": NEAR_PORT,
        "start": next_slot(now),
        "end": next_slot(now) + timedelta(hours=1),
        "walk_m": 800,
    }
    return RoomQuery(**(plain | changes))


def test_the_room_with_the_least_on_foot_comes_first(cast, city, now):
    far = offset_m(HEAD_OFFICE, east_m=0, north_m=-450)
    rooms = {
        "office": open_room(cast.driver, now=now),
        "farther": open_room(cast.colleague, now=now, pickup=ended(far, "Farther")),
    }
    found = find_rooms(cast.rider, query(now), now=now)
    assert [one.room for one in found] == [rooms["office"], rooms["farther"]]
    assert [one.walk_m for one in found] == sorted(one.walk_m for one in found)
    walk = load_walk_network(city)
    for one in found:
        to_m = walk.distance_m(NEAR_OFFICE, from_point(one.room.pickup))
        from_m = walk.distance_m(one.dropoff.location, NEAR_PORT)
        assert abs(one.walk_to_m - to_m) <= 1
        assert abs(one.walk_from_m - from_m) <= 1


def test_what_is_found_can_be_joined_as_it_is_shown(cast, now):
    room = open_room(cast.driver, now=now)
    (one,) = find_rooms(cast.rider, query(now), now=now)
    seat = join(cast.rider, room, now=now, dropoff=one.dropoff.location)
    assert (seat.duration_s, one.free_seats) == (one.duration_s, 3)
    ride = timedelta(seconds=seat.duration_s)
    assert one.leave_by <= room.departure_at < room.departure_at + ride <= one.arrives_at


def test_where_others_get_out_is_taken_when_an_own_stop_is_out_of_the_way(cast, now):
    cast.organization.own_policies = {"room_shared_percent": 100}
    cast.organization.save(update_fields=["own_policies"])
    room = open_room(cast.driver, now=now)
    (one,) = find_rooms(cast.rider, query(now), now=now)
    assert one.dropoff.location == from_point(room.seats.get().dropoff)


@pytest.mark.parametrize(
    "changes",
    [
        {"walk_m": 60},
        {"destination": HOME_SOUTH},
        {"start": "later"},
        {"start": "earlier"},
    ],
)
def test_rooms_too_far_elsewhere_or_at_other_times_are_not_found(cast, now, changes):
    open_room(cast.driver, now=now)
    if (start := changes.get("start")) is not None:
        hours = timedelta(hours=1 if start == "later" else -2)
        changes = {"start": next_slot(now) + hours, "end": next_slot(now) + hours + hours / 2}
        changes["start"], changes["end"] = sorted(changes.values())
    assert find_rooms(cast.rider, query(now, **changes), now=now) == []


def test_full_rooms_own_rooms_and_those_of_others_are_not_found(cast, now):
    room = open_room(cast.driver, now=now, most_party=2)
    assert find_rooms(cast.driver, query(now), now=now) == []
    assert find_rooms(cast.outsider, query(now), now=now) == []
    join(cast.colleague, room, now=now)
    assert find_rooms(cast.rider, query(now), now=now) == []


def test_nobody_is_let_out_where_they_do_not_want_to_be(cast, now):
    open_room(cast.driver, now=now)
    assert len(find_rooms(cast.rider, query(now, walk_m=300), now=now)) == 1
    AvoidedPlace.objects.create(member=cast.rider, location=to_point(NEAR_PORT), radius_m=600)
    assert find_rooms(cast.rider, query(now, walk_m=300), now=now) == []


def test_more_rooms_take_no_more_queries(cast, now, django_assert_num_queries):
    open_room(cast.driver, now=now)
    with django_assert_num_queries(4):
        assert len(find_rooms(cast.rider, query(now), now=now)) == 1
    for _ in range(3):
        open_room(MemberFactory(organization=cast.organization), now=now)
    with django_assert_num_queries(4):
        assert len(find_rooms(cast.rider, query(now), now=now)) == 4


def test_places_outside_the_map_are_named(cast, now):
    with pytest.raises(OutsideMap) as refusal:
        find_rooms(cast.rider, query(now, origin=offset_m(PORT, east_m=0, north_m=9e5)), now=now)
    assert list(refusal.value.fields) == ["origin"]
    with pytest.raises(TooClose):
        find_rooms(cast.rider, query(now, destination=NEAR_OFFICE), now=now)


def test_walks_to_many_places_are_those_to_each(city):
    places = [
        offset_m(HEAD_OFFICE, east_m=e, north_m=n) for e in (-300, 0, 300) for n in (-400, 200)
    ]
    metres = walks_from(city, HEAD_OFFICE, places, max_m=900)
    walk = load_walk_network(city)
    for place, metre in zip(places, metres, strict=True):
        try:
            truth = walk.distance_m(HEAD_OFFICE, place)
        except TooFarFromRoad:
            truth = np.inf
        assert metre == pytest.approx(truth if truth <= 900 else np.inf)


def ended(place, label):
    return TripEnd(place, label)
