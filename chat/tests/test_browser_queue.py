"""What waits in a browser is sent once, whatever becomes of the line in between."""

import json

import pytest
from playwright.sync_api import expect

from carpool.tests.test_browser import chromium, site, visit
from chat.tests.test_browser import heard, say, talk_in

__all__ = ["chromium", "site", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_message_whose_receipt_is_lost_is_sent_again_and_stands_there_once(visit, cast):
    """The server stored it, the line broke before it could say so: the worst moment there is."""
    talk = talk_in(cast)
    driver, rider = visit(cast.driver), visit(cast.rider)
    sent, lines = [], []

    def deaf(line):
        """Hand everything on; of the first line swallow the receipt and what it brought about."""
        server = line.connect_to_server()
        lines.append(line)
        is_first = len(lines) == 1

        def up(text):
            sent.extend([text] if "send" in json.loads(text) else [])
            server.send(text)

        def down(text):
            if is_first and ("ack" in json.loads(text) or "Only once" in text):
                line.close(code=4000)
            else:
                line.send(text)

        line.on_message(up)
        server.on_message(down)

    rider.page.route_web_socket("**/ws/live/", deaf)
    for page in (driver.page, rider.page):
        page.goto(f"/messages/{talk.pk}/")
        expect(page.locator("[data-connected]")).to_be_attached()
    say(rider.page, "Only once")
    expect(heard(driver.page, "Only once")).to_be_visible(timeout=15_000)
    expect(heard(rider.page, "Only once")).to_be_visible(timeout=20_000)
    expect(rider.page.locator("[data-waiting] li")).to_have_count(0, timeout=20_000)
    ids = {json.loads(text)["send"]["client_id"] for text in sent}
    assert len(sent) >= 2, "it was sent again"
    assert len(ids) == 1, "under the same id"
    assert talk.messages.filter(text="Only once").count() == 1
    for page in (driver.page, rider.page):
        expect(heard(page, "Only once")).to_have_count(1)


def test_what_waits_survives_a_reload_and_goes_out_in_its_order(visit, cast):
    talk = talk_in(cast)
    rider = visit(cast.rider)
    rider.page.goto(f"/messages/{talk.pk}/")
    expect(rider.page.locator("[data-connected]")).to_be_attached()
    rider.context.set_offline(True)
    for text in ("First", "Second", "Third"):
        say(rider.page, text)
    expect(rider.page.locator("[data-waiting] li")).to_have_count(3)
    rider.context.set_offline(False)
    rider.page.reload()
    for text in ("First", "Second", "Third"):
        expect(heard(rider.page, text)).to_be_visible(timeout=20_000)
    expect(rider.page.locator("[data-waiting] li")).to_have_count(0, timeout=20_000)
    said = talk.messages.filter(kind="text").order_by("sequence").values_list("text", flat=True)
    assert list(said) == ["First", "Second", "Third"]
