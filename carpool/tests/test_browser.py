"""Whole journeys in a real browser, against a real server: two people share a ride.

The server is Daphne in a process of its own; the outbox relay runs in a thread here, as the worker
does in production. Chromium is the system's.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import Member
from accounts.services import save_place
from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, WORKSHOP
from carpool.kernel import clock, outbox
from carpool.kernel.web import write_place
from carpool.tests.servers import running_servers, session_of
from maps.models import Region
from maps.services import import_file
from rides.models import Booking, BookingState, Ride
from rides.tests.factories import book, offer

logger = logging.getLogger(__name__)
# How long a busy machine may take to show something that comes by itself.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser; its event loop stands beside synchronous database calls."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()
    patch.undo()


@pytest.fixture
def addresses(city) -> None:
    """Streets to search for: a test that emptied the tables took them away."""
    if not city.addresses.exists():
        Region.objects.filter(pk=city.pk).update(status="pending", network_version="")
        source = settings.BASE_DIR / "data" / "la-serena-coquimbo.osm.pbf"
        import_file(path=source, now=clock.now(), name=city.name, slug=city.slug)


@pytest.fixture
def site(city, cast) -> Iterator[str]:
    """The address of a running server, with facts being relayed."""
    with running_servers(1) as [server], relayed_facts():
        yield f"http://localhost:{server.port}"


@contextmanager
def in_background(work: Callable[[], object], *, every_s: float) -> Iterator[None]:
    """Do something again and again while the block runs, as beat and the workers do."""
    done = threading.Event()

    def go_on() -> None:
        while not done.wait(every_s):
            try:
                work()
            except OperationalError:  # as a task that failed: the next one does it
                logger.exception("The next look does it.")
        connection.close()

    worker = threading.Thread(target=go_on)
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join()


def relayed_facts() -> AbstractContextManager[None]:
    """Deliver facts while the block runs."""
    return in_background(lambda: outbox.relay(now=clock.now()), every_s=0.05)


class Visitor:
    """One person at one device; keeps every request and everything the browser complained of."""

    def __init__(self, chromium: Browser, site: str, member: Member | None, **options) -> None:
        options.setdefault("viewport", PHONE)
        options.setdefault("locale", "en")
        self.site, self.requests, self.complaints = site, [], []
        self.context: BrowserContext = chromium.new_context(base_url=site, **options)
        if member is not None:
            self.context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(member), "url": site}]
            )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message) -> None:
        # A page may ask for the car at the very moment at which the ride ends; then it hides it.
        is_cars_end = message.location["url"].endswith("/car") and "403" in message.text
        if message.type == "error" and not is_cars_end:
            self.complaints.append(message.text)

    def check_privacy_and_peace(self) -> None:
        """Only our own host was asked, and nothing was blocked or broke."""
        hosts = {urlsplit(url).netloc for url in self.requests if url[:5] not in {"data:", "blob:"}}
        assert hosts == {urlsplit(self.site).netloc}
        assert self.complaints == []


@pytest.fixture
def visit(chromium, site):
    """Open a browser for somebody."""
    visitors = []

    def open_for(member: Member | None, **options) -> Visitor:
        visitors.append(Visitor(chromium, site, member, **options))
        return visitors[-1]

    yield open_for
    for visitor in visitors:
        visitor.context.close()


def fill_time(page: Page, member: Member, moment) -> None:
    local = moment.astimezone(member.organization.zone)
    page.get_by_label("Day", exact=True).fill(local.date().isoformat())
    page.get_by_label("Time", exact=True).fill(local.strftime("%H:%M"))


def query_for(cast, ride: Ride) -> str:
    """Return what the rider's search form sends to find a ride."""
    around = (ride.departure_at - timedelta(minutes=20)).astimezone(cast.organization.zone)
    return urlencode(
        {
            "origin_label": "My home",
            "origin": write_place(HOME_NORTH),
            "destination_label": "Workshop",
            "destination": write_place(WORKSHOP),
            "when": "leave",
            "date": around.date().isoformat(),
            "time": around.strftime("%H:%M"),
            "window": 120,
            "seats": 1,
            "walk_m": 800,
        }
    )


