"""The background of a simulation as a process that can be killed: one line in, one line out."""

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from accounts.models import Organization
from carpool.demo.background import InThisProcess
from payments.management.demo.disk import without_waiting_for_the_disk


class Command(BaseCommand):
    """Look round at each moment that comes in; started by :mod:`carpool.demo.worker` only."""

    help = "Do the background work of a simulated organization, moment by moment as told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("organization", help="its slug")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say which server process works for us, then work until nothing more comes."""
        work = InThisProcess(Organization.objects.get(slug=options["organization"]))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._say(cursor.fetchone()[0])
        with without_waiting_for_the_disk():
            for line in sys.stdin:
                moment, rounds = line.split()
                work.look_round(datetime.fromisoformat(moment), rounds=int(rounds))
                self._say("done")

    def _say(self, what: object) -> None:
        self.stdout.write(str(what))
        self.stdout.flush()
