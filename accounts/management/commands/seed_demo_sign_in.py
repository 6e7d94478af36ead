"""Let the demo's people sign in with the demo company's own provider."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.models import Organization
from carpool.kernel import clock
from carpool.kernel.errors import DomainError

ORGANIZATION = "coquimbo-copper"


class Command(BaseCommand):
    """Set the demo organization's issuer up, as its manager would in the browser."""

    help = "Set up the demo organization's identity provider, which must be running (idempotent)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the provider's address; the client's secret comes by the environment."""
        parser.add_argument("--issuer", required=True, help="the provider's address")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if not settings.DEMO:
            raise CommandError("Only the demo has a provider at which anyone may be anyone.")
        organization = Organization.objects.filter(slug=ORGANIZATION).first()
        if organization is None:
            raise CommandError("There is no demo organization: run manage.py seed_demo first.")
        try:
            services.save_issuer(
                organization=organization,
                discovery=services.discover_issuer(options["issuer"]),
                client_id="carpool",
                client_secret=os.environ["PROVIDER_CLIENT_SECRET"],
                domains=[],
                is_on=True,
                is_listed=True,
                now=clock.now(),
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{organization} signs in at {options['issuer']}.")
