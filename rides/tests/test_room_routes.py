"""The way of a shared taxi: in which order people get out, and who belongs together."""

import pytest

from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, PORT, WORKSHOP
from rides.errors import RoutesDiffer
from rides.services.room_routes import check_belongs_together, plan_room


def test_the_order_is_the_fastest_of_all(city):
    ends = [PORT, WORKSHOP, HOME_NORTH]
    together = plan_room(city, HEAD_OFFICE, ends)
    assert sorted(part.position for part in together.parts) == [0, 1, 2]
    alone = [plan_room(city, HEAD_OFFICE, [end]).duration_s for end in ends]
    assert together.duration_s >= max(alone)
    for part, least_s in zip(together.parts, alone, strict=True):
        assert abs(part.duration_s - part.extra_s - least_s) <= 1
    last = max(together.parts, key=lambda part: part.position)
    assert last.distance_m == together.distance_m


def test_people_with_one_dropoff_share_the_whole_way(city):
    route = plan_room(city, HEAD_OFFICE, [PORT, PORT])
    assert {(part.position, part.extra_s) for part in route.parts} == {(0, 0)}
    assert {part.shared_m for part in route.parts} == {route.distance_m}


def test_the_bounds_are_those_of_the_organization(city):
    route = plan_room(city, HEAD_OFFICE, [PORT, HOME_NORTH])
    check_belongs_together(route, most_extra_s=3600, least_shared_percent=0)
    with pytest.raises(RoutesDiffer):
        check_belongs_together(route, most_extra_s=3600, least_shared_percent=90)
