"""Two browsers talk; the third, from another organization, sees nothing of it."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import expect

from carpool.kernel import clock
from carpool.tests.test_browser import DESK, chromium, site, visit
from chat.tests.factories import shared_ride, talk_of

__all__ = ["chromium", "site", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def talk_in(cast):
    """Return a shared ride's conversation; made in a thread: this one has a loop."""

    def make():
        try:
            return talk_of(shared_ride(cast, now=clock.now()))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()


def shot(page, name):
    """Keep a picture where CHAT_SHOTS says, for people to look at."""
    if folder := os.environ.get("CHAT_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def heard(page, text):
    """Return the bubble with a text; the same words are told to screen readers elsewhere."""
    return page.locator(".bubble__text").get_by_text(text, exact=True)


def say(page, text):
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_two_talk_and_a_third_sees_nothing(visit, cast):
    talk = talk_in(cast)
    driver, rider = visit(cast.driver, viewport=DESK), visit(cast.rider)
    outsider = visit(cast.outsider)
    frames = []
    outsider.page.on(
        "websocket", lambda line: line.on("framereceived", lambda text: frames.append(str(text)))
    )
    outsider.page.goto("/")
    driver.page.goto(f"/messages/{talk.pk}/")
    rider.page.goto(f"/rides/{talk.ride_id}/")
    rider.page.get_by_role("button", name="Messages").click()
    for page in (driver.page, rider.page):
        expect(page.locator("[data-connected]")).to_be_attached()

    say(rider.page, "Which gate, <b>two</b> or three?")
    expect(heard(driver.page, "Which gate, <b>two</b> or three?")).to_be_visible()
    driver.page.get_by_label("Message", exact=True).press_sequentially("Gate 3")
    expect(rider.page.get_by_text("is typing")).to_be_visible()
    driver.page.keyboard.press("Enter")
    driver.page.get_by_role("button", name="I am 5 minutes late").click()
    for page in (driver.page, rider.page):
        expect(heard(page, "Gate 3")).to_be_visible()
        expect(heard(page, "I am 5 minutes late")).to_be_visible()
    expect(rider.page.locator(".ticks-mark--read").first).to_be_visible()
    shot(driver.page, "desk")
    shot(rider.page, "phone")

    rider.context.set_offline(True)
    say(rider.page, "Said without a network")
    expect(rider.page.locator("[data-waiting]")).to_contain_text("Said without a network")
    shot(rider.page, "offline")
    rider.context.set_offline(False)
    expect(heard(driver.page, "Said without a network")).to_be_visible(timeout=15_000)
    expect(rider.page.locator("[data-waiting] li")).to_have_count(0)
    assert talk.messages.filter(text="Said without a network").count() == 1

    outsider.page.goto("/messages/")
    shot(outsider.page, "empty")
    words = ("Gate 3", "Which gate", str(talk.pk), "Rita", "Dora")
    for address in ("/messages/", f"/messages/{talk.pk}/", "/api/v1/conversations"):
        outsider.page.goto(address)
        source = outsider.page.content()
        assert not [word for word in words if word in source.replace(f"/messages/{talk.pk}", "")]
    assert outsider.page.goto(f"/api/v1/conversations/{talk.pk}/messages").status == 404
    assert not [word for word in words for frame in frames if word in frame]
    rider.page.goto("/messages/")
    expect(rider.page.get_by_role("link", name=re.compile("Dora Driver"))).to_be_visible()
    shot(rider.page, "list")
    driver.check_privacy_and_peace()


def test_where_sockets_are_blocked_people_talk_all_the_same(visit, cast):
    talk = talk_in(cast)
    driver, rider = visit(cast.driver), visit(cast.rider)
    rider.page.route_web_socket("**/ws/live/", lambda line: line.close())
    for page in (driver.page, rider.page):
        page.goto(f"/messages/{talk.pk}/")
    with rider.page.expect_request("**/live/poll/**", timeout=20_000):
        pass
    say(driver.page, "Do you hear me?")
    expect(heard(rider.page, "Do you hear me?")).to_be_visible()
    say(rider.page, "As if by wire")
    expect(heard(driver.page, "As if by wire")).to_be_visible()