def test_two_people_share_a_ride(addresses, visit, cast, record_property):
    driver, rider = visit(cast.driver, viewport=DESK), visit(cast.rider)
    leave = (clock.now() + timedelta(days=1)).replace(second=0, microsecond=0)
    offer_in_the_browser(driver.page, cast.driver, leave)
    ride = Ride.objects.get(driver=cast.driver)
    expect(driver.page.get_by_text("Nobody yet.")).to_be_visible()
    expect(driver.page.locator("[data-connected]")).to_be_attached()
    driver.page.evaluate("document.body.dataset.sameDocument = ''")

    took_ms = search_in_the_browser(rider.page, cast.rider, leave)
    record_property("search_ms", round(took_ms))
    logger.info("A search was painted after %.0f ms.", took_ms)
    rider.page.get_by_role("button", name="Book").first.click()
    expect(rider.page.get_by_text("Your seat is certain")).to_be_visible()
    expect(rider.page.get_by_text(ride.car.plate)).to_be_visible()

    expect(driver.page.get_by_text("Rita gets in")).to_be_visible()
    expect(driver.page.get_by_role("status").get_by_text("Rita rides with you")).to_be_visible()
    expect(driver.page.locator("body[data-same-document]")).to_be_attached()

    rider.page.get_by_role("link", name="Cancel my booking").click()
    word = rider.page.get_by_label("A word to the others")
    expect(word).to_have_accessible_description(re.compile("Your driver reads it as you write it"))
    word.fill("My meeting moved")
    rider.page.get_by_role("button", name="Cancel my booking").click()
    expect(rider.page.get_by_text("Your booking is cancelled.")).to_be_visible()
    expect(driver.page.get_by_text("Nobody yet.")).to_be_visible()
    expect(driver.page.locator("body[data-same-document]")).to_be_attached()
    assert Booking.objects.get().state == BookingState.CANCELLED
    driver.check_privacy_and_peace()
    rider.check_privacy_and_peace()


def offer_in_the_browser(page: Page, member: Member, leave) -> None:
    """Type, choose by keyboard, take a chip, see the road, publish."""
    page.goto("/offer/")
    start = page.get_by_role("combobox", name="From", exact=True)
    start.fill("")
    start.press_sequentially("balmaceda")
    expect(page.get_by_role("option").first).to_be_visible()
    start.press("ArrowDown")
    start.press("Enter")
    expect(page.get_by_role("listbox", name="From")).to_be_hidden()
    page.get_by_role("button", name="Port", exact=True).click()
    expect(page.get_by_role("combobox", name="To", exact=True)).to_have_value("Port")
    expect(page.locator("[data-map-facts]")).to_have_text(re.compile(r"\d+ min · \d+\.\d km"))
    expect(page.locator("path.route-line")).to_be_visible()
    # The chosen street may lie anywhere; the journey needs one that passes the rider's home.
    page.get_by_role("combobox", name="From", exact=True).fill("")
    page.locator("[name=origin]").evaluate(
        "(field, place) => { field.value = place }", write_place(HEAD_OFFICE)
    )
    page.locator("[name=origin_label]").evaluate("field => { field.value = 'Head office' }")
    fill_time(page, member, leave)
    page.get_by_label("Detour I accept").fill("20")
    page.get_by_role("button", name="Publish the ride").click()
    page.wait_for_url("**/rides/*/")


def search_in_the_browser(page: Page, member: Member, leave) -> float:
    """Fill the form, search, and return milliseconds until the page with the offers is painted."""
    save_place(member=member, kind="home", label="Home", location=HOME_NORTH)
    page.goto("/find/?to=work")
    page.get_by_role("combobox", name="To", exact=True).fill("")
    page.get_by_role("button", name="Workshop").click()
    fill_time(page, member, leave - timedelta(minutes=20))
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="1 ride fits")).to_be_visible()
    # The first search of a server process opens the networks; people meet the second one.
    page.reload(wait_until="networkidle")
    page.reload(wait_until="networkidle")
    return float(
        page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    )


