"""Create the people and rides of the demo city. Running it again adds only what is missing."""

import random
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Member, MemberRole, Organization
from accounts.selectors import list_cars, list_places
from accounts.services import found_community
from carpool.kernel import clock
from carpool.kernel.clock import local_to_utc
from carpool.kernel.errors import NotFound
from carpool.kernel.geo import from_point
from maps.selectors import get_region, load_network
from matching.errors import RunUnderWay
from matching.management.demo.history import live_through
from matching.management.demo.homes import Homes
from matching.management.demo.people import (
    CAMPUS_SITES,
    COPPER_SITES,
    Settler,
    found_organization,
    person_name,
)
from matching.management.demo.plans import plan_week
from matching.management.demo.study import upload_study
from matching.models import Direction
from matching.selectors.plans import next_service_day
from matching.services import queue_run
from rides import services as rides
from rides.errors import DriverBusy, InThePast, TooClose

REGION = "la-serena-coquimbo"
PEOPLE = 20
NEIGHBOURS = 6
WORKDAYS = 4


class Command(BaseCommand):
    """Create the demo organizations, people, cars, and rides for the coming workdays."""

    help = "Create the demo organizations, people, cars and rides (idempotent)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            region = get_region(REGION)
        except NotFound as error:
            raise CommandError(
                "The demo city is not imported: run manage.py import_map first."
            ) from error
        settler = Settler(region, Homes(load_network(region), seed=7), seed=7)
        copper = found_organization(
            name="Coquimbo Copper",
            slug="coquimbo-copper",
            domain="coquimbo-copper.example",
            sites=COPPER_SITES,
        )
        campus = found_organization(
            name="Elqui University",
            slug="elqui-university",
            domain="elqui-university.example",
            sites=CAMPUS_SITES,
        )
        members = [
            self._person(settler, copper if number < PEOPLE else campus, number)
            for number in range(PEOPLE + 4)
        ]
        members += self._town(settler)
        offered = sum(
            self._offer_week(member, number)
            for number, member in enumerate(members)
            if not _lives_by_plan(number)
        )
        planned = sum(
            plan_week(member, seed=number)
            for number, member in enumerate(members)
            if _lives_by_plan(number) or not list_cars(member).exists()
        )
        if planned:
            _propose(copper)
        trips = live_through(copper, members, seed=5)
        upload_study(members[3], Homes(load_network(region), seed=11), COPPER_SITES, seed=11)
        self.stdout.write(
            f"{len(members)} people, {offered} new rides, {planned} new plans,"
            f" {trips} trips of the last days."
        )

    def _town(self, settler: Settler) -> list[Member]:
        """Individuals without an employer here: a community that anybody may join."""
        town = found_community(
            name="La Serena Commuters",
            slug="la-serena-commuters",
            time_zone="America/Santiago",
            currency="CLP",
        )
        names = [person_name(number) for number in range(PEOPLE + 4, PEOPLE + 4 + NEIGHBOURS)]
        return [
            settler.settle(
                town,
                name=name,
                email=f"{_ascii(name.split()[0])}@people.example",
                site=(*COPPER_SITES, *CAMPUS_SITES)[number % 4],
                drives=number % 2 == 0,
                role=MemberRole.MEMBER if number else MemberRole.OWNER,
            )
            for number, name in enumerate(names)
        ]

    def _person(self, settler: Settler, organization: Organization, number: int) -> Member:
        name = person_name(number)
        sites = COPPER_SITES if organization.slug == "coquimbo-copper" else CAMPUS_SITES
        domain = f"{organization.slug}.example"
        roles = {3: MemberRole.MANAGER, 4: MemberRole.OWNER}
        return settler.settle(
            organization,
            name=name,
            email=f"{_ascii(name.split()[0])}@{domain}",
            site=sites[number % len(sites)],
            drives=number % 2 == 0,
            role=roles.get(number, MemberRole.MEMBER),
            is_operator=number == 4,
        )

    def _offer_week(self, member: Member, number: int) -> int:
        if not list_cars(member).exists():
            return 0
        now = clock.now()
        dice = random.Random(number)  # noqa: S311 (nothing secret is drawn)
        today = now.astimezone(member.organization.zone).date()
        offered = 0
        for day in _next_workdays(today):
            minutes = dice.randrange(0, 60, 5)
            for to_work, wall in ((True, time(7, minutes)), (False, time(17, minutes))):
                departure_at = local_to_utc(day, wall, member.organization.zone, field="time")
                offered += _offer(member, departure_at, to_work=to_work, now=now)
        return offered


def _lives_by_plan(number: int) -> bool:
    """Of the drivers, every third leaves it to the platform whom to take along."""
    return number % 6 == 2


def _propose(organization: Organization) -> None:
    """Ask for proposals now, instead of in the evening."""
    now = clock.now()
    for direction in Direction:
        with suppress(RunUnderWay):
            queue_run(
                organization=organization,
                service_date=next_service_day(organization, now),
                direction=direction,
                by=None,
                now=now,
            )


def _offer(member: Member, departure_at: datetime, *, to_work: bool, now: datetime) -> bool:
    places = {place.kind: place for place in list_places(member)}
    ends = [
        rides.TripEnd(from_point(places[kind].location), places[kind].label)
        for kind in (("home", "work") if to_work else ("work", "home"))
    ]
    car = list_cars(member)[0]
    terms = rides.OfferTerms(
        origin=ends[0],
        destination=ends[1],
        car_id=car.pk,
        seats=car.seats,
        detour_s=12 * 60,
        departure_at=departure_at,
    )
    try:
        rides.offer_ride(driver=member, terms=terms, now=now)
    except (DriverBusy, InThePast, TooClose):
        return False
    return True


def _next_workdays(today: date) -> list[date]:
    days = (today + timedelta(days=n) for n in range(1, 14))
    return [day for day in days if day.isoweekday() <= 5][:WORKDAYS]


def _ascii(name: str) -> str:
    plain = str.maketrans("áéíóúñÁÉÍÓÚ", "aeiounAEIOU")
    return name.translate(plain).lower()
