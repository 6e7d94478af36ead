"""Forget again whom a restored backup has brought back."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import services
from carpool.kernel import clock


class Command(BaseCommand):
    """Go through the list of erasures, which lies outside of the database."""

    help = "Erase again whom a restored backup brought back (idempotent); run it before serving."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        again = services.reapply_erasures(now=clock.now())
        self.stdout.write(f"{again} people forgotten again.")
