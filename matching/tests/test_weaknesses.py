"""The seven weaknesses of the rule that went before: each would lose a ride that we find.

The rides are on the demo city's streets and searched for as riders do; where another part of the
world is needed, the geometry and the engine are asked. ``SeedRule`` is the old rule, word for word.
"""

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.gis.geos import Point

from accounts.tests.factories import (
    ELSEWHERE,
    HEAD_OFFICE,
    HOME_NORTH,
    PORT,
    WORKSHOP,
    MemberFactory,
)
from carpool.kernel.geo import (
    LonLat,
    crow_fly_m,
    from_point,
    lengths_m,
    offset_m,
    reach_ellipse,
)
from matching.engine import CostWeights, best_insertions
from matching.engine.seed_rule import (
    DEFAULT_DETOUR_M,
    LatitudeBandsDiffer,
    SeedRequest,
    SeedRides,
    SeedRule,
    bearing_degrees,
    hears_shout_out,
)
from matching.models import Match
from matching.selectors import query_of, search
from matching.selectors.arrays import to_ms
from matching.services import match_ride
from matching.tests.brute import PlainRequest, PlainStop
from matching.tests.test_engine import as_arrays
from rides.services import RequestTerms, TripEnd, post_request
from rides.tests.factories import book, offer, wish


def as_seed_knows(*rides, detour_m=DEFAULT_DETOUR_M):
    """Return rides with the old rule's eyes."""
    return SeedRides(
        origin=np.array([from_point(ride.origin) for ride in rides]).T,
        destination=np.array([from_point(ride.destination) for ride in rides]).T,
        departure_ms=np.array([to_ms(ride.departure_at) for ride in rides]),
        arrival_ms=np.array([to_ms(ride.arrival_at) for ride in rides]),
        detour_m=np.full(len(rides), float(detour_m)),
        seats_left=np.array([ride.seats_offered for ride in rides]),
        bookings=np.array([ride.bookings.count() for ride in rides]),
    )


def bearing_of(ride):
    return bearing_degrees(from_point(ride.origin), from_point(ride.destination))


def as_seed_asks(query):
    """Return a query with the old rule's eyes."""
    return SeedRequest(
        pickup=query.origin.location,
        dropoff=query.destination.location,
        earliest_ms=to_ms(query.earliest_departure_at),
        latest_ms=to_ms(query.latest_arrival_at),
        seats=query.seats,
    )


def found_by(member, query, now):
    return {found.ride.pk for found in search(member, query, now=now).offers}


def test_1_bearings_on_both_sides_of_north_are_near_each_other(city, cast, now):
    """The ride goes 350° or so, the rider 10° or so: 340° apart for who does not wrap around."""
    start, end = LonLat(-71.2470, -29.9400), LonLat(-71.2510, -29.9050)
    ride = offer(cast.driver, now=now, origin=TripEnd(start), destination=TripEnd(end))
    query = wish(
        ride,
        origin=TripEnd(LonLat(-71.2515, -29.9340)),
        destination=TripEnd(LonLat(-71.2490, -29.9120)),
    )
    ridden, asked = as_seed_knows(ride), as_seed_asks(query)
    assert bearing_of(ride) > 340
    assert bearing_degrees(asked.pickup, asked.dropoff) < 20

    assert not SeedRule().admits(ridden, asked)
    assert SeedRule(wraps=True).admits(ridden, asked)
    assert found_by(cast.rider, query, now) == {ride.pk}


def test_2_a_margin_of_twice_the_detour_fills_the_shortlist_with_hopeless_rides(city, cast, now):
    """Drivers who accept 2 km, and would need 4: they are admitted, leave first, and shut out."""
    good = offer(cast.driver, now=now, hours=25, detour_m=2000)
    query = wish(good)
    hopeless = aside(cast, query, now, detour_m=2000)
    rides, asked = as_seed_knows(*hopeless, good, detour_m=2000), as_seed_asks(query)

    assert SeedRule().shortlist(rides, asked).tolist() == [0, 1, 2, 3, 4]
    assert SeedRule(half_margin=True).shortlist(rides, asked).tolist() == [5]
    assert found_by(cast.rider, query, now) == {good.pk}


def test_3_the_nearest_ride_is_found_however_many_leave_before_it(city, cast, now):
    """Five drivers with a minute to spare pass too far off; the sixth leaves last and fits."""
    good = offer(cast.driver, now=now, hours=25)
    query = wish(good)
    in_a_hurry = aside(cast, query, now, detour_s=60)
    rides, asked = as_seed_knows(*in_a_hurry, good), as_seed_asks(query)

    assert SeedRule(half_margin=True).shortlist(rides, asked).tolist() == [0, 1, 2, 3, 4]
    assert found_by(cast.rider, query, now) == {good.pk}


def aside(cast, query, now, **changes):
    """Offer five rides, early and parallel to the rider's way, 2 km to the side of it."""
    start, end = (
        TripEnd(offset_m(place.location, east_m=1490, north_m=-1340))
        for place in (query.origin, query.destination)
    )
    drivers = [MemberFactory(organization=cast.organization, car=True) for _ in range(5)]
    return [
        offer(driver, now=now, hours=24.3 + n / 60, origin=start, destination=end, **changes)
        for n, driver in enumerate(drivers)
    ]


