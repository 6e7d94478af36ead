"""Distances, boxes, the admissible ellipse, the coarse grid, lines cut at their ends."""

import itertools
import math

import numpy as np
import pytest
from django.contrib.gis.geos import LineString
from hypothesis import assume, given
from hypothesis import strategies as st

from carpool.kernel import geo
from carpool.kernel.geo import LonLat, crow_fly_m, offset_m, to_point

places = st.builds(
    LonLat, lon=st.floats(min_value=-170, max_value=170), lat=st.floats(min_value=-65, max_value=65)
)
directions = st.floats(min_value=0, max_value=2 * math.pi)


def metres(most):
    return st.floats(min_value=-most, max_value=most)


def along(place, bearing, distance_m):
    """The exact destination on the sphere (not the plane that the product uses)."""
    arc = distance_m / geo.EARTH_RADIUS_M
    lat = math.radians(place.lat)
    north = math.asin(
        math.sin(lat) * math.cos(arc) + math.cos(lat) * math.sin(arc) * math.cos(bearing)
    )
    east = math.atan2(
        math.sin(bearing) * math.sin(arc) * math.cos(lat),
        math.cos(arc) - math.sin(lat) * math.sin(north),
    )
    return LonLat(place.lon + math.degrees(east), math.degrees(north))


def test_a_degree_of_latitude_is_111_km_and_of_longitude_less():
    assert crow_fly_m(LonLat(0, 0), LonLat(0, 1)) == pytest.approx(geo.METRES_PER_DEGREE)
    assert crow_fly_m(LonLat(0, 60), LonLat(1, 60)) == pytest.approx(55_597, rel=1e-3)


@given(a=places, b=places)
def test_distance_is_the_same_both_ways_and_nothing_to_oneself(a, b):
    assert crow_fly_m(a, b) == pytest.approx(crow_fly_m(b, a))
    assert crow_fly_m(a, a) == 0


@given(place=places, bearing=directions, distance_m=st.floats(min_value=1, max_value=50_000))
def test_distance_agrees_with_the_sphere(place, bearing, distance_m):
    assert crow_fly_m(place, along(place, bearing, distance_m)) == pytest.approx(distance_m)


@given(place=places)
def test_a_point_is_longitude_first_and_comes_back(place):
    point = to_point(place)
    assert (point.x, point.y, point.srid) == (place.lon, place.lat, 4326)
    assert geo.from_point(point) == place


@given(place=places, east_m=metres(10_000), north_m=metres(10_000))
def test_an_offset_lies_as_far_as_it_says(place, east_m, north_m):
    there = offset_m(place, east_m=east_m, north_m=north_m)
    expected = math.hypot(east_m, north_m)
    assert crow_fly_m(place, there) == pytest.approx(expected, rel=5e-3, abs=0.01)
    assert (there.lat > place.lat) == (there.lat - place.lat > 0)
    assert abs(east_m) < 0.01 or (there.lon > place.lon) == (east_m > 0)
    assert abs(north_m) < 0.01 or (there.lat > place.lat) == (north_m > 0)


@given(place=places, bearing=directions, radius_m=st.floats(min_value=1, max_value=5_000))
def test_a_box_contains_the_circle_and_little_more(place, bearing, radius_m):
    box = geo.box_around(place, radius_m=radius_m)
    assert box.srid == 4326
    assert box.contains(to_point(along(place, bearing, radius_m - 0.02)))
    assert not box.contains(to_point(along(place, bearing, radius_m * 1.5)))


@given(
    a=places,
    b_east=metres(90_000),
    b_north=metres(90_000),
    p_east=metres(150_000),
    p_north=metres(150_000),
    spare_m=st.floats(min_value=0, max_value=50_000),
)
def test_the_ellipse_contains_every_point_whose_two_distances_fit(
    a, b_east, b_north, p_east, p_north, spare_m
):
    b = offset_m(a, east_m=b_east, north_m=b_north)
    p = offset_m(a, east_m=p_east, north_m=p_north)
    major = crow_fly_m(a, p) + crow_fly_m(p, b) + spare_m
    ellipse = geo.reach_ellipse(a, b, major_axis_m=major)
    assert ellipse.srid == 4326
    assert ellipse.contains(to_point(p))
    assert ellipse.contains(to_point(a))
    assert ellipse.contains(to_point(b))


def on_the_edge(a, b, bearing, major_m):
    """The farthest place in that direction from half way whose two distances just fit."""
    middle = LonLat((a.lon + b.lon) / 2, (a.lat + b.lat) / 2)
    near_m, far_m = 0.0, major_m
    for _ in range(50):
        half_m = (near_m + far_m) / 2
        p = along(middle, bearing, half_m)
        fits = crow_fly_m(a, p) + crow_fly_m(p, b) <= major_m
        near_m, far_m = (half_m, far_m) if fits else (near_m, half_m)
    return along(middle, bearing, near_m)


