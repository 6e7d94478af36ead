"""Weeks of the demo's people, from which proposals are made."""

import random
from datetime import time

from accounts.models import Member, PlaceKind
from accounts.selectors import list_cars, list_places, list_sites
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from matching import services
from matching.models import CommutePlan, CommuteRole, Direction
from matching.services.plans import PlanTerms, TripTerms

# Half past eight is most people's, and so is half past five; the others are spread around.
TO_WORK = (time(8, 0), time(8, 30), time(8, 30), time(8, 30), time(9, 0))
TO_HOME = (time(17, 0), time(17, 30), time(17, 30), time(17, 30), time(18, 0))


def plan_week(member: Member, *, seed: int) -> bool:
    """Give a person a week, if they have none; tell whether they got one."""
    if CommutePlan.objects.filter(member=member).exists():
        return False
    dice = random.Random(seed)  # noqa: S311 (nothing secret is drawn)
    places = {place.kind: place for place in list_places(member)}
    work = places[PlaceKind.WORK]
    site = next((site for site in list_sites(member) if site.name == work.label), None)
    car = list_cars(member).first()
    role = CommuteRole.RIDE if car is None else dice.choice((CommuteRole.DRIVE, CommuteRole.EITHER))
    usual = ((Direction.TO_WORK, dice.choice(TO_WORK)), (Direction.TO_HOME, dice.choice(TO_HOME)))
    at_home = dice.choice((None, None, 2, 4))
    terms = PlanTerms(
        home_id=places[PlaceKind.HOME].pk,
        work_site_id=site.pk if site else None,
        work_place_id=None if site else work.pk,
        car_id=car.pk if car else None,
        seats=min(3, car.seats) if car else 3,
        detour_s=12 * 60,
        walk_m=800,
        trips=[
            TripTerms(day, way, CommuteRole.NONE if day == at_home else role, at, 20 * 60)
            for day in range(5)
            for way, at in usual
        ],
    )
    try:
        services.save_plan(member=member, terms=terms, now=clock.now())
    except DomainError:
        return False  # They live next to where they work: nobody drives there.
    return True
