"""Runs of the batch assignment: asking for one, cutting it into parts, bringing it to an end.

A run walks through rows, not through messages: ``queue_run`` writes it down, ``begin_run`` gathers
who travels and writes the parts, ``solve_part`` (see ``parts``) answers one of them, and whoever
answers the last ends the run. Each step is told as an event, so that a worker takes it up, and a
sweep tells it again when nobody did.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Member, Organization
from accounts.permissions import is_manager
from carpool.kernel import outbox
from carpool.kernel.clock import local_to_utc
from carpool.kernel.errors import InvalidInput
from matching.errors import NotAManager, RunUnderWay
from matching.events import PartReady, RunQueued
from matching.models import (
    RUN_TRANSITIONS,
    Answer,
    AssignmentRun,
    CarpoolProposal,
    ClosedBecause,
    CommutePlan,
    CommuteTrip,
    Direction,
    ProposalSeat,
    ProposalState,
    RunCommuter,
    RunPart,
    RunState,
)
from matching.selectors.history import recent_history
from matching.selectors.plans import Periods, busy_periods, list_trips, next_service_day
from matching.selectors.problems import Problem, cut, options_of, pack_problem
from matching.selectors.travellers import TravelDesk, Traveller, to_commuters
from matching.services.proposals import close
from rides.errors import InThePast, TooFarAhead, WrongState

# Who leaves sooner than this can't answer in time.
AHEAD = timedelta(hours=1)
FARTHEST = timedelta(days=14)
# A worker that has not been heard of for so long is gone.
STUCK_AFTER = timedelta(minutes=10)
GIVEN_UP_AFTER = timedelta(hours=1)
KEPT_FOR = timedelta(days=35)


@transaction.atomic
def queue_run(
    *,
    organization: Organization,
    service_date: date,
    direction: str,
    by: Member | None,
    now: datetime,
) -> AssignmentRun:
    """Ask for an assignment of one day and direction; ``by`` nobody when the night asks.

    Raises:
        NotAManager: a member who is none asks, or one of another organization.
        InvalidInput, InThePast, TooFarAhead: a value makes no sense (names it).
        RunUnderWay: the same is being computed.
    """
    if by is not None and not (is_manager(by) and by.organization_id == organization.pk):
        raise NotAManager
    if direction not in Direction.values:
        raise InvalidInput(field="direction")
    today = now.astimezone(organization.zone).date()
    if service_date < today:
        raise InThePast(field="service_date")
    if service_date > today + FARTHEST:
        raise TooFarAhead(field="service_date")
    run = AssignmentRun(
        organization=organization,
        service_date=service_date,
        direction=direction,
        requested_by=by,
        next_check_at=now + STUCK_AFTER,
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError as error:
        raise RunUnderWay from error
    outbox.publish(RunQueued(run_id=run.pk), now=now)
    return run


def queue_nightly_runs(*, now: datetime) -> int:
    """Ask for the next service day of every organization whose evening has come; once a night."""
    with_plans = CommutePlan.objects.filter(is_active=True).values("member__organization")
    queued = 0
    for organization in Organization.objects.filter(pk__in=with_plans):
        evening = time(organization.policy.proposals_hour)
        if now.astimezone(organization.zone).time() < evening:
            continue
        day = next_service_day(organization, now)
        evening_at = local_to_utc(
            now.astimezone(organization.zone).date(), evening, organization.zone, field="evening"
        )
        asked = AssignmentRun.objects.filter(
            organization=organization, partner=None, service_date=day, created_at__gte=evening_at
        )
        for direction in set(Direction.values) - set(asked.values_list("direction", flat=True)):
            queued += _queue_quietly(organization, day, direction, now=now)
    return queued


def _queue_quietly(organization: Organization, day: date, direction: str, *, now: datetime) -> bool:
    try:
        queue_run(
            organization=organization, service_date=day, direction=direction, by=None, now=now
        )
    except RunUnderWay:
        return False  # Somebody asked in this moment; theirs will do.
    return True


@transaction.atomic
def begin_run(*, run_id: UUID, now: datetime) -> int:
    """Gather who travels, and cut them into parts; return how many. Again does nothing."""
    run = lock_run(run_id)
    if run is None or run.state != RunState.QUEUED:
        return 0
    run.started_at, run.next_check_at = now, now + STUCK_AFTER
    _supersede(run, now=now)
    travellers = _gather(run, now=now)
    rows = RunCommuter.objects.bulk_create(
        RunCommuter(run=run, member=traveller.member, trip=traveller.trip)
        for traveller in travellers
    )
    run.commuters = len(rows)
    move_run(run, RunState.RUNNING, fields=["started_at", "next_check_at", "commuters"])
    history = recent_history([traveller.member.pk for traveller in travellers], now=now)
    regions: dict[object, list[tuple[int, Traveller]]] = defaultdict(list)
    for row, traveller in zip(rows, travellers, strict=True):
        regions[traveller.region.pk].append((row.pk, traveller))
    problems = [
        problem
        for people in regions.values()
        for problem in cut(
            people[0][1].region,
            to_commuters([key for key, _t in people], [t for _key, t in people], history),
            options_of(run),
        )
    ]
    write_parts(run, problems, sweep=0, now=now)
    if not problems:
        end_run(run, now=now)
    return len(problems)


def _supersede(run: AssignmentRun, *, now: datetime) -> None:
    """Close proposals for the same trip to which nobody has said yes: this run finds better."""
    said_yes = ProposalSeat.objects.filter(answer=Answer.YES).values("proposal")
    unanswered = (
        CarpoolProposal.objects.select_for_update(of=("self",))
        .filter(state=ProposalState.OPEN, **_same_trip(run))
        .exclude(pk__in=said_yes)
        .select_related("run", "driver")
        .order_by("pk")
    )
    for proposal in unanswered:
        close(proposal, ProposalState.EXPIRED, ClosedBecause.SUPERSEDED, now=now)


def _same_trip(run: AssignmentRun) -> dict[str, object]:
    return {
        "run__organization": run.organization_id,
        "run__partner": run.partner_id,
        "run__service_date": run.service_date,
        "run__direction": run.direction,
    }


def _gather(run: AssignmentRun, *, now: datetime) -> list[Traveller]:
    """Return who travels and has neither a ride nor a proposal that lives."""
    midnight = local_to_utc(
        run.service_date, time(12), run.organization.zone, field="service_date"
    ) - timedelta(hours=36)
    busy: Periods = {}
    trips: list[CommuteTrip] = []
    beyond = run.partner is not None
    for organization in run.organizations:
        busy |= busy_periods(organization, midnight, midnight + timedelta(hours=72))
        trips += list_trips(organization, run.service_date, run.direction, beyond=beyond)
    asked = _asked_already(run, now=now)
    desk = TravelDesk(run.service_date)
    travellers = (desk.read(trip) for trip in trips if trip.plan.member_id not in asked)
    return [
        traveller
        for traveller in travellers
        if traveller is not None
        and traveller.earliest_departure_at > now + AHEAD
        and not _is_busy(traveller, busy)
    ]


def _is_busy(traveller: Traveller, busy: Periods) -> bool:
    return any(
        starts_at < traveller.latest_arrival_at and ends_at > traveller.earliest_departure_at
        for starts_at, ends_at in busy.get(traveller.member.pk, ())
    )


def _asked_already(run: AssignmentRun, *, now: datetime) -> set[UUID]:
    """Return who is in a proposal for the same trip that may still come true."""
    ours = run.organizations
    going = CarpoolProposal.objects.filter(
        Q(run__organization__in=ours) | Q(run__partner__in=ours),
        state__in=[ProposalState.OPEN, ProposalState.TAKEN],
        answer_by__gt=now,
        run__service_date=run.service_date,
        run__direction=run.direction,
    )
    seats = ProposalSeat.objects.filter(proposal__in=going, booking=None, refused_because="")
    riders = seats.exclude(answer=Answer.NO).values_list("rider_id", flat=True)
    drivers = going.filter(state=ProposalState.OPEN).values_list("driver_id", flat=True)
    return {*riders, *drivers}


def write_parts(
    run: AssignmentRun, problems: Iterable[Problem], *, sweep: int, now: datetime
) -> None:
    """Write parts down and let workers know of them."""
    parts = RunPart.objects.bulk_create(
        RunPart(run=run, sweep=sweep, number=number, problem=pack_problem(problem))
        for number, problem in enumerate(problems)
    )
    for part in parts:
        outbox.publish(PartReady(part_id=part.pk), now=now)


def lock_run(run_id: UUID) -> AssignmentRun | None:
    """Return a run, locked, or None when it is gone."""
    runs = AssignmentRun.objects.select_for_update(of=("self",))
    runs = runs.select_related("organization", "partner")
    return runs.filter(pk=run_id).first()


def move_run(run: AssignmentRun, after: RunState, *, fields: Iterable[str] = ()) -> None:
    """Move a locked run on; ``fields`` are the other columns that changed with it.

    Raises:
        WrongState: the table forbids it.
    """
    if after not in RUN_TRANSITIONS[RunState(run.state)]:
        raise WrongState
    run.state = after
    run.save(update_fields=["state", *fields])


def end_run(run: AssignmentRun, *, now: datetime, error: str = "") -> None:
    """End a locked run; what its workers passed to each other is forgotten."""
    run.finished_at, run.next_check_at, run.error = now, None, error[:500]
    after = RunState.FAILED if error else RunState.DONE
    move_run(run, after, fields=["finished_at", "next_check_at", "error"])
    run.parts.all().delete()


def sweep_runs(*, now: datetime, limit: int = 100) -> int:
    """Take up runs that got stuck, give up those that stay so, forget the old; return how many."""
    AssignmentRun.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    due = AssignmentRun.objects.filter(next_check_at__lte=now).values_list("pk", flat=True)
    return sum(_look_at_run(pk, now) for pk in due[:limit])


@transaction.atomic
def _look_at_run(pk: UUID, now: datetime) -> bool:
    run = (
        AssignmentRun.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=pk, next_check_at__lte=now)
        .first()
    )
    if run is None:
        return False
    if now >= run.created_at + GIVEN_UP_AFTER:
        end_run(run, now=now, error="No worker brought it to an end in time.")
        return True
    run.next_check_at = now + STUCK_AFTER
    run.save(update_fields=["next_check_at"])
    if run.state == RunState.QUEUED:
        outbox.publish(RunQueued(run_id=run.pk), now=now)
    # When all are answered, any of them lets its worker see that the run can go on.
    for part in run.parts.filter(answer=None) or run.parts.order_by("-pk")[:1]:
        outbox.publish(PartReady(part_id=part.pk), now=now)
    return True
