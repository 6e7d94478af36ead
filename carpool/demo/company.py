"""The company whose weeks are simulated: its people, their cars, and what it gives for proofs."""

from datetime import date, datetime, timedelta
from datetime import time as wall_time

from django.core.management.base import CommandError
from django.db.models import Max

from accounts.models import Member, MemberRole, Organization
from carpool.kernel import clock
from carpool.kernel.errors import NotFound
from maps.models import Region
from maps.selectors import get_region, load_network
from matching.management.demo.homes import Homes
from matching.management.demo.people import (
    COPPER_SITES,
    Settler,
    found_organization,
    person_name,
)
from payments.management.demo.incentives import seed_incentive
from payments.management.demo.sponsors import seed_budget
from rides.models import Ride

SHARE_OF_DRIVERS = 0.4


def get_demo_region() -> Region:
    """Return the demo city.

    Raises:
        CommandError: it was not imported.
    """
    try:
        return get_region("la-serena-coquimbo")
    except NotFound as error:
        raise CommandError("Import the demo city first: manage.py import_map.") from error


def found_company(name: str, slug: str) -> Organization:
    """Return a company with its three workplaces, made if there is none."""
    return found_organization(
        name=name, slug=slug, domain=f"{slug}.example", sites=COPPER_SITES
    )  # fmt: skip


def settle(region: Region, organization: Organization, count: int, seed: int) -> list[Member]:
    """Return its people; everybody has a car, whether they drive it to work or not."""
    settler = Settler(region, Homes(load_network(region), seed=seed), seed=seed)
    return [
        settler.settle(
            organization,
            name=person_name(number),
            email=f"w{seed}-{number}@{organization.slug}.example",
            site=COPPER_SITES[number % len(COPPER_SITES)],
            drives=True,
            role=MemberRole.MEMBER if number else MemberRole.MANAGER,
            is_operator=not number,
        )
        for number in range(count)
    ]


def promise_rewards(organization: Organization, monday: date) -> None:
    """Pay money in, and give some of it for each proven trip."""
    begins = first_moment(organization, monday)
    seed_incentive(organization, seed_budget(organization, begins), begins)


def first_moment(organization: Organization, day: date) -> datetime:
    """Return when a day begins at the company."""
    return clock.local_to_utc(day, wall_time(0), organization.zone, field="day")


def next_free_monday(organization: Organization) -> date:
    """Return the first Monday in a week from now in which this company has no ride yet."""
    last = Ride.objects.filter(organization=organization).aggregate(last=Max("departure_at"))
    day = clock.now().astimezone(organization.zone).date() + timedelta(days=4)
    if last["last"] is not None:
        day = max(day, last["last"].astimezone(organization.zone).date() + timedelta(days=10))
    return day + timedelta(days=-day.weekday() % 7)
