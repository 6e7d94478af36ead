"""What is drawn of an offer: its way in order, its reach, and nothing of where people live."""

import random
from datetime import timedelta

import numpy as np
import pytest
import shapely

from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, PORT, WORKSHOP, MemberFactory
from carpool.kernel.geo import LonLat, crow_fly_m, from_point, offset_m, to_point
from maps.selectors import load_network
from matching import selectors, services
from matching.errors import OfferExpired
from matching.selectors import search
from matching.selectors.drawing import get_drawing
from rides.errors import RideChanged, RideNotFound
from rides.models import Ride
from rides.services import TripEnd, cancel_ride
from rides.tests.api import Api, find_token
from rides.tests.factories import book, offer, offer_token, wish

pytestmark = pytest.mark.usefixtures("city")
# North of the rider, so that the car comes past; nobody's site.
DOOR = LonLat(-71.2466, -29.8930)
DRAWING = "searches/drawing"


@pytest.fixture
def ride(cast, now):
    """From a private home to the port."""
    return offer(cast.driver, now=now, origin=TripEnd(DOOR, "At home"), detour_s=1800)


def patiently(ride):
    """A rider for whom any car waits: when it passes does not depend on where it comes from."""
    return {
        "earliest_departure_at": ride.departure_at + timedelta(minutes=14),
        "latest_arrival_at": ride.departure_at + timedelta(hours=1),
    }


def parts(answer):
    """Group the features of an answer by the part of the drawing they are."""
    grouped = {}
    for feature in answer.json()["features"]:
        grouped.setdefault(feature["properties"]["part"], []).append(feature)
    return grouped


def line(grouped, part):
    (feature,) = grouped[part]
    assert feature["geometry"]["type"] == "LineString"
    return [LonLat(*point) for point in feature["geometry"]["coordinates"]]


def move_home(ride, door):
    """Let the same ride, with the same promises, begin at another door."""
    Ride.objects.filter(pk=ride.pk).update(origin=to_point(door))
    ride.stops.filter(kind="door").update(location=to_point(door))


def threshold_of(ride):
    return from_point(ride.stops.get(kind="origin").location)


def test_the_way_is_drawn_from_the_door_by_the_car_to_the_door(cast, ride):
    token = find_token(cast.rider, ride)
    answer = Api(cast.rider).post(DRAWING, {"offer": token})
    assert answer.status_code == 200, answer.content
    drawn = parts(answer)
    chain = [line(drawn, p) for p in ("walk_to", "together", "walk_from")]
    assert crow_fly_m(chain[0][0], HOME_NORTH) < 1
    assert crow_fly_m(chain[-1][-1], WORKSHOP) < 1
    (pickup,), (dropoff,) = drawn["pickup"], drawn["dropoff"]
    together = line(drawn, "together")
    assert crow_fly_m(LonLat(*pickup["geometry"]["coordinates"]), together[0]) < 1
    assert crow_fly_m(LonLat(*dropoff["geometry"]["coordinates"]), together[-1]) < 1
    assert crow_fly_m(chain[0][-1], together[0]) < 1
    assert line(drawn, "before")[-1] == together[0]
    assert line(drawn, "after")[0] == together[-1]
    assert crow_fly_m(line(drawn, "after")[-1], PORT) < 150


def test_the_times_are_those_of_the_offer(cast, ride, now):
    shown = search(cast.rider, wish(ride), now=now).offers[0]
    drawing = get_drawing(cast.rider, shown.token, now=now)
    at = {mark.kind: mark.at for mark in drawing.marks}
    assert (at["pickup"], at["dropoff"]) == (shown.pickup.at, shown.dropoff.at)
    assert ride.departure_at < at["origin"] < at["pickup"] < at["dropoff"] < at["destination"]
    late = (at["destination"] - ride.arrival_at).total_seconds()
    assert 0 <= shown.detour_s - late < 1


def test_a_drawing_is_the_same_wherever_the_door_is(cast, ride):
    api, token = Api(cast.rider), find_token(cast.rider, ride, **patiently_body(ride))
    first = api.post(DRAWING, {"offer": token}).json()
    dice = random.Random(7)
    for _ in range(8):
        east_m, north_m = dice.uniform(-900, 900), dice.uniform(-900, 900)
        move_home(ride, offset_m(DOOR, east_m=east_m, north_m=north_m))
        assert api.post(DRAWING, {"offer": token}).json() == first
    elsewhere = offset_m(threshold_of(ride), east_m=600, north_m=0)
    ride.stops.filter(kind="origin").update(location=to_point(elsewhere))
    assert api.post(DRAWING, {"offer": token}).json() != first, "control: the threshold counts"


def patiently_body(ride):
    return {name: at.isoformat() for name, at in patiently(ride).items()}