@pytest.mark.parametrize("lat", [0.0, 37.5, -53.0, 65.0])
@pytest.mark.parametrize("apart_m", [1_000, 20_000, 120_000])
@pytest.mark.parametrize("longer", [1.05, 1.5, 3.0])
@pytest.mark.parametrize("direction", [0.0, 0.7, 1.57])
@pytest.mark.parametrize("corners", [6, 32])
def test_the_ellipse_holds_its_whole_edge(lat, apart_m, longer, direction, corners):
    a = LonLat(10.0, lat)
    b = along(a, direction, apart_m)
    major_m = apart_m * longer
    ellipse = geo.reach_ellipse(a, b, major_axis_m=major_m, corners=corners)
    for step in range(96):
        edge = on_the_edge(a, b, 2 * math.pi * step / 96, major_m)
        assert ellipse.contains(to_point(edge)), step


@given(a=places, east=metres(20_000), north=metres(20_000), bearing=directions)
def test_the_ellipse_leaves_out_what_is_clearly_too_far(a, east, north, bearing):
    b = offset_m(a, east_m=east, north_m=north)
    major = crow_fly_m(a, b) + 5_000
    ellipse = geo.reach_ellipse(a, b, major_axis_m=major)
    middle = LonLat((a.lon + b.lon) / 2, (a.lat + b.lat) / 2)
    far = along(middle, bearing, major * 0.6 + 1_000)
    assert crow_fly_m(a, far) + crow_fly_m(far, b) > major
    assert not ellipse.contains(to_point(far))


def test_an_ellipse_too_short_for_its_ends_still_holds_them():
    a, b = LonLat(-71.25, -29.90), LonLat(-71.33, -29.95)
    ellipse = geo.reach_ellipse(a, b, major_axis_m=10)
    assert ellipse.contains(to_point(a))
    assert ellipse.contains(to_point(b))


@given(place=places, size_m=st.sampled_from([100.0, 500.0, 2_000.0]))
def test_a_coarse_cell_is_near_and_its_centre_is_its_own_cell(place, size_m):
    centre = geo.coarse_cell(place, size_m=size_m)
    assert geo.coarse_cell(place, size_m=size_m) == centre
    assert geo.coarse_cell(centre, size_m=size_m) == centre
    assert crow_fly_m(place, centre) <= size_m / 2 * math.sqrt(2) * 1.01


@given(place=places, east=metres(1), north=metres(1))
def test_neighbours_share_a_cell_so_a_cell_tells_no_door(place, east, north):
    centre = geo.coarse_cell(place)
    inside = offset_m(centre, east_m=240 * east, north_m=240 * north)
    assert geo.coarse_cell(inside) == centre


lines = st.lists(st.tuples(metres(3_000), metres(3_000)), min_size=2, max_size=8).map(
    lambda steps: [offset_m(LonLat(-71.27, -29.93), east_m=e, north_m=n) for e, n in steps]
)


def length_m(line):
    return float(geo.lengths_m(np.asarray(line.coords)).sum())


@given(corners=lines, start_m=st.floats(0, 4_000), end_m=st.floats(0, 4_000))
def test_a_trimmed_line_is_shorter_by_what_was_cut(corners, start_m, end_m):
    line = LineString(corners, srid=4326)
    whole = length_m(line)
    trimmed = geo.trim_line(line, start_m=start_m, end_m=end_m)
    left = whole - start_m - end_m
    if left <= 1.0:
        assert trimmed is None
        return
    assert trimmed.srid == 4326
    assert length_m(trimmed) == pytest.approx(left, abs=1.5)
    assert line.distance(to_point(LonLat(*trimmed.coords[0]))) < 1e-6
    assert line.distance(to_point(LonLat(*trimmed.coords[-1]))) < 1e-6


@given(corners=lines, start_m=st.floats(1, 1_000))
def test_a_trimmed_line_keeps_its_direction_and_loses_its_beginning(corners, start_m):
    line = LineString(corners, srid=4326)
    trimmed = geo.trim_line(line, start_m=start_m, end_m=0)
    assume(trimmed is not None)
    assert trimmed.coords[-1] == pytest.approx(line.coords[-1])
    cut = LineString([line.coords[0], *trimmed.coords], srid=4326)
    assert length_m(trimmed) < length_m(line)
    assert length_m(cut) <= length_m(line) + 1.5


@given(corners=lines)
def test_a_line_comes_back_as_geojson_writes_it(corners):
    line = geo.to_line(np.asarray(corners))
    assert line.srid == 4326
    assert np.asarray(geo.coordinates(line)) == pytest.approx(np.asarray(corners), abs=6e-7)


@given(corners=lines)
def test_lengths_agree_with_the_great_circle(corners):
    pieces = geo.lengths_m(np.asarray(corners))
    exact = [crow_fly_m(a, b) for a, b in itertools.pairwise(corners)]
    assert pieces == pytest.approx(exact, rel=1e-4, abs=0.01)


def test_a_kilometre_is_walked_in_about_fourteen_minutes():
    assert geo.walking_time(1_000).total_seconds() == pytest.approx(833, abs=1)
