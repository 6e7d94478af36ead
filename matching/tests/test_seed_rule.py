"""The old rule's two homes, NumPy and PostGIS, keep the same rides."""

import numpy as np
import pytest
from django.db import connection

from benchmarks.commutes import draw_requests, draw_rides, population
from benchmarks.rivals_seed import seed_request, seed_rides, seed_rivals
from maps.engine.geodesy import crow_fly_m
from maps.selectors import load_network, load_walk_network
from matching.engine.seed_rule import SeedRule

# A polygon of 32 corners on an ellipse holds the ellipse that is smaller by this, and is held by
# it; a little more for drawing it in a plane.
SMALLER, LARGER = np.cos(np.pi / 32) - 0.002, 1.002


@pytest.fixture
def drawn(city):
    network, rng = load_network(city), np.random.default_rng(3)
    mass = population(network, None)
    supply = draw_rides(network, mass, 3000, rng)
    return network, supply, draw_requests(network, load_walk_network(city), mass, 10, rng)


@pytest.fixture
def database(db):
    """A session of its own, as the benchmark has: settings and the table are gone with it."""
    session = connection.get_new_connection(connection.get_connection_params())
    session.autocommit = True
    yield session
    session.close()


def around_m(rides, place):
    lon, lat = np.array(place.lon), np.array(place.lat)
    return crow_fly_m(*rides.origin, lon, lat) + crow_fly_m(lon, lat, *rides.destination)


def test_postgis_keeps_the_rides_that_the_rule_keeps_up_to_the_polygons_edge(drawn, database):
    network, supply, trips = drawn
    rides, rule = seed_rides(network, supply, own_detour=True), SeedRule()
    kept_by_anyone = 0
    for number, rival in enumerate(seed_rivals(database, network, supply, {})):
        for trip in trips:
            asked = seed_request(network, trip)
            parts = rule.parts(rides, asked)
            others = np.logical_and.reduce([parts[n] for n in parts if n != "ellipse"])
            farther_m = np.maximum(around_m(rides, asked.pickup), around_m(rides, asked.dropoff))
            share = farther_m / rule.major_axis_m(rides)
            surely = set(np.flatnonzero(others & (share <= SMALLER)).tolist())
            perhaps = set(np.flatnonzero(others & (share <= LARGER)).tolist())
            rows = [row[0] for row in rival._filter(asked)]
            assert set(rows) <= perhaps
            if number % 2:  # not just the five that leave first
                assert surely <= set(rows)
            else:
                assert (np.diff(rides.departure_ms[rows]) >= 0).all()
                assert min(5, len(surely)) <= len(rows) <= 5
            kept_by_anyone += len(rows)
    assert kept_by_anyone > 10


def test_the_first_five_to_leave_are_sent_to_the_router(drawn):
    network, supply, trips = drawn
    rides, rule = seed_rides(network, supply, own_detour=False), SeedRule()
    busy = 0
    for trip in trips:
        asked = seed_request(network, trip)
        passing = np.flatnonzero(rule.admits(rides, asked))
        routed = rule.shortlist(rides, asked)
        busy += len(passing) > 5
        assert set(routed.tolist()) <= set(passing.tolist())
        assert len(routed) == min(5, len(passing))
        latest = rides.departure_ms[routed].max(initial=0)
        left_out = np.setdiff1d(passing, routed)
        assert (rides.departure_ms[left_out] >= latest).all()
    assert busy