def test_the_drawn_way_begins_at_the_threshold(cast, ride):
    drawn = parts(Api(cast.rider).post(DRAWING, {"offer": find_token(cast.rider, ride)}))
    start = line(drawn, "before")[0]
    (origin,) = drawn["origin"]
    assert crow_fly_m(start, threshold_of(ride)) < 1
    assert crow_fly_m(start, LonLat(*origin["geometry"]["coordinates"])) < 1
    assert crow_fly_m(start, DOOR) > 1


def test_the_drawn_reach_is_that_of_the_promises_between_the_thresholds(cast, city, ride, now):
    token = offer_token(cast.rider, ride, now=now)
    (reach,) = get_drawing(cast.rider, token, now=now).reach
    drawn = shapely.from_wkb(bytes(reach.wkb))
    leave_at = ride.stops.get(kind="origin").planned_at
    longest_s = (ride.arrive_latest_at - leave_at).total_seconds()
    axis_m = longest_s * load_network(city).max_speed_mps
    edge = shapely.get_coordinates(drawn)
    middle, held = edge.mean(axis=0), 0
    rings = np.vstack([middle + part * (edge - middle) for part in (0.9, 0.95, 0.98, 1, 1.05)])
    for lon, lat in rings.tolist():
        place = LonLat(lon, lat)
        if crow_fly_m(threshold_of(ride), place) + crow_fly_m(place, PORT) <= axis_m:
            held += 1
            assert drawn.covers(shapely.Point(place))
    assert held > 20
    assert drawn.buffer(0.0001).covers(shapely.from_wkb(bytes(ride.reach.wkb)))


def test_other_riders_stops_are_not_marked_and_end_no_ellipse(cast, ride, now):
    book(cast.rider, ride, now=now)
    theirs = [from_point(s.location) for s in ride.stops.filter(booking__isnull=False)]
    drawn = parts(Api(cast.colleague).post(DRAWING, {"offer": find_token(cast.colleague, ride)}))
    assert "stop" not in drawn
    assert len(drawn["reach"]) == 1
    assert len(theirs) == 2
    own = parts(Api(cast.rider).post(DRAWING, {"offer": find_token(cast.rider, ride)}))
    assert len(own["stop"]) == 2, "control: who travels along sees them"
    assert len(own["reach"]) == 3


def test_a_near_miss_is_drawn_and_never_booked(cast, ride, now):
    late = wish(ride, earliest_departure_at=ride.departure_at + timedelta(minutes=40))
    (near,) = search(cast.rider, late, now=now).near_misses
    drawing = get_drawing(cast.rider, near.token, now=now)
    assert [m.at for m in drawing.marks if m.kind == "pickup"] == [near.pickup.at]
    with pytest.raises(OfferExpired):
        services.book_offer(rider=cast.rider, token=near.token, now=now)


def test_a_detour_that_the_driver_would_have_to_accept_is_drawn(cast, now):
    ride = offer(cast.driver, now=now, detour_s=30)
    far = wish(ride, walk_m=100)
    (near,) = search(cast.rider, far, now=now).near_misses
    assert near.query is None
    drawing = get_drawing(cast.rider, near.token, now=now)
    assert len(drawing.together) > 1
    assert drawing.marks[-1].at > ride.arrive_latest_at


def test_only_who_was_shown_an_offer_sees_it_drawn(cast, ride, now):
    token = offer_token(cast.rider, ride, now=now)
    for stranger in (cast.colleague, cast.outsider):
        with pytest.raises(OfferExpired):
            get_drawing(stranger, token, now=now)
    cast.rider.organization = cast.outsider.organization
    with pytest.raises(RideNotFound):
        get_drawing(cast.rider, token, now=now)


def test_a_ride_that_is_called_off_is_not_drawn(cast, ride, now):
    token = offer_token(cast.rider, ride, now=now)
    cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
    with pytest.raises(RideChanged):
        get_drawing(cast.rider, token, now=now)


def test_a_drawing_takes_the_same_queries_for_a_full_car(
    cast, ride, now, django_assert_max_num_queries
):
    for _ in range(2):
        book(MemberFactory(organization=cast.organization), ride, now=now)
    token = offer_token(cast.rider, ride, now=now)
    with django_assert_max_num_queries(6):
        get_drawing(cast.rider, token, now=now)


def test_the_head_office_is_drawn_as_it_is(cast, now):
    ride = offer(cast.driver, now=now)
    drawing = get_drawing(cast.rider, offer_token(cast.rider, ride, now=now), now=now)
    assert crow_fly_m(LonLat(*drawing.before[0]), HEAD_OFFICE) < 150
    assert selectors.Drawing is type(drawing)
