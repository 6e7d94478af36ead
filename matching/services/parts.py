"""The parts of a run: solving one, cutting everything anew, and what follows for each commuter.

A part that is solved for good becomes proposals at once; nobody waits for the other parts. Who is
left without a car is then cared for one by one, as each plan says.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from carpool.kernel.errors import DomainError
from matching.engine.assignment import Assignment
from matching.models import (
    AssignmentRun,
    CarpoolProposal,
    Direction,
    Outcome,
    ProposalState,
    RunCommuter,
    RunPart,
    RunState,
)
from matching.selectors.problems import (
    bound_of,
    cut_again,
    options_of,
    pack_answer,
    solve_problem,
    unpack_answer,
    unpack_problem,
)
from matching.selectors.travellers import TravelDesk, Traveller
from matching.services.proposals import take
from matching.services.proposing import store_cars
from matching.services.runs import end_run, lock_run, write_parts
from matching.services.standing import keep_looking
from rides import services as rides
from rides.services import TripEnd

Clock = Callable[[], datetime]


def solve_part(*, part_id: int, read_clock: Clock) -> bool:
    """Solve one part, act on what was found, and bring the run on; tell whether it was solved.

    Solving takes minutes, so the clock is read when something is written, not before.
    """
    part = (
        RunPart.objects.select_related("run__organization", "run__partner")
        .filter(pk=part_id)
        .first()
    )
    if part is None or part.run.state != RunState.RUNNING:
        return False
    run = part.run
    problem = unpack_problem(bytes(part.problem))
    if part.answer is None:
        answer = solve_problem(problem, options_of(run))
        _accept(part, answer, is_final=problem.is_final, now=read_clock())
    else:
        answer = unpack_answer(bytes(part.answer))
    if problem.is_final:
        settle(run, answer, now=read_clock())
    advance(run_id=run.pk, now=read_clock())
    return True


@transaction.atomic
def _accept(part: RunPart, answer: Assignment, *, is_final: bool, now: datetime) -> None:
    """Write an answer down once; a second worker with the same part comes too late."""
    locked = RunPart.objects.select_for_update().filter(pk=part.pk, answer=None).first()
    if locked is None:
        return
    if is_final:
        travellers = read_travellers(part.run, answer.keys.tolist())
        store_cars(part.run, answer.cars, travellers, now=now)
    locked.answer = pack_answer(answer)
    locked.save(update_fields=["answer"])


def read_travellers(run: AssignmentRun, keys: list[int]) -> dict[int, Traveller]:
    """Return a run's commuters as travellers, but for those whose plan has changed meanwhile."""
    rows = (
        RunCommuter.objects.filter(run=run, pk__in=keys, trip__plan__updated_at__lte=run.started_at)
        .select_related(
            "trip__plan__member__organization",
            "trip__plan__home",
            "trip__plan__work_place",
            "trip__plan__work_site",
            "trip__plan__car",
        )
        .prefetch_related("trip__plan__member__avoided_places")
    )
    desk = TravelDesk(run.service_date)
    read = {row.pk: desk.read(row.trip) for row in rows if row.trip is not None}
    return {key: traveller for key, traveller in read.items() if traveller is not None}


def settle(run: AssignmentRun, answer: Assignment, *, now: datetime) -> None:
    """Do for each commuter of a solved part what their plan says, each by themselves."""
    keys = answer.keys.tolist()
    if run.partner_id is not None:
        # Their own organization's run has cared for them already; here they were only tried.
        RunCommuter.objects.filter(run=run, pk__in=keys, outcome=Outcome.PENDING).delete()
        keys = list(RunCommuter.objects.filter(run=run, pk__in=keys).values_list("pk", flat=True))
    pending = RunCommuter.objects.filter(run=run, pk__in=keys, outcome=Outcome.PENDING)
    travellers = read_travellers(run, list(pending.values_list("pk", flat=True)))
    for key in pending.values_list("pk", flat=True):
        _settle_one(key, travellers.get(key), now=now)
    willing = CarpoolProposal.objects.filter(
        run=run,
        state=ProposalState.OPEN,
        driver__commute_plan__offers_alone=True,
        driver__in=RunCommuter.objects.filter(pk__in=keys).values("member"),
    )
    for proposal_id in willing.values_list("pk", flat=True):
        _take_for(proposal_id, now=now)


