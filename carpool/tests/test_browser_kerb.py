"""Three phones at the kerb, in a real browser: from the driver's code to verdict, reward, rating.

The browsers' own positions travel to the server as they do on the road. Two phones sit in one car
and each errs in its own way; the third stays at home, though its owner got in by code. A place on
the way follows from the time that has passed, so that a slow machine only records fewer places.
"""

import re
import time

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from playwright.sync_api import expect

from accounts.models import Site
from accounts.tests.factories import HEAD_OFFICE, WORKSHOP
from carpool.kernel import clock
from carpool.kernel.geo import LonLat, lengths_m, offset_m
from carpool.tests.servers import running_servers
from carpool.tests.test_browser import (
    PATIENCE_MS,
    Visitor,
    chromium,
    in_background,
    relayed_facts,
)
from maps.selectors import drive_between
from payments.models import Reward
from payments.tests.incentives import rule
from rides.models import Booking, Ride
from rides.services import watch
from rides.views.kerb import draw_code
from tracking.models import Trace, Verification
from tracking.services import verify_due

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium"]  # a fixture
# Long enough for the register's 2 km, and for the minute that a proven trip takes at least.
WAY_M, PACE_MPS, STEP_S = 2_400.0, 26.0, 1.1
HOME = offset_m(HEAD_OFFICE, east_m=1_500, north_m=1_500)


class Way:
    """A way along the roads, by metres."""

    def __init__(self, start: LonLat, end: LonLat) -> None:
        self._points = np.array(drive_between(start, end).geometry)
        self._along_m = np.concatenate([[0.0], np.cumsum(lengths_m(self._points))])

    def at(self, metres: float) -> LonLat:
        """Return the place after so many metres."""
        lon, lat = (np.interp(metres, self._along_m, column) for column in self._points.T)
        return LonLat(float(lon), float(lat))


