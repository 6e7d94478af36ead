"""Drawing the outline of a site in a real browser: by pointer, by keyboard, and without either."""

import pytest
from playwright.sync_api import expect

from accounts.models import Site
from carpool.kernel.geo import corners_of
from carpool.tests.test_browser import DESK, chromium, site, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium", "site", "visit"]  # fixtures


def test_a_manager_draws_moves_adds_removes_and_saves(visit, cast):
    office = Site.objects.get(organization=cast.organization, name="Head office")
    visitor = visit(cast.manager, viewport=DESK)
    page = visitor.page
    page.goto(f"/organization/sites/{office.pk}/")
    corners = page.locator(".corner")
    expect(corners).to_have_count(0)
    page.get_by_role("button", name="Draw its outline instead").click()
    expect(corners).to_have_count(8)
    expect(page.get_by_role("button", name="Use the circle instead")).to_be_focused()

    before = page.locator("[name=fence]").input_value()
    corners.nth(2).focus()
    page.keyboard.press("ArrowUp")
    after = page.locator("[name=fence]").input_value()
    assert [a != b for a, b in zip(before.split(), after.split(), strict=True)].count(True) == 1
    expect(corners.nth(2)).to_be_focused()

    box = page.locator("[data-map]").bounding_box()
    page.mouse.click(box["x"] + 40, box["y"] + box["height"] / 2)
    expect(corners).to_have_count(9)
    corners.nth(0).focus()
    page.keyboard.press("Enter")
    expect(corners).to_have_count(8)

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The site is saved.")).to_be_visible()
    expect(page.get_by_text("as drawn on the map")).to_be_visible()
    office.refresh_from_db()
    assert len(corners_of(office.fence)) == 8

    page.goto(f"/organization/sites/{office.pk}/")
    expect(corners).to_have_count(8)
    page.get_by_role("button", name="Use the circle instead").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The site is saved.")).to_be_visible()
    office.refresh_from_db()
    assert office.fence is None
    visitor.check_privacy_and_peace()


def test_without_scripts_the_circle_does(visit, cast):
    office = Site.objects.get(organization=cast.organization, name="Head office")
    page = visit(cast.manager, java_script_enabled=False).page
    page.goto(f"/organization/sites/{office.pk}/")
    expect(page.get_by_role("button", name="Draw its outline instead")).to_be_hidden()
    page.get_by_label("How far it reaches").fill("90")
    page.get_by_role("button", name="Save").click()
    office.refresh_from_db()
    assert (office.radius_m, office.fence) == (90, None)