@transaction.atomic
def _settle_one(key: int, traveller: Traveller | None, *, now: datetime) -> None:
    """Offer the ride of who drives alone, or look on for who found no car, if they want that."""
    row = (
        RunCommuter.objects.select_for_update(skip_locked=True)
        .filter(pk=key, outcome=Outcome.PENDING)
        .first()
    )
    if row is None:
        return
    row.outcome = Outcome.LEFT_OUT
    if traveller is not None:
        plan = traveller.trip.plan
        if not traveller.may_ride:
            row.outcome = Outcome.ALONE
        if traveller.may_drive and plan.offers_alone:
            row.outcome = Outcome.ALONE
            _offer(traveller, now=now)
        elif traveller.may_ride and plan.keeps_looking:
            start, end = traveller.origin, traveller.destination
            keep_looking(
                rider=traveller.member,
                origin=(start.place, start.label),
                destination=(end.place, end.label),
                earliest_departure_at=traveller.earliest_departure_at,
                latest_arrival_at=traveller.latest_arrival_at,
                walk_m=plan.walk_m,
                now=now,
            )
    row.save(update_fields=["outcome"])


def _offer(traveller: Traveller, *, now: datetime) -> None:
    """Publish the ride of somebody who drives without knowing of anybody yet."""
    plan, start, end = traveller.trip.plan, traveller.origin, traveller.destination
    assert traveller.car is not None
    to_work = traveller.trip.direction == Direction.TO_WORK
    terms = rides.OfferTerms(
        origin=TripEnd(start.place, start.label),
        destination=TripEnd(end.place, end.label),
        car_id=traveller.car.pk,
        seats=traveller.seats,
        detour_s=plan.detour_s,
        departure_at=None if to_work else traveller.earliest_departure_at,
        arrive_by=traveller.latest_arrival_at if to_work else None,
    )
    try:
        with transaction.atomic():
            rides.offer_ride(driver=traveller.member, terms=terms, now=now)
    except DomainError:
        return  # They drive something else by now: nothing to offer.


@transaction.atomic
def _take_for(proposal_id: UUID, *, now: datetime) -> None:
    """Say yes for a driver who lets the platform offer."""
    proposal = (
        CarpoolProposal.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=proposal_id, state=ProposalState.OPEN)
        .select_related("run__organization", "run__partner", "driver__organization")
        .first()
    )
    if proposal is None:
        return
    try:
        with transaction.atomic():
            take(proposal, now=now)
    except DomainError:
        return  # It stays open: the driver decides.


def advance(*, run_id: UUID, now: datetime) -> None:
    """Bring a run on when all parts of its last sweep are answered: cut anew, or end it."""
    with transaction.atomic():
        run = lock_run(run_id)
        if run is None or run.state != RunState.RUNNING:
            return
        sweep = run.parts.order_by("-sweep").values_list("sweep", flat=True).first() or 0
        if run.parts.filter(sweep=sweep, answer=None).exists():
            return
        parts = list(run.parts.filter(sweep=sweep))
        problems = [unpack_problem(bytes(part.problem)) for part in parts]
        if not all(problem.is_final for problem in problems):
            answers = [unpack_answer(bytes(part.answer or b"")) for part in parts]
            options = options_of(run)
            again = cut_again(problems, answers, options, sweep=sweep + 1)
            write_parts(run, again, sweep=sweep + 1, now=now)
            return
        _sum_up(run)
        end_run(run, now=now)


def _sum_up(run: AssignmentRun) -> None:
    """Add up what was found; the proof of how good it is looks at everybody once more."""
    finals = [
        (problem, unpack_answer(bytes(part.answer)))
        for part in run.parts.all()
        if part.answer is not None and (problem := unpack_problem(bytes(part.problem))).is_final
    ]
    proposals = list(run.proposals.values_list("saved_m", flat=True))
    shared = {Outcome.DRIVER, Outcome.RIDER}
    run.cars, run.saved_m = len(proposals), sum(proposals)
    run.served = run.people.filter(outcome__in=shared).count()
    objective_m, bound_m = bound_of(
        [problem for problem, _answer in finals],
        [answer for _problem, answer in finals],
        options_of(run),
    )
    run.objective_m, run.bound_m = round(objective_m), round(bound_m)
    run.save(update_fields=["cars", "saved_m", "served", "objective_m", "bound_m"])
