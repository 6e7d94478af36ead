"""Play the same days twice, once with worker and Redis gone for ten minutes, and compare."""

import os
import subprocess
import sys
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time as wall_time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from carpool.demo.final import compare
from carpool.demo.outage import Play, Sheltered, Struck
from carpool.demo.worker import OwnRedis
from payments.management.demo.disk import without_waiting_for_the_disk

# When everybody is on the road, on each day.
STRIKES = (wall_time(8, 20), wall_time(18, 20))
_SHOWN = 5


class Command(BaseCommand):
    """Exits with 1 when the ends differ, or when the comparison does not see a loss."""

    help = (
        "Play days of a company twice: undisturbed, and with the worker killed -9 at work and Redis"
        " stopped for ten simulated minutes. Both have to end alike."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--people", type=int, default=40)
        parser.add_argument("--days", type=int, default=1)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--control", action="store_true",
            help="play them once more, and throw away what was told in those minutes",
        )  # fmt: skip
        parser.add_argument("--inside", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run in a process of our own, to which a Redis of its own is the only one."""
        if not 10 <= options["people"] <= 1_000:
            raise CommandError("--people takes 10 to 1000.")
        if not 1 <= options["days"] <= 5:
            raise CommandError("--days takes 1 to 5.")
        if options["inside"] is None:
            self._run_inside(options)
            return
        redis = OwnRedis(Path(options["inside"]))
        if redis.url != settings.REDIS_URL:
            raise CommandError("This is for the command itself.")
        redis.start()
        try:
            self._play_all(redis, options)
        finally:
            redis.stop()

    def _run_inside(self, options: dict[str, Any]) -> None:
        with TemporaryDirectory(prefix="carpool-outage-") as folder:
            told = [f"--{name}={options[name]}" for name in ("people", "days", "seed")]
            told += ["--control"] if options["control"] else []
            ended = subprocess.run(
                [sys.executable, "manage.py", "demo_outage", *told, "--inside", folder],
                env={**os.environ, "REDIS_URL": OwnRedis(Path(folder)).url}, check=False,
                cwd=settings.BASE_DIR,
            )  # fmt: skip
        if ended.returncode:
            raise CommandError("The outage left traces, or nobody would have seen them.")

    def _play_all(self, redis: OwnRedis, options: dict[str, Any]) -> None:
        what = (options["people"], options["days"], options["seed"])
        calm = Play("calm", *what)
        self.stdout.write(f"{calm.days[0]:%A %d %B %Y}, {what[0]} people, days: {what[1]}")
        with self._timed("undisturbed"):
            calm.run(Sheltered(calm.organization))
        struck = Play("struck", *what, after=calm)
        self.stdout.write("\nThe same people once more:")
        with self._timed("disturbed"):
            wrong = self._strike(struck, redis)
        wrong += self._compare(calm, struck)
        wrong += [*calm.complaints(), *struck.complaints()]
        for complaint in wrong:
            self.stdout.write(f"  {complaint}")
        call_command("check_books", stdout=self.stdout)
        if options["control"]:
            self.stdout.write("\nControl: what was told in those minutes is thrown away:")
            control = Play("control", *what, after=calm)
            with self._timed("disturbed, with losses"):
                self._strike(control, redis, loses_facts=True)
            if not self._compare(calm, control):
                raise CommandError("Nobody would have seen a loss.")
        if wrong:
            raise CommandError("The outage left traces.")

    def _strike(self, play: Play, redis: OwnRedis, *, loses_facts: bool = False) -> list[str]:
        moments = play.moments(STRIKES)
        struck = Struck(
            play.organization, redis, moments=moments, loses_facts=loses_facts,
            tell=self.stdout.write,
        )  # fmt: skip
        play.run(struck)
        left = len(moments) - struck.outages
        return [f"at {left} moments nothing could be killed"] if left else []

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        with without_waiting_for_the_disk():
            yield
        self.stdout.write(f"{what}: {time.perf_counter() - began:.0f} s")

    def _compare(self, calm: Play, other: Play) -> list[str]:
        """Print what is there at both ends; return what differs, in words."""
        self.stdout.write(f"\n  {'':<14}{'there':>8}{'missing':>9}{'added':>7}")
        wrong = []
        for one in compare(calm.ending().facts(), other.ending().facts()):
            numbers = f"{one.count:>8}{len(one.missing):>9}{len(one.added):>7}"
            self.stdout.write(f"  {one.what:<14}{numbers}")
            wrong += [f"{one.what} missing: {fact}" for fact in one.missing[:_SHOWN]]
            wrong += [f"{one.what} added: {fact}" for fact in one.added[:_SHOWN]]
        return wrong
