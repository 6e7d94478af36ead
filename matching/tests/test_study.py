"""The launch study: partners as Dijkstra finds them, cars one can drive, nobody singled out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from carpool.kernel.geo import LonLat, coarse_cell, crow_fly_m
from maps.engine import RoadNetwork, WalkNetwork
from maps.engine.cells import open_cells
from matching.engine.study import Ground, TooFewPeople, study
from matching.engine.study_cars import share_cars
from matching.engine.study_clusters import group_homes, propose_points
from matching.engine.study_pairs import Commutes, Promise, count_partners, drive_times

MINUTE = 60_000
HOUR = 60 * MINUTE
PROMISE = Promise()
WORKS = (LonLat(-71.25094, -29.90747), LonLat(-71.33849, -29.95400), LonLat(-71.28881, -29.94895))


@pytest.fixture
def demo_folder(city):
    return Path(django_settings.NETWORKS_DIR) / city.network_version


@pytest.fixture
def demo(demo_folder):
    return RoadNetwork(demo_folder)


@pytest.fixture
def demo_walks(demo_folder):
    return WalkNetwork(demo_folder)


def cell_of(place):
    return tuple(coarse_cell(LonLat(*place)))


def commutes_of(network, count, seed=1, sites=2):
    """People whose homes lie around a few centres, who start between half past seven and nine."""
    dice = np.random.default_rng(seed)
    centres = dice.integers(0, len(network), max(1, count // 25))
    middle = centres[dice.integers(0, len(centres), count)]
    lon = network.lon[middle] + dice.normal(0, 0.004, count)
    lat = network.lat[middle] + dice.normal(0, 0.004, count)
    home = network.nearest_nodes(lon, lat)
    places = np.array(WORKS[:sites])
    work = network.nearest_nodes(places[:, 0], places[:, 1])[dice.integers(0, sites, count)]
    arrive = (450 + 5 * dice.integers(0, 19, count)) * MINUTE
    car = dice.random(count) < 0.8
    commutes = Commutes(
        home=home,
        work=work,
        arrive_ms=arrive.astype(np.int64),
        depart_ms=(arrive + 9 * HOUR + 10 * MINUTE * dice.integers(-2, 3, count)).astype(np.int64),
        car=car,
        seats=np.where(car, 3, 0).astype(np.int32),
    )
    return commutes, np.column_stack([network.lon[home], network.lat[home]])


def all_times(network, nodes):
    """The truth: times between vertices by SciPy over the raw arcs."""
    graph = csr_matrix(
        (network.arc_ms, network.arc_head, network.arc_start), (len(network), len(network))
    )
    return dijkstra(graph, indices=nodes)[:, nodes]


def can_drive(commutes, times, at, i, j, promise=PROMISE):
    """Try every minute at which i could leave, to work and home: may i take j along?"""
    hi, hj, wi, wj = (at[int(v)] for v in (
        commutes.home[i], commutes.home[j], commutes.work[i], commutes.work[j]
    ))  # fmt: skip
    stand = promise.boarding_ms
    if not (commutes.car[i] and commutes.seats[i] > 0):
        return False

    def fits(legs, windows):
        (i_from, i_to), (j_from, j_to) = windows
        tour = sum(legs) + 2 * stand
        alone = times[hi, wi] if legs is to_work else times[wi, hi]
        if tour > alone + promise.detour_ms:
            return False
        earliest = max(i_from, j_from - legs[0])
        latest = min(i_to - tour, j_to - legs[0] - stand - legs[1])
        return earliest <= latest

    to_work = (times[hi, hj], times[hj, wj], times[wj, wi])
    home = (times[wi, wj], times[wj, hj], times[hj, hi])
    slack = promise.slack_ms
    work_windows = [
        (commutes.arrive_ms[p] - times[h, w] - slack, commutes.arrive_ms[p])
        for p, h, w in ((i, hi, wi), (j, hj, wj))
    ]
    home_windows = [
        (commutes.depart_ms[p], commutes.depart_ms[p] + times[w, h] + slack)
        for p, h, w in ((i, hi, wi), (j, hj, wj))
    ]
    tours_fit = (
        sum(to_work) + 2 * stand <= times[hi, wi] + promise.detour_ms
        and sum(home) + 2 * stand <= times[wi, hi] + promise.detour_ms
    )
    return tours_fit and fits(to_work, work_windows) and fits(home, home_windows)


@pytest.mark.parametrize(("seed", "sites"), [(1, 1), (2, 2), (3, 3)])
def test_partners_are_those_of_brute_force(demo: RoadNetwork, demo_folder, seed, sites):
    commutes, _homes = commutes_of(demo, 70, seed, sites)
    nodes = np.unique(np.concatenate([commutes.home, commutes.work]))
    times, at = all_times(demo, nodes), {int(node): n for n, node in enumerate(nodes)}
    truth = np.zeros(70, int)
    for p in range(70):
        for q in range(p + 1, 70):
            if can_drive(commutes, times, at, p, q) or can_drive(commutes, times, at, q, p):
                truth[[p, q]] += 1
    found = count_partners(commutes, PROMISE, open_cells(demo_folder), demo.labels)
    assert found.tolist() == truth.tolist()
    assert 0 < truth.sum() < 70 * 69, "the test sees both answers"


def greedy(network):
    """A plain stand-in for the batch assignment: one rider for each driver, first come."""
    from matching.engine.assignment import Assignment, Car

    def ways(people, i, j):
        o, d = people.origin, people.destination
        legs = drive_times(
            network.labels,
            np.array([o[i], o[j], d[j], o[i]], np.int32),
            np.array([o[j], d[j], d[i], d[i]], np.int32),
        )
        return int(legs[:3].sum()) + 2 * MINUTE, int(legs[3])

    def assign(people):
        cars, taken = [], set()
        for i in np.flatnonzero(people.may_drive).tolist():
            for j in np.flatnonzero(people.may_ride).tolist():
                if i == j or {i, j} & taken:
                    continue
                tour, alone = ways(people, i, j)
                if tour <= alone + people.detour_ms[i] and people.car[j]:
                    taken |= {i, j}
                    saved = 1000.0
                    cars.append(Car(i, 0, tour, (), (j,), 1000.0, saved))
        saved = 1000.0 * len(cars)
        return Assignment(
            cars=tuple(cars),
            unmatched=(),
            saved_m=saved,
            objective_m=saved,
            bound_m=saved,
            keys=people.key,
            prices_m=np.zeros(len(people)),
        )

    return assign


class TestCars:
    def test_who_drives_home_drove_to_work_and_who_is_left_over_counts_for_nothing(self, demo):
        commutes, _homes = commutes_of(demo, 40)
        asked = []
        assign = greedy(demo)

        def spy(people):
            asked.append(people)
            found = assign(people)
            if len(asked) == 2 and found.cars:  # somebody finds no seat home
                found = replace(found, cars=found.cars[1:], saved_m=found.saved_m - 1000.0)
            return found

        there = drive_times(demo.labels, commutes.home, commutes.work)
        back = drive_times(demo.labels, commutes.work, commutes.home)
        metres = np.full(40, 7000.0)
        shared = share_cars(commutes, PROMISE, (there, back), metres, spy)
        to_work, home = asked
        rode = home.may_ride
        assert not (home.may_drive & rode).any()
        assert not (home.may_drive & ~to_work.may_drive).any()
        assert (shared.stays <= rode).all()
        assert not (shared.stays & shared.drives_others).any()
        cars_to_work, cars_home = rode.sum(), shared.stays.sum()
        left_over = (rode & commutes.car).sum() - shared.stays.sum()
        assert left_over >= 1
        assert shared.saved_m == 1000 * (cars_to_work + cars_home) - 7000 * left_over or (
            shared.saved_m == 0
        )

    def test_windows_never_ask_anybody_to_be_late_or_to_leave_work_early(self, demo):
        commutes, _homes = commutes_of(demo, 20)
        asked = []
        there = drive_times(demo.labels, commutes.home, commutes.work)
        back = drive_times(demo.labels, commutes.work, commutes.home)
        assign = greedy(demo)
        share_cars(
            commutes, PROMISE, (there, back), np.zeros(20), lambda p: asked.append(p) or assign(p)
        )
        day = 24 * HOUR
        assert (asked[0].latest_arrival_ms == commutes.arrive_ms + day).all()
        assert (asked[1].earliest_departure_ms == commutes.depart_ms + day).all()
        slack = asked[0].latest_arrival_ms - asked[0].earliest_departure_ms - there
        assert (slack == PROMISE.slack_ms).all()


homes_near = st.lists(
    st.tuples(st.floats(-71.35, -71.20), st.floats(-30.0, -29.88)),
    min_size=1,
    max_size=60,
)


class TestNeighbourhoods:
    @settings(max_examples=60, deadline=None)
    @given(places=homes_near)
    def test_each_person_is_in_one_at_most_and_the_rest_is_nobody_or_enough(self, places):
        homes = np.array(places)
        groups = group_homes(homes, cell_of)
        people = [p for group in groups for p in group.people.tolist()]
        assert len(people) == len(set(people))
        assert all(len(group.people) >= 5 for group in groups)
        left = len(homes) - len(people)
        assert left == 0 or left >= 5 or not groups

    @settings(max_examples=40, deadline=None)
    @given(places=homes_near)
    def test_they_are_small_and_their_centres_are_those_of_cells(self, places):
        homes = np.array(places)
        for group in group_homes(homes, cell_of):
            assert group.centre == pytest.approx(cell_of(group.centre), abs=1e-9)
            for lon, lat in homes[group.people].tolist():
                away = crow_fly_m(LonLat(lon, lat), LonLat(*group.centre))
                assert away < 3000, "2 km across, and half a cell at each end"

    def test_the_order_of_rows_changes_nothing(self, demo):
        _commutes, homes = commutes_of(demo, 300)
        shuffled = np.random.default_rng(0).permutation(len(homes))
        one = [(g.centre, len(g.people)) for g in group_homes(homes, cell_of)]
        other = [(g.centre, len(g.people)) for g in group_homes(homes[shuffled], cell_of)]
        assert one == other

    def test_of_very_many_cells_larger_squares_are_made(self, demo, monkeypatch):
        monkeypatch.setattr("matching.engine.study_clusters.MOST_CELLS", 20)
        _commutes, homes = commutes_of(demo, 400)
        groups = group_homes(homes, cell_of)
        assert groups
        assert all(len(group.people) >= 5 for group in groups)

    def test_meeting_points_are_walkable_and_their_people_are_counted_once(self, demo, demo_walks):
        _commutes, homes = commutes_of(demo, 300)
        groups = group_homes(homes, cell_of)
        named = np.flatnonzero(demo.names_at >= 2)[::7]
        candidates = np.column_stack([demo.lon[named], demo.lat[named]])
        found = propose_points(demo_walks, homes, groups, candidates, walk_m=600)
        assert sum(len(group.points) for group in found) > 3
        for group in found:
            served = [p for place in group.points for p in place.people.tolist()]
            assert len(served) == len(set(served))
            assert set(served) <= set(group.people.tolist())
            rest = len(group.people) - len(served)
            assert rest == 0 or rest >= 5
            for place in group.points:
                assert len(place.people) >= 5
                for person in place.people[:3].tolist():
                    metres = demo_walks.distance_m(
                        tuple(homes[person]), tuple(candidates[place.candidate])
                    )
                    assert metres <= 601


def ground(demo, walks, folder):
    def lengths(sources, _targets):
        return np.full(len(sources), 8000.0)

    return Ground(demo, walks, open_cells(folder), lengths, greedy(demo), cell_of)


class TestFigures:
    def test_every_count_is_rounded_and_of_five_or_more(self, demo, demo_walks, demo_folder):
        commutes, homes = commutes_of(demo, 120)
        named = np.flatnonzero(demo.names_at >= 2)[::11]
        candidates = np.column_stack([demo.lon[named], demo.lat[named]])
        shares = []
        figures = study(
            commutes,
            homes,
            candidates,
            ground(demo, demo_walks, demo_folder),
            promise=PROMISE,
            walk_m=600,
            report=shares.append,
        )
        counts = [band.people for band in figures.distances + figures.leaves_home]
        counts += [band.people for band in figures.leaves_work]
        counts += [area.people for area in figures.areas]
        counts += [point.people for area in figures.areas for point in area.points]
        counts += [figures.elsewhere] if figures.elsewhere else []
        for told in (
            figures.one_partner,
            figures.three_partners,
            figures.cars_today,
            figures.cars_stay,
        ):
            assert told is not None
            counts.append(told.n)
        assert figures.areas
        assert all(count >= 5 and count % 5 == 0 for count in counts)
        assert figures.people == 120
        assert figures.driven_km == 16 * int(commutes.car.sum())
        assert shares == sorted(shares)
        assert shares[-1] <= 1

    def test_with_too_few_people_nothing_is_told(self, demo, demo_walks, demo_folder):
        commutes, homes = commutes_of(demo, 4)
        with pytest.raises(TooFewPeople):
            study(
                commutes,
                homes,
                np.zeros((0, 2)),
                ground(demo, demo_walks, demo_folder),
                promise=PROMISE,
                walk_m=600,
            )

    def test_too_few_cars_at_home_are_not_told(self, demo, demo_walks, demo_folder):
        commutes, homes = commutes_of(demo, 30)
        lonely = ground(demo, demo_walks, demo_folder)
        figures = study(
            commutes,
            homes,
            np.zeros((0, 2)),
            Ground(*(getattr(lonely, n) for n in ("network", "walk", "cells", "metres")),
                   assign=first_three(lonely.assign), cell_of=cell_of),
            promise=PROMISE,
            walk_m=600,
        )  # fmt: skip
        assert figures.cars_stay is None
        assert figures.saved_km == 0


def first_three(assign):
    def few(people):
        found = assign(people)
        return replace(found, cars=found.cars[:3], saved_m=3000.0)

    return few