def test_everything_works_without_scripts(addresses, visit, cast):
    driver = visit(cast.driver, java_script_enabled=False).page
    leave = (clock.now() + timedelta(days=1)).replace(second=0, microsecond=0)
    driver.goto("/offer/")
    driver.get_by_role("combobox", name="From", exact=True).fill("Avenida Cuatro Esquinas")
    driver.get_by_role("combobox", name="To", exact=True).fill("Avenida Las Torres")
    fill_time(driver, cast.driver, leave)
    driver.get_by_role("button", name="Publish the ride").click()
    expect(driver.get_by_text("Your ride is published")).to_be_visible()
    ride = offer(cast.driver, now=clock.now(), hours=48)
    rider = visit(cast.rider, java_script_enabled=False).page
    rider.goto(f"/find/?{query_for(cast, ride)}")
    rider.get_by_role("button", name="Book").click()
    expect(rider.get_by_text("Your seat is certain")).to_be_visible()
    rider.get_by_role("link", name="Cancel my booking").click()
    rider.get_by_role("button", name="Cancel my booking").click()
    expect(rider.get_by_text("Your booking is cancelled.")).to_be_visible()


def test_keyboard_reaches_the_content_and_the_tabs(visit, cast):
    page = visit(cast.rider, viewport=DESK).page
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("navigation").get_by_role("link", name="Find").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Find a ride")).to_be_visible()


def test_one_press_counts_once(visit, cast):
    page = visit(cast.driver).page
    page.goto("/offer/")
    seats = page.get_by_label("Free seats")
    expect(seats).to_have_value("2")
    page.locator(".field", has=seats).locator("[data-step='1']").click()
    expect(seats).to_have_value("3")
    expect(page.locator(".field", has=seats).locator("[data-step='1']")).to_be_disabled()


def test_wrong_field_is_where_one_lands(visit, cast):
    page = visit(cast.driver).page
    page.goto("/offer/")
    page.get_by_role("button", name="Port", exact=True).click()
    page.get_by_role("button", name="Workshop").click()
    page.get_by_label("Time", exact=True).fill("")
    page.get_by_role("button", name="Publish the ride").click()
    expect(page.get_by_label("Time", exact=True)).to_be_focused()


def test_without_a_network_the_offline_page_answers(visit, cast):
    visitor = visit(cast.rider)
    visitor.page.goto("/")
    visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    visitor.context.set_offline(True)
    visitor.page.goto("/find/")
    expect(visitor.page.get_by_role("heading", name="No connection right now")).to_be_visible()
    visitor.context.set_offline(False)
    visitor.page.get_by_role("link", name="Try again").click()  # the page that was asked for
    expect(visitor.page.get_by_role("heading", name="Find a ride")).to_be_visible()


def test_page_catches_up_without_the_socket(visit, cast, site):
    now = clock.now()
    ride = offer(cast.driver, now=now)
    driver = visit(cast.driver)
    driver.page.route_web_socket("**/ws/live/", lambda socket: socket.close())
    driver.page.goto(f"/rides/{ride.pk}/")
    book(cast.rider, ride, now=now)
    # Coming back to the page makes it look at once; the poll every 20 s does the same.
    driver.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(driver.page.get_by_text("Rita gets in")).to_be_visible()


def test_chosen_appearance_is_remembered(visit, cast):
    page = visit(cast.rider).page
    page.goto("/profile/")
    page.get_by_label("Dark").check()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(16, 24, 23)"
    page.goto("/")
    assert page.evaluate(ground) == "rgb(16, 24, 23)"
    expect(page.locator("html[data-theme=dark]")).to_be_attached()
