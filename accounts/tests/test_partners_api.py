"""Sharing rides and looks by the API: two owners agree, others are told nothing."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import MemberRole, Partnership
from accounts.tests.factories import MemberFactory
from rides.tests.api import Api

pytestmark = pytest.mark.django_db
PARTNERS = "organization/partners"


@pytest.fixture
def owners(cast):
    return [
        Api(MemberFactory(organization=organization, role=MemberRole.OWNER))
        for organization in (cast.organization, cast.outsider.organization)
    ]


def test_one_invites_the_other_accepts_either_ends_it(cast, owners):
    ours, theirs = owners
    answer = ours.post(PARTNERS, {"domain": "Campus.example"})
    assert answer.status_code == 202
    sent = ours.get(PARTNERS).json()
    got = theirs.get(PARTNERS).json()
    assert [(one["partner"]["name"], one["invited_by_us"]) for one in sent] == [("Campus", True)]
    assert [(one["partner"]["name"], one["invited_by_us"]) for one in got] == [("Copper", False)]
    address = f"{PARTNERS}/{got[0]['id']}"
    refused = ours.post(f"{address}/accept")
    assert (refused.status_code, refused.json()["code"]) == (403, "only_the_invited")
    accepted = theirs.post(f"{address}/accept").json()
    assert accepted["accepted_at"]
    cast.organization.refresh_from_db()
    assert cast.organization.partner_ids == [cast.outsider.organization_id]
    assert ours.send("DELETE", address).status_code == 204
    assert ours.send("DELETE", address).status_code == 404
    assert theirs.get(PARTNERS).json() == []


def test_who_is_here_is_not_told(owners):
    answers = [owners[0].post(PARTNERS, {"domain": d}) for d in ("nobody.example", "x.example")]
    assert [a.status_code for a in answers] == [202, 202]
    assert Partnership.objects.count() == 0
    assert owners[0].post(PARTNERS, {"domain": "no domain"}).status_code == 400


def test_a_third_organization_reaches_nothing(owners):
    owners[0].post(PARTNERS, {"domain": "campus.example"})
    third = Api(MemberFactory(role=MemberRole.OWNER))
    address = f"{PARTNERS}/{Partnership.objects.get().pk}"
    assert third.get(PARTNERS).json() == []
    assert third.post(f"{address}/accept").status_code == 404
    assert third.send("DELETE", address).status_code == 404


def test_looks_change_and_say_what_is_legible(cast):
    api, url = Api(cast.manager), "organization/branding"
    changed = api.send("PATCH", url, {"colour": "#FFFF00"}).json()
    assert (changed["name"], changed["colour"], changed["logo"]) == ("Copper", "#ffff00", None)
    assert changed["colour_on_light"] != "#ffff00"
    assert Api(cast.rider).get(url).json() == changed
    assert api.send("PATCH", url, {"colour": "red"}).json()["errors"][0]["field"] == "colour"
    assert api.send("PATCH", url, {"name": " "}).json()["errors"][0]["field"] == "name"
    out = io.BytesIO()
    Image.new("RGB", (600, 300)).save(out, "PNG")
    shown = api.send("PUT", f"{url}/logo", {"logo": SimpleUploadedFile("a.png", out.getvalue())})
    assert Client().get(shown.json()["logo"])["Content-Type"] == "image/png"
    fake = api.send("PUT", f"{url}/logo", {"logo": SimpleUploadedFile("a.png", b"<svg/>")})
    assert (fake.status_code, fake.json()["errors"][0]["field"]) == (422, "logo")
    assert api.send("DELETE", f"{url}/logo").json()["logo"] is None
