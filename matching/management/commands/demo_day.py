"""Simulate a commute day on the real map, through the same services that people use."""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max

from accounts.models import Member, Organization
from carpool.kernel import clock
from carpool.kernel.errors import NotFound
from maps.models import Region
from maps.selectors import get_region, load_network
from matching.management.demo import audit
from matching.management.demo.day import CommuteDay, Tally
from matching.management.demo.homes import Homes
from matching.management.demo.people import (
    COPPER_SITES,
    Settler,
    found_organization,
    person_name,
)
from matching.selectors.search import CO2_G_PER_KM
from rides.models import Booking, Ride

SHARE_OF_DRIVERS = 0.4
BAR_WIDTH = 30


class Command(BaseCommand):
    """Play a day and print what came of it; exits with 1 when a promise was broken."""

    help = "Simulate a commute day on the demo city."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--people", type=int, default=200)
        parser.add_argument(
            "--speed", default="max", help='"max", or simulated seconds per second, as in 60'
        )
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if not 2 <= options["people"] <= 20_000:
            raise CommandError("--people takes 2 to 20000.")
        speed = _speed(options["speed"])
        try:
            region = get_region("la-serena-coquimbo")
        except NotFound as error:
            raise CommandError("Import the demo city first: manage.py import_map.") from error
        began = time.perf_counter()
        organization = found_organization(
            name="Demo Day Mining",
            slug="demo-day-mining",
            domain="demo-day-mining.example",
            sites=COPPER_SITES,
        )
        people = self._settle(region, organization, options["people"], options["seed"])
        cut = round(len(people) * SHARE_OF_DRIVERS)
        day = _next_free_workday(organization)
        self.stdout.write(f"{day:%A %d %B %Y}: {cut} drivers, {len(people) - cut} riders.")
        if speed is not None:
            self.stdout.write(f"Watch it at /demo/: sign in as somebody of {organization.name}.")
        played = CommuteDay(
            organization, day=day, seed=options["seed"], speed=speed, on_event=self._show
        )
        tally = played.play(people[:cut], people[cut:])
        played.settle_everything()
        self.stderr.write("")
        self._report(organization, day, tally, time.perf_counter() - began)

    def _settle(
        self, region: Region, organization: Organization, count: int, seed: int
    ) -> list[Member]:
        settler = Settler(region, Homes(load_network(region), seed=seed), seed=seed)
        people = []
        for number in range(count):
            person = settler.settle(
                organization,
                name=person_name(number),
                email=f"s{seed}-{number}@demo-day-mining.example",
                site=COPPER_SITES[number % len(COPPER_SITES)],
                drives=True,
            )
            people.append(person)
            self._bar("People", number + 1, count)
        return people

    def _show(self, done: int, known: int, now: datetime) -> None:
        self._bar(f"{now:%a %H:%M} UTC", done, known)

    def _bar(self, label: str, done: int, total: int) -> None:
        if not sys.stderr.isatty() and done not in {1, total} and done % 250:
            return
        filled = BAR_WIDTH * done // max(total, 1)
        end = "" if sys.stderr.isatty() else "\n"
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        self.stderr.write(f"\r{label:<14} {bar} {done}/{total}   ", ending=end)

    def _report(self, organization: Organization, day: date, tally: Tally, seconds: float) -> None:
        since = clock.local_to_utc(day, datetime.min.time(), organization.zone, field="day")
        rides = audit.with_everything(organization.pk, since)
        complaints = audit.audit(rides)
        bookings = list(
            Booking.objects.filter(ride__in=rides).exclude(state="cancelled").select_related("ride")
        )
        shared_m = sum(booking.shared_distance_m for booking in bookings)
        extra_m = sum(ride.distance_m - ride.solo_distance_m for ride in rides)
        saved_km = (shared_m - extra_m) / 1000
        rows = [
            ("rides offered", tally.offered),
            ("requests", tally.requests),
            ("matched", f"{tally.matched} ({tally.matched / max(1, tally.requests):.1%})"),
            ("cancelled by riders", tally.cancelled),
            ("shared km", f"{shared_m / 1000:,.0f}"),
            ("vehicle km saved", f"{saved_km:,.0f}"),
            ("CO2 avoided, kg", f"{saved_km * CO2_G_PER_KM / 1000:,.0f}"),
            ("ride states", _counted(ride.state for ride in rides)),
            ("booking states", _counted(booking.state for booking in bookings)),
            ("bookings audited", len(bookings)),
            ("promises broken", len(complaints)),
            ("errors", sum(tally.errors.values())),
            ("seconds", f"{seconds:.1f}"),
        ]
        for name, value in rows:
            self.stdout.write(f"{name:<22}{value}")
        for code, count in tally.errors.items():
            self.stdout.write(f"  error {code}: {count}")
        for complaint in complaints[:20]:
            self.stdout.write(f"  broken {complaint}")
        if complaints or tally.errors:
            raise CommandError("The day did not go as promised.")


def _counted(states: Any) -> str:
    return ", ".join(f"{state} {count}" for state, count in Counter(states).most_common()) or "none"


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if speed <= 0:
        raise CommandError('--speed takes "max" or a number above 0.')
    return speed


def _next_free_workday(organization: Organization) -> date:
    """Return the first workday after tomorrow on which this organization has no ride yet."""
    last = Ride.objects.filter(organization=organization).aggregate(last=Max("departure_at"))
    day = clock.now().astimezone(organization.zone).date() + timedelta(days=2)
    if last["last"] is not None:
        day = max(day, last["last"].astimezone(organization.zone).date() + timedelta(days=1))
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return day
