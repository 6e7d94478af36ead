"""Run the provider: ``python -m carpool.demo_provider --port 8100 http://localhost:8000``."""

import argparse
import json
import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "carpool.demo_provider.settings"

# Where Carpool wants the answer of the organization with this key.
CALLBACK = "/accounts/oidc/coquimbo-copper/login/callback/"


def main() -> None:
    """Create the database, fill it, and serve on this machine only."""
    parser = argparse.ArgumentParser(prog="carpool.demo_provider", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("sites", nargs="+", help="where Carpool runs, as browsers write it")
    asked = parser.parse_args()
    django.setup()
    call_command("migrate", verbosity=0)
    _enrol_people()
    _register_client(asked.sites)
    _serve(asked.port)


def _enrol_people() -> None:
    from django.contrib.auth.models import User

    from carpool.demo_provider import settings

    User.objects.bulk_create(
        User(
            username=person["number"],
            email=person["email"],
            first_name=person["given_name"],
            last_name=person["family_name"],
        )
        for person in json.loads(settings.DIRECTORY.read_text(encoding="utf-8"))
    )


def _register_client(sites: list[str]) -> None:
    """Let Carpool ask without asking the person for consent: it is the company's own."""
    from allauth.idp.oidc.models import Client
    from django.contrib.auth.hashers import make_password

    from carpool.demo_provider import settings

    Client.objects.create(
        id=settings.CLIENT_ID,
        name="Carpool",
        secret=make_password(settings.CLIENT_SECRET),
        scopes="openid\nprofile\nemail",
        redirect_uris="\n".join(f"{site}{CALLBACK}" for site in sites),
        skip_consent=True,
    )


def _serve(port: int) -> None:
    from daphne.server import Server
    from django.core.asgi import get_asgi_application

    Server(
        application=get_asgi_application(),
        endpoints=[f"tcp:port={port}:interface=127.0.0.1"],
        server_name="provider",
    ).run()


if __name__ == "__main__":
    main()
