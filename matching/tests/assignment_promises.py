"""What an assignment promises, checked in plain Python; and the best one, by trying all."""

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise, permutations

from matching.engine.assignment import Assignment, Car, Commuters, Options

Drive = Callable[[int, int], tuple[int, float]]
"""Milliseconds and metres of the fastest way between two vertices."""


def assert_keeps_promises(
    people: Commuters, found: Assignment, drive: Drive, options: Options, tolerance_m: float = 0.01
) -> None:
    """Check every car of an assignment, and that everybody is somewhere exactly once."""
    row = {int(key): n for n, key in enumerate(people.key)}
    everywhere = [*found.unmatched]
    for car in found.cars:
        everywhere += [car.driver, *car.riders]
        _assert_car(people, car, row, drive, options, tolerance_m)
    assert sorted(everywhere) == sorted(row), "somebody is lost, or in two places"
    assert abs(found.saved_m - sum(car.saved_m for car in found.cars)) < 1
    assert found.objective_m <= found.bound_m * (1 + 1e-9) + 1, "the bound is none"


def _assert_car(
    people: Commuters,
    car: Car,
    row: dict[int, int],
    drive: Drive,
    options: Options,
    tolerance_m: float,
) -> None:
    driver = row[car.driver]
    assert people.may_drive[driver]
    assert 0 < len(car.riders) <= options.most_riders
    assert car.departure_ms >= people.earliest_departure_ms[driver]
    assert car.arrival_ms <= people.latest_arrival_ms[driver]
    alone_ms, _alone_m = drive(int(people.origin[driver]), int(people.destination[driver]))
    assert car.arrival_ms - car.departure_ms <= alone_ms + people.detour_ms[driver]
    here, at, driven = int(people.origin[driver]), car.departure_ms, 0.0
    aboard: set[int] = set()
    seen = []
    for call in car.calls:
        took, metres = drive(here, call.vertex)
        assert call.at_ms >= at + took, "driven faster than the roads allow"
        rider = row[call.key]
        if call.pickup:
            assert people.may_ride[rider]
            assert call.vertex == people.origin[rider]
            assert call.at_ms >= people.earliest_departure_ms[rider]
            aboard.add(call.key)
            assert len(aboard) <= people.seats[driver]
        else:
            assert call.vertex == people.destination[rider]
            assert call.at_ms <= people.latest_arrival_ms[rider]
            aboard.remove(call.key)
        seen.append(call.key)
        here, at, driven = call.vertex, call.at_ms + options.boarding_ms, driven + metres
    took, metres = drive(here, int(people.destination[driver]))
    assert not aboard
    assert sorted(seen) == sorted([*car.riders, *car.riders])
    assert car.arrival_ms >= at + took
    assert abs(car.driven_m - driven - metres) <= tolerance_m * (len(car.calls) + 1)
    saved = -car.driven_m + sum(
        drive(int(people.origin[n]), int(people.destination[n]))[1]
        for n in (driver, *(row[key] for key in car.riders))
        if people.car[n]
    )
    assert abs(car.saved_m - saved) <= tolerance_m * (len(car.riders) + 2)


def best_objective_m(
    people: Commuters,
    drive: Drive,
    options: Options,
    may_share: Callable[[int, int], bool] = lambda _one, _other: True,
) -> float:
    """Return the objective of the best assignment, by trying all; ``may_share`` asks by keys."""
    worth: dict[int, list[tuple[frozenset[int], float]]] = {
        n: [
            (riders, value)
            for riders, value in _trips(people, n, drive, options)
            if all(
                may_share(int(people.key[a]), int(people.key[b]))
                for a, b in combinations((n, *riders), 2)
            )
        ]
        for n in range(len(people))
        if people.may_drive[n]
    }

    def best(drivers: tuple[int, ...], taken: frozenset[int]) -> float:
        if not drivers:
            return 0.0
        driver, rest = drivers[0], drivers[1:]
        most = best(rest, taken)
        if driver not in taken:
            for riders, value in worth[driver]:
                if not riders & taken:
                    most = max(most, value + best(rest, taken | riders | {driver}))
        return most

    return best(tuple(worth), frozenset())


def _trips(
    people: Commuters, driver: int, drive: Drive, options: Options
) -> Iterator[tuple[frozenset[int], float]]:
    others = [n for n in range(len(people)) if n != driver and people.may_ride[n]]
    for count in range(1, options.most_riders + 1):
        for riders in combinations(others, count):
            calls = [(r, True) for r in riders] + [(r, False) for r in riders]
            lengths = [
                length
                for order in permutations(calls)
                if (length := _length(people, driver, order, drive, options)) is not None
            ]
            if lengths:
                party = (driver, *riders)
                alone = sum(
                    drive(int(people.origin[n]), int(people.destination[n]))[1]
                    for n in party
                    if people.car[n]
                )
                favour = sum(float(people.share_favour_m[n]) for n in party)
                favour += sum(float(people.ride_favour_m[n]) for n in riders)
                yield frozenset(riders), alone + favour - min(lengths)


def _length(people, driver, order, drive, options):
    """Return the metres of one order, or None when no time of departure keeps every promise."""
    aboard = 0
    for n, (rider, start) in enumerate(order):
        if not start and (rider, True) not in order[:n]:
            return None
        aboard += 1 if start else -1
        if aboard > people.seats[driver]:
            return None
    places = [people.origin[driver]]
    places += [people.origin[r] if start else people.destination[r] for r, start in order]
    places.append(people.destination[driver])
    legs = [drive(int(a), int(b)) for a, b in pairwise(places)]
    total, starts = 0, {int(people.earliest_departure_ms[driver])}
    for (rider, start), (took, _) in zip(order, legs, strict=False):
        total += took
        moment = people.earliest_departure_ms[rider] if start else people.latest_arrival_ms[rider]
        starts.add(int(moment) - total)
        total += options.boarding_ms
    starts.add(int(people.latest_arrival_ms[driver]) - total - legs[-1][0])
    alone = drive(int(people.origin[driver]), int(people.destination[driver]))[0]
    budget = alone + int(people.detour_ms[driver])
    if any(_holds(people, driver, order, legs, (at, at + budget), options) for at in starts):
        return sum(metres for _, metres in legs)
    return None


def _holds(people, driver, order, legs, span, options):
    begin, end = span
    if begin < people.earliest_departure_ms[driver]:
        return False
    at = begin
    for (rider, start), (took, _) in zip(order, legs, strict=False):
        at += took
        if start:
            at = max(at, int(people.earliest_departure_ms[rider]))
        elif at > people.latest_arrival_ms[rider]:
            return False
        at += options.boarding_ms
    at += legs[-1][0]
    return at <= min(int(people.latest_arrival_ms[driver]), end)