class Phone(Visitor):
    """Somebody's phone: it errs by some metres, and its error changes slowly."""

    def __init__(self, chromium, site, member, place: LonLat, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._error_m, self._moved_at = self._rng.normal(0, 4, 2), time.monotonic()
        here = self._as_told(place)
        super().__init__(chromium, site, member, geolocation=here, permissions=["geolocation"])

    def move_to(self, place: LonLat) -> None:
        """Let the browser say that it is there."""
        self.context.set_geolocation(self._as_told(place))

    def _as_told(self, place: LonLat) -> dict[str, float]:
        at = time.monotonic()
        keep = 0.97 ** (at - self._moved_at)
        fresh = self._rng.normal(0, 4, 2) * np.sqrt(1 - keep**2)
        self._error_m, self._moved_at = keep * self._error_m + fresh, at
        there = offset_m(place, east_m=self._error_m[0], north_m=self._error_m[1])
        accuracy = round(float(self._rng.uniform(4, 9)), 1)
        return {"longitude": there.lon, "latitude": there.lat, "accuracy": accuracy}


def work() -> None:
    """Look after rides and trips once."""
    watch(now=clock.now())
    verify_due(now=clock.now())


@pytest.fixture
def site(cast):
    """A server; both sides are asked as soon as the car is there, and trips are rewarded."""
    cast.organization.own_policies = {"validating_after_s": 0}
    cast.organization.save(update_fields=["own_policies"])
    market = Way(HEAD_OFFICE, WORKSHOP).at(WAY_M)
    Site.objects.create(
        organization=cast.organization, name="Market", location=Point(*market, srid=4326)
    )
    rule(cast.organization, clock.now(), per_trip=600)
    with running_servers(1) as [server], relayed_facts(), in_background(work, every_s=0.5):
        yield f"http://localhost:{server.port}"


@pytest.fixture
def phones(chromium, site, cast):
    """The driver and a rider at the kerb, and a rider who has stayed at home."""
    people = [(cast.driver, HEAD_OFFICE), (cast.rider, HEAD_OFFICE), (cast.colleague, HOME)]
    found = [
        Phone(chromium, site, member, place, seed) for seed, (member, place) in enumerate(people)
    ]
    yield found
    for phone in found:
        phone.context.close()


def stand_at_the_kerb(page, site) -> str:
    """Offer a ride from where one stands; return the code that the page shows, twice."""
    page.goto("/instant/")
    page.get_by_role("button", name="Use where I am").click()
    expect(page.get_by_role("combobox", name="I stand here")).to_have_value(re.compile(r"\w"))
    page.get_by_role("button", name="Market", exact=True).click()
    page.get_by_role("button", name="Show my code").click()
    code = re.sub(r"\W", "", page.locator("[data-instant-code]").inner_text())
    drawn = re.search(r' d="([^"]+)"', draw_code(f"{site}/instant/{code}/"))
    assert page.locator(".qr path").get_attribute("d") == drawn[1], "the picture is the same code"
    return code


def get_in(driver, page) -> None:
    """Join, say one's boarding code to the driver, and hear that one is aboard."""
    page.get_by_role("button", name="Get in", exact=True).click()
    said = page.locator("[data-boarding-code]").inner_text()
    driver.get_by_label("Boarding code").fill(said)
    driver.get_by_role("button", name="Let in").click()
    expect(page.get_by_text("You are aboard")).to_be_visible()


def share_position(page) -> None:
    """Agree to both purposes; the first positions are sent by the page itself."""
    for purpose in page.locator("[name=purpose]").all():
        purpose.check()
    page.get_by_role("button", name="Share my position for this ride").click()
    expect(page.get_by_text("Shared now. Keep this page open.")).to_be_visible()


def drive(page, way: Way, aboard: list[Phone], at_home: Phone) -> None:
    """Drive at a steady pace; whoever stalls waits longer before the next step, so nobody jumps."""
    begun = time.monotonic()
    metres = 0.0
    while metres < WAY_M:
        step_at = time.monotonic()
        for phone in aboard:
            metres = min(WAY_M, (time.monotonic() - begun) * PACE_MPS)
            phone.move_to(way.at(metres))
        at_home.move_to(HOME)
        stalled_s = time.monotonic() - step_at
        page.wait_for_timeout(1000 * max(STEP_S - stalled_s, 4 * stalled_s))


def test_from_the_kerb_to_verdict_reward_and_rating(phones, site, cast):
    dora, rita, carl = phones
    code = stand_at_the_kerb(dora.page, site)
    rita.page.goto("/instant/")
    rita.page.get_by_label("Code of the driver").fill(code.lower())
    rita.page.get_by_role("button", name="Find").click()
    get_in(dora.page, rita.page)
    carl.page.goto(f"/instant/{code}/")  # as a camera leads there
    get_in(dora.page, carl.page)
    for phone in phones:
        share_position(phone.page)

    dora.page.get_by_role("button", name="Start the ride").click()
    expect(rita.page.get_by_role("button", name="I got out")).to_be_visible()
    drive(dora.page, Way(HEAD_OFFICE, WORKSHOP), [dora, rita], carl)

    # Nobody said that the car is there: its positions did.
    arrived = dora.page.get_by_role("button", name="I have arrived", exact=True)
    expect(arrived).to_be_visible()
    rita.page.get_by_role("button", name="I got out").click()
    expect(rita.page.get_by_text("You got out at")).to_be_visible()
    arrived.click()
    carl.page.get_by_role("button", name="I got out").click()

    check_proven(dora.page, rita.page)
    check_refused(carl.page)
    check_reward(dora.page, rita.page, carl.page, cast)
    rate_each_other(dora.page, rita.page)
    assert Trace.objects.count() == 3
    for phone in phones:
        # A position of just after the end is refused, and the browser's console notes that.
        phone.complaints = [said for said in phone.complaints if " 422 " not in said]
        phone.check_privacy_and_peace()


def check_proven(driver, rider) -> None:
    """Both read that they travelled together, and why, without loading the page anew."""
    for page in (driver, rider):
        expect(page.get_by_text("Proven, class C")).to_be_visible()
        expect(page.get_by_text("Both phones show that you travelled together.")).to_be_visible()
    rider.get_by_text("Why, in numbers").click()
    for reason, measured in (
        ("Time on the way spent together", r"(100|9\d) %\s*at least 80 %"),
        ("Boarding code entered", "yes"),
        ("One phone is behind the other by", r"\d s\s*at most 10 s"),
    ):
        row = rider.get_by_role("row").filter(has_text=reason)
        expect(row).to_be_visible()
        expect(row).to_contain_text(re.compile(measured))


def check_refused(page) -> None:
    """Who was not in the car reads why that is seen, and may ask a person."""
    expect(page.get_by_text("Not proven")).to_be_visible()
    expect(page.get_by_text("Nothing is taken from anybody for it.")).to_be_visible()
    page.get_by_text("Why, in numbers").click()
    row = page.get_by_role("row").filter(has_text="Time on the way spent together")
    expect(row).to_contain_text(re.compile(r"together\s*0 %\s*at least 80 %"))
    page.get_by_text("This is wrong").click()
    page.get_by_label("What is wrong?").fill("My phone was at home, I was in the car")
    page.get_by_role("button", name="Ask a person to look").click()
    expect(page.get_by_text("You or the other side objected.")).to_be_visible()


def wait_until(page, is_so) -> None:
    """Look again and again whether something has come about, while browsers go on."""
    patience = time.monotonic() + PATIENCE_MS / 1000
    while not is_so():
        assert time.monotonic() < patience
        page.wait_for_timeout(200)


def check_reward(driver, rider, refused, cast) -> None:
    """The proven trip is rewarded on both sides, the other one is not."""
    proven = Booking.objects.get(rider=cast.rider)
    wait_until(rider, lambda: Reward.objects.count() == 2)
    for page, rewards in ((driver, 1), (rider, 1), (refused, 0)):
        page.goto("/wallet/rewards/")
        trips = page.locator("li", has_text="Together").filter(has=page.get_by_role("link"))
        expect(trips).to_have_count(rewards)
    assert {one.member_id for one in Reward.objects.all()} == {cast.driver.pk, cast.rider.pk}
    assert set(Reward.objects.values_list("booking_id", "amount")) == {(proven.pk, 600)}
    assert Verification.objects.filter(accepted=True, eligible=True).count() == 1


def rate_each_other(driver, rider) -> None:
    """Each rates; then each reads what the other gave."""
    ride = Ride.objects.get()
    for page, other in ((rider, "Dora"), (driver, "Rita")):
        page.goto(f"/rides/{ride.pk}/")
        page.get_by_role("link", name=f"How was the ride with {other}?").click()
        for scale in page.locator("fieldset").filter(has=page.locator(".stars")).all():
            scale.locator("label").last.click()
        page.get_by_role("button", name="Rate", exact=True).click()
    rider.goto(f"/rides/{ride.pk}/")
    rider.get_by_role("link", name="How was the ride with Dora?").click()
    expect(rider.get_by_role("heading", name="Dora rated you")).to_be_visible()
