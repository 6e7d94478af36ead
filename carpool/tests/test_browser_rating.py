"""Two people rate each other after a ride, one by keyboard and one by finger."""

import pytest
from playwright.sync_api import expect

from carpool.kernel import clock
from carpool.tests.test_browser import Visitor, chromium, site
from rides.models import Review
from rides.tests.travelled import trip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium", "site"]  # fixtures


def test_stars_are_given_by_keyboard_or_finger_and_stay_hidden_until_both_have(
    chromium, site, cast
):
    booking = trip(cast.driver, cast.rider, now=clock.now())
    rita, dora = Visitor(chromium, site, cast.rider), Visitor(chromium, site, cast.driver)
    page, address = rita.page, f"/bookings/{booking.pk}/rate/"
    page.goto(address)
    page.get_by_role("radio", name="1 of 5 stars").first.focus()
    page.keyboard.press("Space")
    for _star in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_label("In your words").fill("A calm drive")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your rating is kept.")).to_be_visible()
    assert Review.objects.get().overall == 4

    dora.page.goto(address)
    assert "A calm drive" not in dora.page.content()
    dora.page.locator(".stars__star").nth(4).click()
    dora.page.get_by_role("button", name="Rate", exact=True).click()
    expect(dora.page.get_by_text("A calm drive")).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("heading", name="Dora rated you")).to_be_visible()
    for visitor in (rita, dora):
        visitor.check_privacy_and_peace()
        visitor.context.close()
