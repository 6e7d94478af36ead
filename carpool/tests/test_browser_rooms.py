"""Four people share a taxi in a browser, from opening the room to settled wallets.

One of them does not come. All four watch the same room; every number on their screens is added up
again here, from the estimate to what comes back.
"""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import expect

from accounts.models import Member
from accounts.tests.factories import MemberFactory
from carpool.kernel import clock
from carpool.tests.servers import running_servers
from carpool.tests.test_browser import DESK, Visitor, chromium, relayed_facts
from payments.models import Fare, SeatPrice
from payments.services import sweep
from rides.models import Room, SeatState

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium"]  # a fixture
FARE = 12_345
PENALTY = 1_000


@pytest.fixture
def site(cast, monkeypatch):
    """A server with play money, in an organization that pays in pesos and waits for nobody."""
    monkeypatch.setenv("PAYMENT_PROVIDERS", "test_bank")
    monkeypatch.setattr(settings, "PAYMENT_PROVIDERS", ["test_bank"])
    cast.organization.currency = "CLP"
    cast.organization.own_policies = {"room_closes_s": 300, "room_locks_s": 300, "room_waits_s": 0}
    cast.organization.save(update_fields=["currency", "own_policies"])
    with running_servers(1) as [server], relayed_facts():
        yield f"http://localhost:{server.port}"


@pytest.fixture
def four(chromium, site, cast):
    """The host on a desk, three riders on phones."""
    dave = MemberFactory(organization=cast.organization, display_name="Dave Late")
    people = {"host": cast.driver, "rita": cast.rider, "carl": cast.colleague, "dave": dave}
    seen = {
        name: Visitor(chromium, site, member, **({"viewport": DESK} if name == "host" else {}))
        for name, member in people.items()
    }
    yield seen
    for visitor in seen.values():
        visitor.context.close()


def amounts(text: str) -> list[int]:
    """Return the amounts in a text, in pesos."""
    return [int(found.replace(",", "")) for found in re.findall(r"CLP\s([\d,]+)", text)]


