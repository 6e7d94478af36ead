"""Plans and proposals for tests, made by the real services on the demo city's streets."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from accounts.models import Member, Site
from accounts.services import save_place
from accounts.tests.factories import HOME_NORTH, HOME_SOUTH
from carpool.kernel.geo import LonLat
from maps.selectors import load_network
from matching.engine.assignment import Call, Car
from matching.models import (
    AssignmentRun,
    CarpoolProposal,
    CommutePlan,
    CommuteRole,
    Direction,
    RunCommuter,
    RunState,
)
from matching.selectors.arrays import to_ms
from matching.selectors.plans import list_trips
from matching.selectors.travellers import TravelDesk, Traveller
from matching.services.plans import PlanTerms, TripTerms, save_plan
from matching.services.proposing import store_cars
from rides.services import TripEnd

HOMES = {"north": HOME_NORTH, "south": HOME_SOUTH}


def plan_terms(member: Member, role: str = CommuteRole.RIDE, **changes: Any) -> PlanTerms:
    """From a home in the north to the port, Monday to Friday by 08:30, back at 17:30."""
    home = save_place(
        member=member,
        kind="home",
        label=changes.pop("label", "Home"),
        location=changes.pop("home", HOME_NORTH),
    )
    site = Site.objects.filter(organization=member.organization, name="Port").first()
    car = member.cars.filter(removed_at=None).first()
    plain = PlanTerms(
        home_id=home.pk,
        work_site_id=site.pk if site else None,
        car_id=car.pk if car else None,
        seats=3,
        detour_s=900,
        walk_m=800,
        trips=[
            TripTerms(day, direction, role, at)
            for day in range(5)
            for direction, at in (
                (Direction.TO_WORK, time(8, 30)),
                (Direction.TO_HOME, time(17, 30)),
            )
        ],
    )
    return replace(plain, **changes)


def plan(
    member: Member, role: str = CommuteRole.RIDE, *, now: datetime, **changes: Any
) -> CommutePlan:
    """Save such a plan."""
    return save_plan(member=member, terms=plan_terms(member, role, **changes), now=now)


def workday(now: datetime, *, ahead: int = 2) -> date:
    """Return a Monday to Friday, at least so many days ahead."""
    day = now.date() + timedelta(days=ahead)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def running(member: Member, day: date, direction: str, *, now: datetime) -> AssignmentRun:
    """A run of the member's organization that workers are at."""
    return AssignmentRun.objects.create(
        organization=member.organization,
        service_date=day,
        direction=direction,
        state=RunState.RUNNING,
        started_at=now,
    )


def travellers_of(run: AssignmentRun, *members: Member) -> dict[Member, tuple[int, Traveller]]:
    """Put the members' trips on the road, and enter them in the run."""
    desk, found = TravelDesk(run.service_date), {}
    for trip in list_trips(run.organization, run.service_date, run.direction):
        member = trip.plan.member
        traveller = desk.read(trip)
        if member in members and traveller is not None:
            row = RunCommuter.objects.create(run=run, member=member, trip=trip)
            found[member] = (row.pk, traveller)
    return found


def car_of(people: dict[Member, tuple[int, Traveller]], driver: Member, *riders: Member) -> Car:
    """Drive to each rider in turn, then let everybody out in turn, at the driver's own end.

    The times are those of the road, with a minute at each call; to work the car arrives when the
    driver's plan says, home it leaves as early as it may.
    """
    key, traveller = people[driver]
    network = load_network(traveller.region)
    calls = [(people[rider], True) for rider in riders]
    calls += [(people[rider], False) for rider in riders]
    vertices = [one.vertices[0] if pickup else one.vertices[1] for (_key, one), pickup in calls]
    nodes = [traveller.vertices[0], *vertices, traveller.vertices[1]]
    legs = [int(ms) for ms in network.route(nodes).leg_durations_ms]
    at, times = 0, []
    for leg in legs[:-1]:
        at += leg
        times.append(at)
        at += 60_000
    end = at + legs[-1]
    if traveller.trip.direction == Direction.TO_WORK:
        start = to_ms(traveller.latest_arrival_at) - end - 240_000
    else:
        start = to_ms(traveller.earliest_departure_at) + 240_000
    return Car(
        driver=key,
        departure_ms=start,
        arrival_ms=start + end,
        calls=tuple(
            Call(rider_key, pickup, vertex, start + ms)
            for ((rider_key, _one), pickup), vertex, ms in zip(calls, vertices, times, strict=True)
        ),
        riders=tuple(sorted(people[rider][0] for rider in riders)),
        driven_m=0.0,
        saved_m=0.0,
    )


def propose(
    driver: Member,
    *riders: Member,
    now: datetime,
    direction: str = Direction.TO_WORK,
    homes: dict[Member, LonLat | TripEnd] | None = None,
    ahead: int = 2,
    **changes: Any,
) -> CarpoolProposal:
    """Give everybody a plan and store the car that takes them along."""
    for member in (driver, *riders):
        if not CommutePlan.objects.filter(member=member).exists():
            role = CommuteRole.DRIVE if member == driver else CommuteRole.RIDE
            home = (homes or {}).get(member, HOME_NORTH if member == driver else HOME_SOUTH)
            if isinstance(home, TripEnd):
                changes["label"], home = home.label, home.location
            plan(member, role, now=now, home=home, **changes)
    run = running(driver, workday(now, ahead=ahead), direction, now=now)
    people = travellers_of(run, driver, *riders)
    car = car_of(people, driver, *riders)
    [proposal] = store_cars(run, [car], dict(people.values()), now=now)
    AssignmentRun.objects.filter(pk=run.pk).update(
        state=RunState.DONE, finished_at=now, commuters=1 + len(riders)
    )
    return CarpoolProposal.objects.get(pk=proposal.pk)
