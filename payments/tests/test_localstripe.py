"""Stripe as others have built it: localstripe, a process of its own, is our foreign peer.

What it lacks of Stripe's contract is written down here and in docs/paying.md: hosted pages, keys
that are honoured, and what a capture has taken. So the payer's approval is made by hand, and our
adapter, which believes nothing that it cannot read, does not call the capture done.
"""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from carpool.tests.servers import _end, _free_port, _wait_until_it_answers
from payments.engine.access import Access
from payments.engine.providers import Judgement, Order, Purpose, Verdict, judge
from payments.services.providers.stripe import Stripe

KEY, HELD = "sk_test_foreign", 5_000


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    """Start it with nothing in its books; it keeps them in the temporary folder."""
    port = _free_port()
    program = Path(sys.executable).with_name("localstripe")
    process = subprocess.Popen(
        [program, "--port", str(port), "--from-scratch"],
        env={**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("localstripe"))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(process, port, "/js.stripe.com/v3/")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        _end(process)


@pytest.fixture
def stripe(peer, settings):
    settings.PAYMENT_TIMEOUT_S = 5
    return Stripe(Access("stripe", peer, KEY, "", ("whsec_foreign",)))


def ask(peer, path, **told):
    answer = requests.post(f"{peer}/v1/{path}", data=told, auth=(KEY, ""), timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def approve(peer, reference, card="4242424242424242"):
    """Hold the money, as Stripe's page does once its payer says yes."""
    method = ask(
        peer, "payment_methods", type="card",
        **{"card[number]": card, "card[exp_month]": "12", "card[exp_year]": "2040",
           "card[cvc]": "123"},
    )  # fmt: skip
    intent = ask(
        peer, "payment_intents", amount=HELD, currency="eur", capture_method="manual",
        payment_method=method["id"], confirm="true", **{"metadata[reference]": reference},
    )  # fmt: skip
    return intent["id"]


def order(purpose, reference, ref, amount=HELD):
    key = f"op:{uuid4()}"
    return Order(purpose, key, reference, amount, "EUR", provider_ref=ref, proof="p", left=amount)


def held(peer):
    reference = str(uuid4())
    return reference, approve(peer, reference)


def test_what_a_payer_approved_is_held_and_read(peer, stripe):
    reference, ref = held(peer)
    asked = order(Purpose.AUTHORISE, reference, ref)
    for answer in (stripe.authorise(asked), stripe.status(asked)):
        assert judge(asked, answer) is Judgement.CONFIRMED


def test_another_amount_than_the_one_that_is_held_is_never_taken_for_ours(peer, stripe):
    reference, ref = held(peer)
    asked = order(Purpose.AUTHORISE, reference, ref, amount=HELD + 1)
    assert judge(asked, stripe.authorise(asked)) is Judgement.MISMATCH


def test_a_hold_is_taken_and_a_part_of_it_given_back(peer, stripe):
    reference, ref = held(peer)
    taking = order(Purpose.CAPTURE, reference, ref)
    # It says "succeeded" and not how much: Stripe's ``amount_received`` is missing.
    assert stripe.capture(taking).verdict is Verdict.UNKNOWN
    there = requests.get(f"{peer}/v1/payment_intents/{ref}", auth=(KEY, ""), timeout=10).json()
    assert there["status"] == "succeeded"
    assert "amount_received" not in there
    back = order(Purpose.REFUND, reference, ref, amount=1_234)
    assert judge(back, stripe.refund(back)) is Judgement.CONFIRMED
    assert judge(back, stripe.status(back)) is Judgement.CONFIRMED
    other = order(Purpose.REFUND, reference, ref, amount=1_000)
    assert stripe.status(other).verdict is Verdict.ABSENT, "known by its own key only"


def test_a_hold_is_given_up(peer, stripe):
    reference, ref = held(peer)
    asked = order(Purpose.CANCEL, reference, ref)
    assert judge(asked, stripe.cancel(asked)) is Judgement.CONFIRMED
    assert stripe.authorise(order(Purpose.AUTHORISE, reference, ref)).code == "canceled"


def test_it_has_no_pages_to_approve_on_so_nothing_begins(stripe):
    asked = Order(Purpose.BEGIN, f"op:{uuid4()}", str(uuid4()), HELD, "EUR", method="card")
    assert stripe.begin(asked).verdict is Verdict.UNKNOWN


def test_it_does_not_honour_idempotency_keys(peer, stripe):
    """Control: against Stripe, and our simulator, the second refund is the first."""
    reference, ref = held(peer)
    stripe.capture(order(Purpose.CAPTURE, reference, ref))
    back = order(Purpose.REFUND, reference, ref, amount=1_000)
    for _again in range(2):
        stripe.refund(back)
    listed = requests.get(
        f"{peer}/v1/refunds", params={"payment_intent": ref}, auth=(KEY, ""), timeout=10
    ).json()
    assert len(listed["data"]) == 2
