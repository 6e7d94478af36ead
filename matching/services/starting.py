"""A new member's first week: made of what they said on three small screens."""

from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from accounts.models import Member, PlaceKind
from accounts.selectors import list_cars, list_places, list_sites
from accounts.services import save_car, save_place
from carpool.kernel.geo import LonLat, from_point
from matching.errors import SiteNotFound
from matching.models import CommutePlan, Direction
from matching.services.plans import PlanTerms, TripTerms, save_plan

WORKDAYS = range(5)


@transaction.atomic
def say_workplace(
    *, member: Member, workplace: UUID | tuple[str, LonLat], car: dict[str, str] | None
) -> None:
    """Make a site, or any other place, the member's workplace, and list their car.

    Raises:
        SiteNotFound: the organization has no such site (names ``site``).
        OutsideMap: no region contains the place (names ``location``).
        InvalidInput, CarPlateTaken: as :func:`save_car`.
    """
    label, location = workplace if isinstance(workplace, tuple) else _site(member, workplace)
    save_place(member=member, kind=PlaceKind.WORK, label=label, location=location)
    if car is None or list_cars(member).filter(plate=car["plate"].upper().strip()).exists():
        return
    save_car(
        member=member,
        make=car["make"],
        model=car["model"],
        colour=car["colour"],
        plate=car["plate"],
        seats=3,
    )


def _site(member: Member, site_id: UUID) -> tuple[str, LonLat]:
    site = list_sites(member).filter(pk=site_id).first()
    if site is None:
        raise SiteNotFound(field="site")
    return site.name, from_point(site.meeting_point)


def plan_usual_week(
    *, member: Member, arrive: time, leave: time, role: str, now: datetime
) -> CommutePlan:
    """Write a week down: Monday to Friday, the same times, from home to the workplace.

    Raises:
        InvalidInput: home or workplace is not known yet (names it).
        SeatsOutOfRange, CarNotFound, OutsideMap, TooClose: as :func:`save_plan`.
    """
    places = {place.kind: place for place in list_places(member)}
    home, work = places.get(PlaceKind.HOME), places.get(PlaceKind.WORK)
    site = list_sites(member).filter(name=work.label).first() if work else None
    car = list_cars(member).first()
    policy = member.organization.policy
    trips = [
        TripTerms(weekday=day, direction=direction, role=role, at=at)
        for day in WORKDAYS
        for direction, at in ((Direction.TO_WORK, arrive), (Direction.TO_HOME, leave))
    ]
    terms = PlanTerms(
        home_id=home.pk if home else None,
        detour_s=policy.default_detour_s,
        walk_m=policy.default_walk_m,
        work_site_id=site.pk if site else None,
        work_place_id=work.pk if work and not site else None,
        car_id=car.pk if car else None,
        seats=car.seats if car else 1,
        trips=trips,
    )
    return save_plan(member=member, terms=terms, now=now)
