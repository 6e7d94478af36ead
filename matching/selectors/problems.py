"""Parts of the batch assignment as bytes, for workers to pass on through the database."""

import io
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import UUID

import numpy as np

from accounts.models import Gender
from accounts.selectors import blocked_pairs
from maps.models import Region
from matching.engine.assignment import (
    Apart,
    Assignment,
    Call,
    Car,
    Commuters,
    Options,
    Part,
    combine,
    prove,
    solve,
    split,
)
from matching.models import AssignmentRun, RunCommuter
from matching.selectors.roads import load_roads


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a region's commuters. What is found is final unless they are cut once more."""

    region_id: UUID
    is_final: bool
    part: Part


def options_of(run: AssignmentRun) -> Options:
    """Return the rules of a run's organizations for the engine."""
    return Options(boarding_ms=1000 * run.strictest("boarding_s"))


def cut(
    region: Region,
    commuters: Commuters,
    options: Options,
    *,
    sweep: int = 0,
    before: Assignment | None = None,
) -> list[Problem]:
    """Cut a region's commuters into parts that can be solved apart from each other."""
    parts = split(commuters, load_roads(region), options, sweep, before)
    is_final = len(parts) == 1 or sweep + 1 >= options.sweeps
    return [Problem(region.pk, is_final, part) for part in parts]


def solve_problem(problem: Problem, options: Options) -> Assignment:
    """Assign the people of one part; who must not share a car is read now, not when it was cut."""
    region = Region.objects.get(pk=problem.region_id)
    apart = list_apart(problem.part.commuters.key.tolist())
    return solve(problem.part, load_roads(region), options, apart)


def list_apart(keys: Collection[int]) -> Apart:
    """Return whom of some commuters nobody may put into one car; two queries."""
    rows = RunCommuter.objects.filter(pk__in=keys).values_list(
        "pk", "member", "member__gender", "member__same_gender_only"
    )
    key_of = {member: key for key, member, _gender, _only in rows}
    pairs = [[key_of[member] for member in pair] for pair in blocked_pairs(list(key_of))]
    return Apart(
        key=np.array([row[0] for row in rows], np.int64),
        group=np.array([Gender.values.index(row[2]) for row in rows], np.int32),
        own_only=np.array([row[3] for row in rows], np.bool_),
        pairs=np.array(pairs, np.int64).reshape(-1, 2),
    )


def cut_again(
    problems: Sequence[Problem], answers: Sequence[Assignment], options: Options, *, sweep: int
) -> list[Problem]:
    """Cut the regions that had several parts along other lines, with the cars found so far."""
    again: list[Problem] = []
    for region in Region.objects.filter(pk__in={p.region_id for p in problems if not p.is_final}):
        commuters, found = _joined(region, problems, answers)
        again += cut(region, commuters, options, sweep=sweep, before=found)
    return again


def bound_of(
    problems: Sequence[Problem], answers: Sequence[Assignment], options: Options
) -> tuple[float, float]:
    """Return what the objective came to, metres, and what no assignment exceeds."""
    objective_m = bound_m = 0.0
    for region in Region.objects.filter(pk__in={problem.region_id for problem in problems}):
        commuters, found = _joined(region, problems, answers)
        if not np.isfinite(found.bound_m):
            found = prove(commuters, found, load_roads(region), options)
        objective_m += found.objective_m
        bound_m += found.bound_m
    return objective_m, bound_m


def _joined(
    region: Region, problems: Sequence[Problem], answers: Sequence[Assignment]
) -> tuple[Commuters, Assignment]:
    here = [n for n, problem in enumerate(problems) if problem.region_id == region.pk]
    columns = {
        field.name: np.concatenate([getattr(problems[n].part.commuters, field.name) for n in here])
        for field in fields(Commuters)
    }
    commuters = Commuters(**columns)
    return commuters, combine(commuters, [answers[n] for n in here])


def pack_problem(problem: Problem) -> bytes:
    """Write a problem."""
    part = problem.part
    columns: dict[str, Any] = {f.name: getattr(part.commuters, f.name) for f in fields(Commuters)}
    if part.prices_m is not None:
        columns["prices_m"] = part.prices_m
    head = {"region": str(problem.region_id), "final": problem.is_final}
    return _write(head | {"cars": _write_cars(part.cars)}, columns)


def unpack_problem(written: bytes) -> Problem:
    """Read a problem."""
    head, columns = _read(written)
    prices_m = columns.pop("prices_m", None)
    part = Part(Commuters(**columns), _read_cars(head["cars"]), prices_m)
    return Problem(UUID(head["region"]), head["final"], part)


def pack_answer(answer: Assignment) -> bytes:
    """Write an answer, but for how long it took."""
    head = {
        "cars": _write_cars(answer.cars),
        "unmatched": answer.unmatched,
        "saved_m": answer.saved_m,
        "objective_m": answer.objective_m,
        "bound_m": answer.bound_m,
    }
    return _write(head, {"keys": answer.keys, "prices_m": answer.prices_m})


def unpack_answer(written: bytes) -> Assignment:
    """Read an answer."""
    head, columns = _read(written)
    head |= {"cars": _read_cars(head["cars"]), "unmatched": tuple(head["unmatched"])}
    return Assignment(**head, **columns)


def _write(head: dict[str, Any], columns: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, head=np.array(json.dumps(head)), **columns)
    return file.getvalue()


def _read(written: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    with np.load(io.BytesIO(written), allow_pickle=False) as file:
        head = json.loads(str(file["head"]))
        return head, {name: file[name] for name in file.files if name != "head"}


def _write_cars(cars: Iterable[Car]) -> list[dict[str, Any]]:
    return [asdict(car) for car in cars]


def _read_cars(cars: Iterable[dict[str, Any]]) -> tuple[Car, ...]:
    return tuple(
        Car(
            **car
            | {
                "calls": tuple(Call(*call) for call in car["calls"]),
                "riders": tuple(car["riders"]),
            }
        )
        for car in cars
    )
