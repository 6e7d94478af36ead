"""What others can find out about a private end is a function of its threshold alone."""

from datetime import timedelta

import numpy as np
import pytest

from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, PORT
from carpool.kernel.geo import LonLat, crow_fly_m, from_point, offset_m
from maps.selectors import load_network
from matching.selectors import SearchQuery, search
from rides.models import StopKind, Threshold
from rides.selectors import view_ride
from rides.services import TripEnd, start_ride
from rides.services.forgetting import coarsen_rides, erase_rides
from rides.services.thresholds import APART_M, AROUND_M, DOOR_TIME, list_choices, settle_ends
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
DOOR = LonLat(-71.2466, -29.8930)


@pytest.fixture
def ride(cast, now):
    """From a private home to the port, and nobody lives on the way."""
    return offer(cast.driver, now=now, origin=TripEnd(DOOR, "At home"), detour_s=1800)


def kinds(ride):
    return [stop.kind for stop in ride.stops.all()]


def test_a_ride_between_two_sites_hides_nothing(cast, now):
    assert kinds(offer(cast.driver, now=now)) == ["origin", "destination"]
    assert not Threshold.objects.exists()


def test_a_ride_from_a_door_begins_at_a_threshold_for_all_but_its_driver(cast, ride):
    assert kinds(ride) == ["door", "origin", "destination"]
    mine, theirs = view_ride(cast.driver, ride.pk), view_ride(cast.rider, ride.pk)
    assert mine.origin == DOOR
    assert mine.origin_label == "At home"
    assert mine.departure_at == ride.departure_at
    assert APART_M <= crow_fly_m(DOOR, from_point(Threshold.objects.get().place)) <= AROUND_M
    assert theirs.departure_at == ride.departure_at + DOOR_TIME
    assert theirs.distance_m < mine.distance_m
    first = LonLat(*theirs.route.coords[0])
    assert crow_fly_m(first, from_point(Threshold.objects.get().place)) < 30
    for view in (mine, theirs):
        assert {stop.kind for stop in view.stops} <= {"origin", "pickup", "dropoff", "destination"}


def test_a_door_keeps_its_threshold_and_so_does_a_pin_beside_it(cast, city, now):
    network = load_network(city)
    ends = {
        settle_ends(cast.driver, network, pin, PORT)[0].shown_at
        for pin in (DOOR, offset_m(DOOR, east_m=25, north_m=-40))
        for _ in range(3)
    }
    assert len(ends) == 1
    assert Threshold.objects.count() == 1
    back = settle_ends(cast.driver, network, PORT, DOOR)[1]
    assert back.shown_at == ends.pop()


def test_two_people_behind_one_door_have_two_lots(cast, city, now):
    network = load_network(city)
    drawn = [settle_ends(cast.driver, network, DOOR, PORT)[0].shown_at]
    drawn.append(settle_ends(cast.rider, network, DOOR, PORT)[0].shown_at)
    assert Threshold.objects.count() == 2
    assert len(list_choices(network, DOOR, PORT)) >= 12, "or the lot decides nothing"


def test_nobody_gets_in_between_a_door_and_its_threshold(cast, ride, now):
    neighbour = SearchQuery(
        origin=TripEnd(DOOR, ""),
        destination=TripEnd(PORT, ""),
        earliest_departure_at=ride.departure_at - timedelta(hours=1),
        latest_arrival_at=ride.departure_at + timedelta(hours=2),
        walk_m=1500,
    )
    (found,) = search(cast.rider, neighbour, now=now).offers
    assert found.pickup.at >= ride.departure_at + DOOR_TIME
    booking = book(cast.rider, ride, now=now, origin=TripEnd(DOOR, ""), walk_m=1500)
    ride.refresh_from_db()
    assert kinds(ride) == ["door", "origin", "pickup", "dropoff", "destination"]
    assert booking.pickup_at >= ride.departure_at + DOOR_TIME


def test_times_tell_nothing_of_the_way_to_the_door(cast, now):
    """Two doors that drew the same threshold look the same, to the millisecond."""
    shown = []
    for door in (DOOR, offset_m(DOOR, east_m=310, north_m=120)):
        Threshold.objects.all().delete()
        Threshold.objects.create(
            member=cast.driver,
            door=f"SRID=4326;POINT({door.lon} {door.lat})",
            place="SRID=4326;POINT(-71.2480 -29.8975)",
        )
        ride = offer(
            cast.driver, now=now, departure_at=now + timedelta(hours=24),
            origin=TripEnd(door, ""), detour_s=900,
        )  # fmt: skip
        view = view_ride(cast.rider, ride.pk)
        promises = [(stop.kind, stop.planned_at, stop.latest_at) for stop in ride.stops.all()[1:]]
        seen = (view.origin, view.departure_at, view.arrival_at, promises, ride.reach.wkt)
        shown.append((*seen, view.origin_label, ride.departure_at, ride.arrive_latest_at))
        ride.delete()
    assert shown[0] == shown[1]


def test_no_way_is_drawn_of_a_ride_from_before_there_were_thresholds(cast, ride):
    ride.stops.get(kind="door").delete()
    assert view_ride(cast.rider, ride.pk).route is None
    assert view_ride(cast.driver, ride.pk).route is not None


def test_the_driver_passes_the_threshold_when_they_leave(cast, ride):
    start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    visited = {stop.kind for stop in ride.stops.exclude(visited_at=None)}
    assert visited == {StopKind.DOOR, StopKind.ORIGIN}


def test_both_ends_may_be_doors(cast, now):
    ride = offer(
        cast.driver, now=now, origin=TripEnd(HOME_NORTH, ""), destination=TripEnd(DOOR, "")
    )
    assert kinds(ride) == ["door", "origin", "destination", "door"]
    theirs = view_ride(cast.rider, ride.pk)
    assert theirs.arrival_at == ride.arrival_at - DOOR_TIME
    last = ride.stops.last()
    assert last.latest_at == ride.arrive_latest_at
    assert ride.stops.get(kind="destination").latest_at == ride.arrive_latest_at - DOOR_TIME


def test_of_a_past_ride_stays_the_threshold(cast, ride):
    threshold = Threshold.objects.get().place
    assert coarsen_rides(type(ride).objects.filter(pk=ride.pk)) == 1
    ride.refresh_from_db()
    for place in (ride.origin, ride.stops.first().location, ride.stops.all()[1].location):
        assert crow_fly_m(from_point(place), from_point(threshold)) < 360
        assert crow_fly_m(from_point(place), DOOR) > 30
    erase_rides(cast.driver.pk, ride.departure_at)
    assert not Threshold.objects.exists()


def test_where_there_are_no_other_places_the_lot_is_wider(city):
    class Hamlet:
        lon, lat = np.array([0.0, 0.012]), np.array([0.0, 0.0])
        stoppable = np.array([True, True])

        def nearest_nodes(self, lon, lat):
            return np.array([0 if abs(lon[0]) < 0.006 else 1])

        def durations_ms(self, a, b):
            return np.full((len(np.atleast_1d(a)), len(np.atleast_1d(b))), 60_000)

    assert list_choices(Hamlet(), LonLat(0, 0), HEAD_OFFICE) == [1]
