"""Everybody tries every page and every button, on what belongs to the driver and the rider.

The addresses come from the resolver, so a page without a row fails. A row says what each person is
answered to a look (GET) and to a bare push (POST without a body), both undone afterwards: a status,
``in`` when they are sent to sign in, ``>`` when they are led on, as after something was done, ``!``
when they are led back and told that it was not.
"""

import re

import pytest
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.test import Client

from accounts.models import Partnership
from accounts.services import block_member, create_invitation, remove_member
from accounts.tests.factories import MemberFactory
from carpool.tests.addresses import page_paths
from carpool.tests.page_table import TABLE, WHO
from carpool.tests.servers import session_of
from carpool.tests.world import World, address_of, world_at
from payments.models import Payment, SponsorBudget
from rides import services
from rides.services import share_ride
from rides.tests.factories import book

pytestmark = pytest.mark.usefixtures("city")

STR = re.compile(r"<(?:str|slug):(\w+)>")
WORDS = {"kind": "home", "step": "home", "month": "2026-11"}


def address(path: str, world: World, words: dict[str, str]) -> str:
    """Put the ids of the driver's and the rider's things into a page's path."""
    for name, value in words.items():
        path = path.replace(name, value)
    if path.startswith("profile/safety/avoid/"):
        path = path.replace("<uuid:place_id>", str(world.avoided.pk))
    path = STR.sub(lambda found: WORDS.get(found[1], "none"), path)
    path = path.replace("^brand/(?P<colour>[0-9a-f]{6})\\.css$", "brand/0f766e.css")
    return "/" + address_of(path, world)


def words_of(world: World) -> dict[str, str]:
    """What stands in addresses beyond the world's own ids."""
    cast = world.cast
    invitation, invited = create_invitation(
        by=cast.manager, note="", max_uses=1, days=1, now=world.now
    )
    partnership = Partnership.objects.create(
        inviter=cast.organization, invited=cast.outsider.organization, invited_at=world.now
    )
    return {
        "<uuid:person_id>": str(cast.rider.pk),
        "<uuid:organization_id>": str(cast.organization.pk),
        "<uuid:site_id>": str(cast.organization.sites.first().pk),
        "<uuid:invitation_id>": str(invitation.pk),
        "<uuid:partnership_id>": str(partnership.pk),
        "<int:account_id>": "1",
        "<uuid:budget_id>": str(_budget_of(cast, world.now).pk),
        "<uuid:payment_id>": str(_payment_of(cast.rider, world.now).pk),
        "<uuid:trip_id>": str(world.ride.pk),
        "follow/<str:token>": "follow/"
        + share_ride(ride_id=world.ride.pk, by=cast.driver, now=world.now),
        "join/<str:token>": f"join/{invited}",
        "instant/<str:code>": address_of("instant/<str:code>", world),
    }


def _payment_of(payer, now):
    """A payment that somebody has still to approve at a provider."""
    return Payment.objects.create(
        organization=payer.organization, op_key="x", provider="kakaopay", trip_id=payer.pk,
        payer_id=payer.pk, amount=6_600, currency="KRW", pay_by=now, close_at=now,
        pay_at="https://online-pay.kakaopay.com/x", created_at=now,
    )  # fmt: skip


def _budget_of(cast, now):
    """A budget of the organization that is closed."""
    return SponsorBudget.objects.create(
        organization=cast.organization, name="B", percent=50, first_day=now.date()
    )


def answered(session: str, method: str, path: str) -> str:
    client = Client(raise_request_exception=False)
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    with transaction.atomic():
        answer = client.generic(method, path)
        transaction.set_rollback(True)
    if answer.status_code != 302:
        return str(answer.status_code)
    if answer["Location"].startswith("/accounts/login/"):
        return "in"
    levels = {one.level for one in messages.get_messages(answer.wsgi_request)}
    return "!" if messages.ERROR in levels else ">"


def sessions(world: World) -> dict[str, str]:
    signed_in = {who: session_of(getattr(world.cast, who)) for who in WHO if who != "anonymous"}
    return {"anonymous": "", **signed_in}


def the_others(world: World) -> None:
    """Who had a seat and gave it back, who is blocked by the driver, who was sent away."""
    cast, now = world.cast, world.now
    cast.former, cast.blocked, cast.gone = (
        MemberFactory(organization=cast.organization) for _ in range(3)
    )
    booking = book(cast.former, world.ride, now=now)
    services.cancel_booking(booking_id=booking.pk, by=cast.former, reason="", now=now)
    block_member(by=cast.driver, other=cast.blocked, now=now)
    remove_member(by=cast.manager, person_id=cast.gone.pk, reason="", now=now)


@pytest.fixture
def world(cast, now):
    with world_at("booked", cast, now) as world:
        the_others(world)
        yield world


def test_everybody_is_answered_as_the_table_says(world):
    people, words, found = sessions(world), words_of(world), {}
    for path in sorted(page_paths()):
        there = address(path, world, words)
        found[path] = tuple(
            " ".join(answered(people[who], method, there) for who in WHO)
            for method in ("GET", "POST")
        )
    assert found == TABLE