def receipt():
    out = BytesIO()
    Image.new("RGB", (60, 90), "white").save(out, "JPEG")
    return {"name": "receipt.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def open_room(page, member: Member) -> int:
    """Open a room for the next slot; return the highest fare that was shown."""
    at = clock.now() + timedelta(minutes=20)
    local = at.astimezone(member.organization.zone)
    page.goto("/rooms/open/")
    for end, chip in (("From", "Head office"), ("To", "Port")):
        page.get_by_role("combobox", name=end, exact=True).fill("")
        page.get_by_role("button", name=chip, exact=True).click()
    page.get_by_label("Day", exact=True).fill(local.date().isoformat())
    page.get_by_label("Leaves at").select_option(f"{local.hour:02}:{local.minute // 10}0")
    page.get_by_role("button", name="Show what it costs").click()
    low, high = amounts(page.locator("#preview .price").inner_text())
    assert low < high
    rows = page.locator("#preview .ledger td").all_inner_texts()
    assert [amounts(row) for row in rows] == [[-(-high // size)] for size in (4, 3, 2)]
    page.get_by_role("button", name="Open this room").click()
    expect(page.get_by_text("Your room is open.")).to_be_visible()
    return high


def join_room(page, room: Room, high: int) -> None:
    """Join where the host gets out, with play money."""
    page.goto(f"/rooms/{room.pk}/join/")
    now, at_most = amounts(page.locator("#pay .ledger").first.inner_text())[:2]
    assert (now, at_most) == (-(-high // 4), -(-high // 2))
    expect(page.get_by_text("Test money: nothing is charged")).to_be_visible()
    page.get_by_role("button", name="Join and pay").click()
    expect(page.get_by_text("You have a seat.")).to_be_visible()
    assert amounts(page.locator("[data-prepaid]").inner_text()) == [now]


def ride(four, room: Room) -> None:
    """Close the party, call the taxi, let two in; the third does not come."""
    host = four["host"].page
    host.get_by_role("button", name="Close the party now").click()
    expect(host.get_by_role("heading", name="Call the taxi")).to_be_visible()
    host.get_by_label("Number plate").fill("TA-XI-42")
    host.get_by_role("button", name="The taxi is called").click()
    for name in ("rita", "carl"):
        page = four[name].page
        expect(page.get_by_text("TA-XI-42")).to_be_visible()
        code = page.locator("[data-boarding-code]").inner_text()
        host.get_by_label("Boarding code").fill(code)
        host.get_by_role("button", name="Let in").click()
        expect(host.get_by_text("Aboard.").first).to_be_visible()
        expect(page.get_by_text("You are aboard")).to_be_visible()
    Room.objects.filter(pk=room.pk).update(departure_at=slot_before_now())
    host.reload()
    host.get_by_role("button", name=re.compile("Has not come.*Dave Late")).click()
    expect(four["dave"].page.get_by_text("noted that you did not come")).to_be_visible()
    host.get_by_role("button", name="We are on board: leave").click()
    host.get_by_role("button", name="We have arrived").click()


def slot_before_now():
    """The last ten-minute mark: nobody waits an hour for a test."""
    now = clock.now()
    past = timedelta(minutes=now.minute % 10, seconds=now.second, microseconds=now.microsecond)
    return now - past


def check_shares(page) -> dict[str, tuple[int, ...]]:
    """Add up every number of the settled table; return each row by name."""
    expect(page.locator("[data-shares]")).to_be_visible()
    rows = {}
    for row in page.locator("[data-share]").all():
        name = row.locator("th").evaluate("cell => cell.firstChild.textContent")
        rows[name] = tuple(
            int(row.get_attribute(f"data-{what}")) for what in ("funded", "part", "penalty", "back")
        )
    assert sum(part for _funded, part, _penalty, _back in rows.values()) == FARE
    assert amounts(page.locator("[data-fare]").inner_text()) == [FARE]
    for funded, part, penalty, back in list(rows.values())[1:]:
        assert funded == part + penalty + back
    return rows


def test_four_people_from_opening_a_room_to_settled_wallets(four, cast):
    host = four["host"].page
    high = open_room(host, cast.driver)
    room = Room.objects.get()
    for name in ("rita", "carl", "dave"):
        join_room(four[name].page, room, high)
    for visitor in four.values():
        visitor.page.goto(f"/rooms/{room.pk}/")
        expect(visitor.page.get_by_role("img", name="Fried chicken")).to_be_visible()
        expect(visitor.page.locator("[data-connected]")).to_be_attached()
    ride(four, room)
    host.get_by_label("Fare on the receipt").fill(str(FARE))
    host.get_by_label("Photo of the receipt").set_input_files(receipt())
    host.get_by_role("button", name="Divide the fare").click()
    check_money(four, room, high)
    for visitor in four.values():
        visitor.check_privacy_and_peace()


def check_money(four, room: Room, high: int) -> None:
    """Compare all four screens with each other, with the rules, and with the books."""
    seen = {name: check_shares(visitor.page) for name, visitor in four.items()}
    parts = [row[1] for row in seen["host"].values()]
    assert sorted(parts, reverse=True) == [3087, 3086, 3086, 3086]
    prepaid = -(-high // 4)
    own = {name: rows["You"] for name, rows in seen.items()}
    for name in ("rita", "carl"):
        assert own[name] == (prepaid, own[name][1], 0, prepaid - own[name][1])
    penalty = min(PENALTY, prepaid - own["dave"][1])
    assert own["dave"] == (
        prepaid, own["dave"][1], penalty, prepaid - own["dave"][1] - penalty,
    )  # fmt: skip
    text = four["host"].page.get_by_text("of the others come to you").inner_text()
    assert amounts(text) == [FARE - own["host"][1]]
    assert Fare.objects.get(room_id=room.pk).amount == FARE
    assert room.seats.get(rider__display_name="Dave Late").state == SeatState.ABSENT
    sweep(now=clock.now())
    for name in ("rita", "carl", "dave"):
        page = four[name].page
        page.reload()
        refunded = page.locator("[data-refunded]")
        back = own[name][3]
        if back:
            assert amounts(refunded.inner_text()) == [back]
    prices = SeatPrice.objects.select_related("payment").filter(payment__trip_id=room.pk)
    assert sum(one.payment.refunded for one in prices) == sum(row[3] for row in own.values())
    for name, visitor in four.items():
        visitor.page.goto("/wallet/")
        owed = FARE - own["host"][1] if name == "host" else 0
        assert amounts(visitor.page.locator(".purse__total").inner_text()) == [owed]