@pytest.mark.parametrize("lat", [-56.0, -48.0, 0.0, 8.0, 48.0, 56.0, 64.0, 72.0])
def test_4_rides_across_any_parallel_are_kept_and_found(lat):
    """The UTM grid has an edge every 8 degrees, and the old ellipse could not be drawn across."""
    south, north = LonLat(2.0, lat - 0.02), LonLat(2.01, lat + 0.02)
    ways = [south, LonLat(2.003, lat - 0.01), LonLat(2.006, lat + 0.01), north]
    asked = SeedRequest(pickup=ways[1], dropoff=ways[2], earliest_ms=0, latest_ms=10**7)
    across = SeedRides(
        origin=np.array([south]).T,
        destination=np.array([north]).T,
        departure_ms=np.array([0]),
        arrival_ms=np.array([10**6]),
        detour_m=np.array([DEFAULT_DETOUR_M]),
        seats_left=np.array([1]),
        bookings=np.array([0]),
    )
    with pytest.raises(LatitudeBandsDiffer):
        SeedRule().admits(across, asked)

    reach = reach_ellipse(south, north, major_axis_m=crow_fly_m(south, north) + 500)
    assert all(reach.contains(Point(*place, srid=4326)) for place in ways[1:3])
    speed = 15 / 1000  # metres per millisecond, straight
    times = np.array([[round(crow_fly_m(a, b) / speed) for b in ways] for a in ways])
    ride = [PlainStop(0, None, 0, 0, 0), PlainStop(3, None, int(times[0, 3]) + 60_000, 0, 0)]
    request = PlainRequest([(1, 0)], [(2, 10**7)], 1, 10_000)
    best = best_insertions(*as_arrays(times, [(ride, 0, 3)], request), CostWeights())
    assert best[0] is not None


def test_5_a_short_trip_along_the_way_is_found_however_the_road_turns(city, cast, now):
    """Near its start the road runs another way than the crow flies, and so does the rider."""
    ride = offer(cast.driver, now=now, origin=TripEnd(PORT), destination=TripEnd(HEAD_OFFICE))
    first, last = turn_on_the_way(ride, bearing_of(ride))
    query = wish(ride, origin=TripEnd(first), destination=TripEnd(last), walk_m=200)
    ridden, asked = as_seed_knows(ride), as_seed_asks(query)

    assert SeedRule().holds(ridden, first)
    assert SeedRule().holds(ridden, last)
    assert not SeedRule(wraps=True).admits(ridden, asked)
    assert found_by(cast.rider, query, now) == {ride.pk}


def turn_on_the_way(ride, overall):
    """Return two places on the first half of a ride's way, across the direction it takes."""
    points = [LonLat(*point) for point in ride.route.coords]
    along = np.concatenate([[0.0], np.cumsum(lengths_m(np.array(points)))])
    for a in range(len(points)):
        for b in range(a + 1, len(points)):
            apart = abs(bearing_degrees(points[a], points[b]) - overall)
            far_enough = crow_fly_m(points[a], points[b]) > 400
            if along[b] < along[-1] / 2 and far_enough and min(apart, 360 - apart) > 65:
                return points[a], points[b]
    raise AssertionError("this way never turns")


def test_6_a_ride_takes_as_many_riders_as_it_has_seats(city, cast, now):
    """One rider aboard closed a ride to all others."""
    ride = offer(cast.driver, now=now, seats=3)
    query = wish(ride)
    for rider in (cast.rider, cast.manager):
        assert found_by(rider, query, now) == {ride.pk}
        book(rider, ride, now=now)
        assert not SeedRule(wraps=True).admits(as_seed_knows(ride), as_seed_asks(query))
    assert found_by(cast.colleague, query, now) == {ride.pk}
    book(cast.colleague, ride, now=now)
    assert ride.bookings.count() == 3


def test_7_a_standing_request_reaches_who_drives_that_way_wherever_they_live(city, cast, now):
    """Shout-outs were sent to homes near the trip, not to rides along it."""
    leaves_at = now + timedelta(hours=24)
    terms = RequestTerms(
        origin=TripEnd(HOME_NORTH, "Home"),
        destination=TripEnd(WORKSHOP, "Workshop"),
        earliest_departure_at=leaves_at - timedelta(hours=1),
        latest_arrival_at=leaves_at + timedelta(hours=2),
    )
    wanted = post_request(rider=cast.rider, terms=terms, now=now)
    home = ELSEWHERE  # the driver comes from far away and passes through
    assert not hears_shout_out(home, as_seed_asks(query_of(wanted)))
    assert hears_shout_out(PORT, as_seed_asks(query_of(wanted))), "even if they never drive it"

    ride = offer(cast.driver, now=now)
    assert match_ride(ride_id=ride.pk, now=now) == 1
    assert Match.objects.filter(request=wanted, ride=ride).exists()
