"""Import a map: ``manage.py import_map data/la-serena-coquimbo.osm.pbf --name "La Serena"``."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from maps import services

BAR = 28


class Command(BaseCommand):
    """Import an OpenStreetMap file or a named place as a region."""

    help = "Import an .osm.pbf file, or a place by its name, as a region that people travel in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("source", help="an .osm.pbf file, or a place: 'La Serena, Chile'")
        parser.add_argument("--name", default="", help="what people see (from the source)")
        parser.add_argument("--slug", default="", help="short name in URLs (from the name)")

    def handle(self, *args: Any, source: str, name: str, slug: str, **options: Any) -> None:
        """Import, showing how far it is."""
        started = time.monotonic()
        bar = ProgressBar(self)
        try:
            result = services.import_map(
                source=source, name=name, slug=slug, now=clock.now(), progress=bar.show
            )
        except DomainError as problem:
            bar.end()
            raise CommandError(problem.detail) from problem
        bar.end()
        region = result.region
        took = time.monotonic() - started
        done = f"imported in {took:.0f} s" if result.is_new else "already compiled"
        version = region.network_version
        self.stdout.write(f"{region.name} ({region.slug}): {done}, version {version}")


class ProgressBar:
    """A bar on a terminal; one line per step where there is none."""

    def __init__(self, command: BaseCommand) -> None:
        self._err = command.stderr
        self._is_terminal = sys.stderr.isatty()
        self._said = ""

    def show(self, share: float, what: str) -> None:
        """Draw the bar at a share of the work (0 to 1)."""
        if self._is_terminal:
            full = round(share * BAR)
            bar = "█" * full + "░" * (BAR - full)
            self._err.write(f"\r{bar} {share:4.0%} {what:<40.40}", str, ending="")
            self._err.flush()
        elif what != self._said:
            self._err.write(f"{share:4.0%} {what}", str)
        self._said = what

    def end(self) -> None:
        """Leave the bar's line."""
        if self._is_terminal and self._said:
            self._err.write("")
