"""A planned ride that is prepaid, in two browsers: from the search to both wallets."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import expect

from carpool.kernel import clock
from carpool.tests.servers import running_servers
from carpool.tests.test_browser import Visitor, chromium, query_for, relayed_facts
from payments.models import RideFare
from payments.services import sweep
from rides.models import Booking, Ride
from rides.services import watch
from rides.tests.factories import offer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium"]  # a fixture


@pytest.fixture
def site(city, cast, monkeypatch):
    """A server with play money, in an organization whose seats are prepaid."""
    monkeypatch.setenv("PAYMENT_PROVIDERS", "test_bank")
    monkeypatch.setattr(settings, "PAYMENT_PROVIDERS", ["test_bank"])
    cast.organization.currency = "CLP"
    cast.organization.own_policies = {"prepays_rides": 1, "validating_after_s": 0}
    cast.organization.save(update_fields=["currency", "own_policies"])
    with running_servers(1) as [server], relayed_facts():
        yield f"http://localhost:{server.port}"


def amount(locator) -> int:
    """Return the one amount in a place, in pesos."""
    text = locator.inner_text()
    return int(re.search(r"CLP\s([\d,]+)", text).group(1).replace(",", ""))


def test_a_seat_is_paid_when_booked_and_its_price_ends_with_the_driver(chromium, site, cast):
    ride = offer(cast.driver, now=clock.now(), hours=24)
    rita, dora = Visitor(chromium, site, cast.rider), Visitor(chromium, site, cast.driver)
    page = rita.page
    page.goto(f"/find/?{query_for(cast, ride)}")
    price = amount(page.locator("[data-price]"))
    page.get_by_label("How you pay").select_option("test_bank:test_declines")
    page.get_by_role("button", name=re.compile(f"Book and pay CLP.{price}")).click()
    expect(page.get_by_text("The payment was declined.")).to_be_visible()
    expect(page.get_by_role("heading", name="Your seat waits for your payment")).to_be_visible()
    page.get_by_label("How you pay").select_option("test_bank:test_pays")
    page.get_by_role("button", name=re.compile(f"Pay CLP.{price}")).click()
    expect(page.get_by_text("It is paid. Your seat is certain.")).to_be_visible()
    assert amount(page.locator("[data-paid]")) == price
    dora.page.goto(f"/rides/{ride.pk}/")
    assert amount(dora.page.locator("[data-coming]")) == price
    fare = RideFare.objects.get()
    assert (fare.amount, fare.state, fare.attempts) == (price, "held", 2)
    bring_forward(ride)
    for name in ("Start the ride", "I have arrived already"):
        dora.page.reload()
        dora.page.get_by_role("button", name=name).click()
    watch(now=clock.now() + timedelta(hours=3))
    for visitor in (dora, rita):
        visitor.page.goto(f"/rides/{ride.pk}/")
        visitor.page.get_by_role("button", name=re.compile("^Yes")).first.click()
    expect(page.locator("[data-to-driver]")).to_be_visible()
    sweep(now=clock.now())
    assert (amount(page.locator("[data-to-driver]")), amount(page.locator("[data-back]"))) == (
        price,
        0,
    )
    dora.page.reload()
    assert amount(dora.page.locator("[data-received]")) == price
    for visitor, sentence in (
        (rita, "The price of your seat, to the driver."),
        (dora, "The price of a rider's seat in your ride."),
    ):
        visitor.page.goto("/wallet/")
        expect(visitor.page.get_by_text(sentence).first).to_be_visible()
    for visitor in (rita, dora):
        visitor.check_privacy_and_peace()
        visitor.context.close()


def bring_forward(ride: Ride) -> None:
    """Let the ride leave now: nobody waits a day for a test."""
    by = ride.departure_at - clock.now() - timedelta(minutes=5)
    ride.refresh_from_db()
    for stop in ride.stops.order_by("position"):
        stop.planned_at -= by
        if stop.latest_at:
            stop.latest_at -= by
        stop.save()
    booking = Booking.objects.exclude(state="cancelled").get()
    for name in ("earliest_departure_at", "latest_arrival_at", "pickup_at", "dropoff_at"):
        setattr(booking, name, getattr(booking, name) - by)
    booking.save()
    for name in ("departure_at", "arrival_at", "latest_arrival_at", "next_check_at"):
        value = getattr(ride, name, None)
        if value:
            setattr(ride, name, value - by)
    ride.save()
