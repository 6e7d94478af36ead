"""A new person's first minute, in a real browser, from the closed door to a commute plan.

The product promises that this takes less than 60 seconds. A machine cannot be told to be slow like
a person, and a test must not hang on a machine's mood, so what is asserted is what the person has
to do: screens, taps, keys. The time follows from them by the keystroke-level model of Card, Moran
and Newell: a key 0.28 s (an average typist), pointing 1.1 s, pressing 0.1 s, moving the hand to the
keyboard or back 0.4 s, and a moment of thought, 1.35 s, before each tap and each word. The answers'
times of this machine are measured and printed; they come on top, and there is room for them.

Source: Card, Moran, Newell (1980), *The Keystroke-Level Model for User Performance Time with
Interactive Systems*, CACM 23(7).
"""

import time

import pytest
from playwright.sync_api import Locator, expect

from accounts.models import Member
from accounts.tests.factories import add_sites
from accounts.tests.providers import set_up_issuer
from carpool.tests.test_browser import chromium
from carpool.tests.test_browser_sign_in import SECRET, copper, provider, site, visit
from matching.models import CommutePlan

KEY_S, POINT_S, PRESS_S, HAND_S, THOUGHT_S = 0.28, 1.1, 0.1, 0.4, 1.35
PROMISE_S = 60
# What the answers may take, all together, at a slow connection, before the promise is broken.
ANSWERS_S = 12
CAR = {"make": "Kia", "model": "Rio", "colour": "Red", "plate": "KXRT42"}

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium", "copper", "provider", "site", "visit"]  # fixtures


class Hand:
    """What somebody does with their hand and head, counted."""

    def __init__(self) -> None:
        self.taps = self.words = self.keys = self.moves = 0
        self.answers_s = 0.0

    def tap(self, what: Locator) -> None:
        """Think, point, press."""
        self.taps += 1
        what.click()

    def go(self, what: Locator, then: Locator) -> None:
        """Tap what leads to the next screen, and wait for it."""
        began = time.perf_counter()
        self.tap(what)
        expect(then).to_be_visible()
        self.answers_s += time.perf_counter() - began

    def type(self, where: Locator, text: str) -> None:
        """Point at a field, move to the keyboard, type key by key, and move back."""
        self.tap(where)
        self.moves += 2
        self.keys += len(text)
        where.press_sequentially(text)

    def type_next(self, where: Locator, text: str) -> None:
        """Press Tab, think of the next word, type it."""
        where.page.keyboard.press("Tab")
        expect(where).to_be_focused()
        self.words += 1
        self.keys += 1 + len(text)
        where.press_sequentially(text)

    @property
    def human_s(self) -> float:
        """How long a person takes by the model, without the answers."""
        thought_s = (self.taps + self.words) * THOUGHT_S
        return thought_s + self.taps * (POINT_S + PRESS_S) + self.moves * HAND_S + self.keys * KEY_S


@pytest.mark.parametrize("has_car", [False, True], ids=["on foot", "with a car"])
def test_from_the_closed_door_to_a_plan_within_a_minute(
    visit, copper, provider, gazetteer, has_car, capsys
):
    add_sites(copper)
    set_up_issuer(copper, provider, SECRET)
    visitor, hand = visit(), Hand()
    page = visitor.page
    screens = []
    page.on("framenavigated", lambda frame: screens.append(frame.url.split("?")[0]))
    heading = lambda name: page.get_by_role("heading", name=name)  # noqa: E731

    page.goto("/")
    door = page.get_by_role("button", name="Sign in with Coquimbo Copper")
    hand.go(door, heading("Company sign-in"))
    start = page.get_by_role("link", name="Begin in one minute")
    hand.go(page.get_by_role("button", name="Nora Nuevo"), start)
    hand.go(start, heading("Where do you live?"))

    address = page.get_by_role("combobox", name="Address")
    hand.type(address, "balmaceda 3")
    hand.go(page.get_by_role("option").first, page.get_by_role("button", name="Next"))
    hand.go(page.get_by_role("button", name="Next"), heading("Where to, and with what?"))

    hand.tap(page.get_by_label("Port"))
    if has_car:
        hand.tap(page.get_by_label("I have a car"))
        first, *others = CAR
        hand.type(page.locator(f"[name={first}]"), CAR[first])
        for name in others:
            hand.type_next(page.locator(f"[name={name}]"), CAR[name])
    hand.go(page.get_by_role("button", name="Next"), heading("When do you usually go?"))
    hand.go(page.get_by_role("button", name="Make my plan"), page.get_by_text("Done. We look"))

    member = Member.objects.get(user__email="nora@coquimbo-copper.example")
    plan = CommutePlan.objects.get(member=member)
    assert (plan.work_site.name, plan.trips.count()) == ("Port", 10)
    assert member.cars.count() == has_car
    with capsys.disabled():
        print(  # noqa: T201 – the figures are the point
            f"\nfirst minute {'with a car' if has_car else 'on foot'}: {hand.taps} taps, "
            f"{hand.keys} keys, {len(set(screens))} screens, {len(visitor.requests)} requests; "
            f"{hand.human_s:.0f} s by the model, answers {hand.answers_s:.1f} s here"
        )
    assert len(set(screens)) <= 8
    assert hand.taps <= (11 if has_car else 9)
    assert hand.keys <= (29 if has_car else 11)
    assert hand.human_s + ANSWERS_S < PROMISE_S
    assert visitor.complaints == []
