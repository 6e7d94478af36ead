"""Simulate a working week of a company, through the same services that people use."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as wall_time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organization
from carpool.demo import report
from carpool.demo.background import InThisProcess
from carpool.demo.company import (
    SHARE_OF_DRIVERS,
    first_moment,
    found_company,
    get_demo_region,
    next_free_monday,
    promise_rewards,
    settle,
)
from carpool.demo.week import Shares, Week, WeekTally
from carpool.kernel import clock
from carpool.kernel.money import Money
from matching.management.demo import audit
from payments.management.demo.disk import without_waiting_for_the_disk
from payments.models import Reward
from rides.models import Booking
from tracking.engine.labelled import Truth

SHARES = Shares()


class Command(BaseCommand):
    """Play a week and print what came of it; exits with 1 when a promise was broken."""

    help = "Simulate a working week on the demo city, to verdicts, rewards and the trial balance."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--people", type=int, default=500)
        parser.add_argument("--days", type=int, default=5)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if not 10 <= options["people"] <= 5_000:
            raise CommandError("--people takes 10 to 5000.")
        if not 1 <= options["days"] <= 5:
            raise CommandError("--days takes 1 to 5.")
        region = get_demo_region()
        began = time.perf_counter()
        organization = found_company("Demo Week Mining", "demo-week-mining")
        people = settle(region, organization, options["people"], options["seed"])
        monday = next_free_monday(organization)
        promise_rewards(organization, monday)
        self.stdout.write(f"Week of {monday:%d %B %Y}: {len(people)} people.")
        week = Week(
            organization, people, monday=monday, seed=options["seed"],
            share_of_drivers=SHARE_OF_DRIVERS, days=options["days"],
            background=InThisProcess(organization), shares=SHARES, on_event=self._show,
        )  # fmt: skip
        with without_waiting_for_the_disk():
            tally = week.play()
        self.stderr.write("")
        self._report(organization, week.days, tally, time.perf_counter() - began)

    def _show(self, done: int, _known: int, now: datetime) -> None:
        if done % 250 == 0 or sys.stderr.isatty():
            self.stderr.write(f"\r{now:%a %H:%M} UTC, {done:,} moments played", ending="")

    def _report(
        self, organization: Organization, days: list[date], tally: WeekTally, seconds: float
    ) -> None:
        since = first_moment(organization, days[0])
        over = clock.local_to_utc(days[-1], wall_time(23), organization.zone, field="day")
        planned = audit.with_everything(organization.pk, since)  # at the kerb nothing is
        promises = audit.audit([ride for ride in planned if not ride.is_instant])
        states = list(report.impossible(organization, since, over + timedelta(days=8)))
        for name, value in _rows(organization, since, tally, seconds, promises, states):
            self.stdout.write(f"{name:<26}{value}")
        for complaint in [*promises, *states][:20]:
            self.stdout.write(f"  {complaint}")
        self._verdicts(tally)
        self.stdout.write("\nTrial balance of all books:")
        call_command("trial_balance", stdout=self.stdout)
        call_command("check_books", stdout=self.stdout)
        if promises or states:
            raise CommandError("The week did not go as promised.")

    def _verdicts(self, tally: WeekTally) -> None:
        self.stdout.write("\nVerdicts on what really happened:")
        self.stdout.write(f"  {'':<16}{''.join(f'{one:>13}' for one in report.SEEN_AS)}")
        table = report.verdicts(tally)
        for truth in sorted(table, key=lambda one: (one is not Truth.GENUINE, one)):
            numbers = "".join(f"{table[truth][one]:>13}" for one in report.SEEN_AS)
            self.stdout.write(f"  {truth:<16}{numbers}")


def _rows(
    organization: Organization,
    since: datetime,
    tally: WeekTally,
    seconds: float,
    promises: list[str],
    states: list[str],
) -> Iterator[tuple[str, Any]]:
    rides = report.rides_of(organization, since)
    bookings = list(Booking.objects.filter(ride__in=rides))
    yield "rides that repeat", tally.repeated
    yield "rides offered", tally.offered
    yield "instant rides", tally.instant
    yield "requests", tally.requests
    yield "matched", f"{tally.matched} ({tally.matched / max(1, tally.requests):.1%})"
    yield "given back by riders", tally.cancelled
    yield "given up by drivers", tally.given_up
    yield "riders who did not come", tally.missed
    yield (
        "refused by a rule",
        f"{tally.refused.total()}  {report.counted(tally.refused.elements())}",
    )
    yield "ride states", report.counted(ride.state for ride in rides)
    yield "booking states", report.counted(one.state for one in bookings)
    given = [one.amount for one in Reward.objects.filter(booking_id__in=[b.pk for b in bookings])]
    money = Money(sum(given), organization.currency)
    yield "incentives given", f"{money} for {sum(map(bool, given))} of {len(given)}"
    yield "promises broken", len(promises)
    yield "impossible states", len(states)
    yield "seconds", f"{seconds:.0f}"
