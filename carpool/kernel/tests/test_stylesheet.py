"""One style sheet for every page: all of it, kept for ever, and never a stale one."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from carpool.kernel.stylesheet import PARTS, stylesheet_url

DESIGN = settings.BASE_DIR / "static" / "design"
# Only some pages need these, and one is switched with the theme.
APART = {"tokens-dark", "map", "living"}


def test_it_holds_every_sheet_that_pages_share_in_order(client):
    css = client.get(stylesheet_url()).content.decode()
    at = [css.index((DESIGN / f"{part}.css").read_text()) for part in PARTS]
    assert at == sorted(at)
    written = {path.stem for path in DESIGN.glob("*.css")}
    others = written - set(PARTS) - APART
    linked = " ".join(p.read_text() for p in (settings.BASE_DIR / "templates").rglob("*.html"))
    assert not [stem for stem in others if f"design/{stem}.css" not in linked]


def test_a_sheet_needs_no_address_of_its_own():
    for part in PARTS:
        assert not re.search(r"url\((?!\"?data:)|@import", (DESIGN / f"{part}.css").read_text())


def test_it_may_be_kept_for_ever_under_its_name_only(client):
    now, old = client.get(stylesheet_url()), client.get(reverse("stylesheet", args=["0" * 12]))
    assert "immutable" in now["Cache-Control"]
    assert old.status_code == 200
    assert old["Cache-Control"] == "no-cache"
    assert old.content == now.content
    assert "Cookie" not in now.get("Vary", "")


def test_it_is_small_on_the_wire(client):
    answer = client.get(stylesheet_url(), headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < 16_000


@pytest.mark.parametrize("address", ["/offline/", "/design/", "/nowhere"])
def test_pages_link_it(client, db, address):
    assert stylesheet_url() in client.get(address).content.decode()


def test_the_service_worker_keeps_it_for_the_offline_page(client):
    assert stylesheet_url() in client.get("/sw.js").content.decode()
