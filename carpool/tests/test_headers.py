"""What every answer tells the browser, and that no address we are given leads away from us."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from accounts.tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
PAGES = ("/accounts/login/code/", "/no-such-page/", "/api/v1/me", "/livez", "/")
AWAY = (
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://testserver@evil.example/",
    "%2F%2Fevil.example",
)


@pytest.mark.parametrize("page", PAGES)
def test_each_answer_says_what_its_page_may_do(page):
    answer = Client().get(page)
    assert answer.status_code < 500
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
    powers = answer["Permissions-Policy"]
    assert "geolocation=(self)" in powers
    assert "microphone=()" in powers
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(
    "door", ["/accounts/login/code/", "/accounts/login/", "/accounts/signup/", "/demo/"]
)
def test_no_door_leads_away_from_us(door, away, client):
    client.force_login(MemberFactory().user)
    for answer in (
        client.get(door, {"next": away}),
        client.post(f"{door}?next={away}", {"next": away}),
        Client().get(door, {"next": away}),
    ):
        assert answer.status_code < 500
        there = answer.get("Location", "/").replace("\\", "/")  # as browsers read it
        assert urlsplit(urljoin(f"http://testserver{door}", there))[:2] == ("http", "testserver")
