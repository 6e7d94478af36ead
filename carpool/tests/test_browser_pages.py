"""Every page there is, in a real browser: no serious barrier, no wider than a phone, one title.

The list comes from the addresses themselves, so that a new page cannot be forgotten.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from accounts.models import Member
from accounts.services import create_invitation
from carpool.kernel import clock
from carpool.tests.addresses import walk
from carpool.tests.test_browser import PHONE, chromium, query_for, site, visit
from carpool.tests.world import known_ids, world_at
from chat.selectors.links import unsubscribe_path
from rides.services import share_ride

# Pages of other makers, answers to programs, and ways that lead elsewhere at once.
NO_PAGES = (
    "_allauth/", "accounts/google/", "accounts/kakao/", "accounts/oidc/", "accounts/password/",
    "accounts/social/", "admin/", "api/", "design/<", "healthz", "livez", "maps/", "problems/",
    "webhooks/<",
    "studies/<",  # its figures take a computed study: matching/tests/test_study_pages.py
)  # fmt: skip
GRAVE = {"serious", "critical"}
# Within WCAG 2.2 AA, but off unless one asks for it.
RULES = {"rules": {"target-size": {"enabled": True}}}

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium", "site", "visit"]  # fixtures


@pytest.fixture
def known(cast):
    """Who sees which page, once everything has happened to somebody.

    Found in a thread: the browser's loop runs in this one.
    """

    def look():
        try:
            with world_at("booked", cast, clock.now()) as world:
                pass  # made; from here on the clock runs
            return pages(world)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(look).result()


def patterns() -> Iterator[str]:
    """Return the path of every address that may be a page's."""
    for path, _view in walk(get_resolver().url_patterns, ""):
        if not path.startswith(NO_PAGES) and "^" not in path:
            yield path


def fill(path: str, world, ids: dict[str, list[str]]) -> str:
    """Put into a path what stands for its parameters."""
    now, cast = world.now, world.cast
    secrets = {
        "join/<": lambda: create_invitation(by=cast.manager, note="", max_uses=9, days=9, now=now)[
            1
        ],
        "follow/<": lambda: share_ride(ride_id=world.ride.pk, by=cast.driver, now=now),
    }
    for beginning, secret in secrets.items():
        if path.startswith(beginning):
            path = path.replace("<str:token>", secret())
    path = path.replace("<str:kind>", "home")
    for name, (value, *_rest) in ids.items():
        for kind in ("uuid", "int", "str", "slug"):
            path = path.replace(f"<{kind}:{name}>", value)
    return f"/{path}"


def pages(world) -> list[tuple[object, str]]:
    """Return who sees which page: the first of the cast to whom it opens."""
    cast = world.cast
    people = (None, cast.rider, cast.driver, cast.manager)
    clients = {person: Client() for person in people}
    for person, client in clients.items():
        if person is not None:
            client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    found = [(cast.rider, f"/find/?{query_for(cast, world.ride)}"), (None, "/nowhere/")]
    found.append((None, unsubscribe_path(cast.rider, None)))
    ids = known_ids(world)
    for address in sorted({fill(path, world, ids) for path in patterns()}):
        for person, client in clients.items():
            answer = client.get(address)
            kind = answer.headers.get("Content-Type", "")
            if answer.status_code == HTTPStatus.OK and kind.startswith("text/html"):
                found.append((person, address))
                break
    return found


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ko")])
def test_no_page_has_a_serious_barrier(visit, known, scheme, language):
    assert len(known) > 50
    Member.objects.update(language=language)
    visitors, faults = {}, []
    for person, address in known:
        if person not in visitors:
            visitors[person] = visit(person, color_scheme=scheme, locale=language)
        page = visitors[person].page
        page.goto(address)
        found = Axe().run(page, options=RULES).response["violations"]
        faults += [
            (address, rule["id"], rule["nodes"][0]["target"])
            for rule in found
            if rule["impact"] in GRAVE
        ]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            faults.append((address, "scrolls sideways", width))
        titles = page.locator("h1").count()
        if titles != 1:
            faults.append((address, "has titles", titles))
        if page.locator("html").get_attribute("lang") != language:
            faults.append((address, "speaks another language", language))
    assert faults == []
