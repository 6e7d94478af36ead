"""Simulate an evening of shared taxis, through the same services that people use."""

import sys
import time
from argparse import ArgumentParser
from datetime import datetime, timedelta
from datetime import time as wall_time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max

from accounts import services as accounts
from accounts.models import Member, Organization
from carpool.kernel import clock
from carpool.kernel.errors import NotFound
from carpool.kernel.money import Money
from maps.selectors import get_region
from payments.management.demo import accounting
from payments.management.demo.disk import without_waiting_for_the_disk
from payments.management.demo.evening import Evening
from rides.models import Room

FIRST_SLOT, SLOTS = wall_time(18, 0), 36
# Nobody sits in two taxis at once: this many people for the rooms of one slot, and those before.
PEOPLE = 600


class Command(BaseCommand):
    """Play an evening, print what came of it and what is on every account."""

    help = "Simulate an evening of shared taxis on the demo city, to the trial balance."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--rooms", type=int, default=300)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; an error when the books are wrong or something on them is unexplained."""
        if not 1 <= options["rooms"] <= 2_000:
            raise CommandError("--rooms takes 1 to 2000.")
        if "test_bank" not in settings.PAYMENT_PROVIDERS:
            raise CommandError("The test bank is not switched on: PAYMENT_PROVIDERS=test_bank.")
        try:
            get_region("la-serena-coquimbo")
        except NotFound as error:
            raise CommandError("Import the demo city first: manage.py import_map.") from error
        began = time.perf_counter()
        organization = accounts.found_organization(
            name="Demo Evening Mining", slug="demo-evening-mining", currency="CLP",
            time_zone="America/Santiago", domain="demo-evening-mining.example",
        )  # fmt: skip
        people = self._people(organization, min(PEOPLE, 5 * options["rooms"]))
        slots = _departures(organization, options["rooms"])
        self.stdout.write(f"{slots[0]:%A %d %B %Y}: {len(slots)} rooms, {len(people)} people.")
        evening = Evening(organization, people, seed=options["seed"], on_event=self._show)
        with without_waiting_for_the_disk():
            evening.play(slots)
        self._report(organization, evening, time.perf_counter() - began)

    def _people(self, organization: Organization, count: int) -> list[Member]:
        return [
            accounts.register_member(
                organization=organization,
                email=f"e{number}@demo-evening-mining.example",
                display_name=f"Guest {number + 1}",
            )[0]
            for number in range(count)
        ]

    def _show(self, done: int, known: int, now: datetime) -> None:
        if done % 250 == 0 or sys.stderr.isatty():
            self.stderr.write(f"\r{now:%a %H:%M} UTC  {done}/{known}", ending="")

    def _report(self, organization: Organization, evening: Evening, seconds: float) -> None:
        self.stderr.write("")
        for what, count in sorted(evening.tally.items()):
            self.stdout.write(f"{what:<44}{count:>10}")
        refused = ", ".join(f"{code} {count}" for code, count in evening.refused.most_common())
        self.stdout.write(f"{'refused by a rule':<44}{evening.refused.total():>10}  {refused}")
        self.stdout.write(f"{'seconds':<44}{seconds:>10.0f}\n")
        self.stdout.write("What is on the accounts of the evening, and why:")
        unexplained = 0
        for line in accounting.explain(organization, evening.room_ids):
            amount = str(Money(line.amount, organization.currency))
            self.stdout.write(f"  {line.what:<42}{amount:>16}  {line.why}")
            unexplained += not line.is_right
        self.stdout.write("\nTrial balance of all books:")
        call_command("trial_balance", stdout=self.stdout)
        call_command("check_books", stdout=self.stdout)
        if unexplained:
            raise CommandError(f"{unexplained} accounts are not explained.")


def _departures(organization: Organization, rooms: int) -> list[datetime]:
    """Return the slots of the next evening that is free, in their order."""
    zone = organization.zone
    last = Room.objects.filter(organization=organization).aggregate(at=Max("departure_at"))["at"]
    day = max(last or clock.now(), clock.now()).astimezone(zone).date() + timedelta(days=1)
    first = clock.local_to_utc(day, FIRST_SLOT, zone, field="day")
    return sorted(first + timedelta(minutes=10 * (number % SLOTS)) for number in range(rooms))
