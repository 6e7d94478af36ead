"""The main journey by keyboard alone, in a real browser: search, book, cancel, rate.

Nothing is clicked. Wherever one stands, one can see where: what has the focus is outlined.
"""

from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import Locator, Page, expect

from accounts.services import save_place
from accounts.tests.factories import HOME_NORTH, WORKSHOP
from carpool.kernel import clock
from carpool.tests.test_browser import DESK, chromium, site, visit
from rides.models import Booking, BookingState, Review
from rides.tests.factories import book, offer
from rides.tests.travelled import settle, trip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium", "site", "visit"]  # fixtures

MOST_STOPS = 120  # of the Tab key on one page
DAY = timedelta(days=1)
IS_FOCUSED = "element => element === document.activeElement"
# The outline may be drawn around the label of a field that has no looks of its own.
IS_OUTLINED = """element => [element, element.closest('label'), element.parentElement]
  .filter(Boolean)
  .some((one) => getComputedStyle(one).outlineStyle !== 'none')"""


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus, and see that one can see it."""
    expect(wanted).to_be_visible()
    for _ in range(MOST_STOPS):
        if wanted.evaluate(IS_FOCUSED):
            break
        page.keyboard.press("Tab")
    else:
        raise AssertionError(f"The Tab key does not lead to {wanted}")
    assert wanted.evaluate(IS_OUTLINED), f"One does not see that one stands on {wanted}"


def press(page: Page, wanted: Locator) -> None:
    """Go to a button or a link and press Enter."""
    tab_to(page, wanted)
    page.keyboard.press("Enter")


def type_into(page: Page, wanted: Locator, text: str) -> None:
    """Go to a field, empty it, and type."""
    tab_to(page, wanted)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def test_a_seat_is_searched_booked_and_given_back(visit, cast):
    ride = offer(cast.driver, now=clock.now(), hours=26)
    save_place(member=cast.rider, kind="home", label="Home", location=HOME_NORTH)
    save_place(member=cast.rider, kind="work", label="Workshop", location=WORKSHOP)
    page = visit(cast.rider, viewport=DESK, locale="en-US").page
    page.goto("/")
    press(page, page.get_by_role("navigation").get_by_role("link", name="Find"))
    expect(page.get_by_role("heading", name="Find a ride")).to_be_visible()
    leave = (ride.departure_at - timedelta(minutes=20)).astimezone(cast.organization.zone)
    choose(page, "From", "Home")
    choose(page, "To", "Work")
    type_into(page, page.get_by_label("Day", exact=True), f"{leave:%m%d%Y}")
    type_into(page, page.get_by_label("Time", exact=True), f"{leave:%I%M%p}")
    press(page, page.get_by_role("button", name="Search"))
    expect(page.get_by_role("heading", name="1 ride fits")).to_be_visible()
    press(page, page.get_by_role("button", name="Book"))
    expect(page.get_by_text("Your seat is certain")).to_be_visible()

    opener = page.get_by_role("link", name="Cancel my booking")
    press(page, opener)
    dialog = page.get_by_role("dialog", name="Give your seat back?")
    expect(dialog).to_be_visible()
    stays_inside(page, dialog)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    type_into(page, page.get_by_label("A word to the others"), "My meeting moved")
    press(page, dialog.get_by_role("button", name="Cancel my booking"))
    expect(page.get_by_text("Your booking is cancelled.")).to_be_visible()
    booking = Booking.objects.get()
    assert (booking.state, booking.cancel_reason) == (BookingState.CANCELLED, "My meeting moved")


def choose(page: Page, field: str, chip: str) -> None:
    """Empty one end of the way and take a place of one's own for it."""
    end = page.get_by_role("combobox", name=field, exact=True)
    tab_to(page, end)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    press(page, page.get_by_role("button", name=chip, exact=True))
    expect(end).not_to_have_value("")


def stays_inside(page: Page, dialog: Locator) -> None:
    """Walk around in a dialog: the page behind it is never reached."""
    for _ in range(MOST_STOPS // 10):
        page.keyboard.press("Tab")
        assert dialog.evaluate(
            "dialog => document.activeElement === document.body"
            " || dialog.contains(document.activeElement)"
        )


def test_a_ride_that_is_over_is_rated(visit, cast):
    at = clock.now() - 3 * DAY
    with time_machine.travel(at):
        booking = settle(trip(cast.driver, cast.rider, now=at), now=at + 2 * DAY)
    page = visit(cast.rider).page
    page.goto(f"/rides/{booking.ride_id}/")
    press(page, page.get_by_role("link", name="How was the ride with Dora?"))
    expect(page.get_by_role("heading", name="How was the ride with Dora?")).to_be_visible()
    overall = page.locator("[name=overall]")
    tab_to(page, overall.first)
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(overall.nth(3)).to_be_checked()
    type_into(page, page.get_by_label("In your words"), "Thank you")
    press(page, page.get_by_role("button", name="Rate"))
    expect(page.get_by_text("Thank you. Your rating is kept.")).to_be_visible()
    review = Review.objects.get()
    assert (review.overall, review.comment) == (4, "Thank you")


def test_a_page_that_changes_by_itself_leaves_the_focus_where_it_was(visit, cast):
    ride = offer(cast.driver, now=clock.now())
    page = visit(cast.driver).page
    page.goto(f"/rides/{ride.pk}/")
    expect(page.locator("[data-connected]")).to_be_attached()
    change = page.get_by_role("link", name="Change the ride")
    tab_to(page, change)
    book(cast.rider, ride, now=clock.now())
    expect(page.get_by_text("Rita gets in")).to_be_visible()
    expect(change).to_be_focused()
