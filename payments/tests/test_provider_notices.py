"""Webhooks of simulated providers: repeated, shuffled, late, dropped, forged (T7)."""

import json
import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from accounts.tests.factories import MemberFactory, OrganizationFactory
from carpool.simulators.stripe import sign as sign_as_stripe
from carpool.simulators.toss import TossSimulator
from payments.models import WebhookNotice
from payments.selectors import audit_books, escrow_of
from payments.services import sweep
from payments.tests.at_provider import SECRETS, approve, running_simulator, switch_on
from payments.tests.ledger_scene import KRW
from payments.tests.test_paying import begin, come_back, is_settled, states

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", params=["toss", "stripe"])
def provider(request):
    with running_simulator(request.param) as running:
        yield running


@pytest.fixture(autouse=True)
def _switched_on(settings, provider):
    switch_on(settings, provider)
    yield
    provider.misbehave()


@pytest.fixture
def org(transactional_db):
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


@pytest.fixture
def payer(org):
    return MemberFactory(organization=org)


def post(provider, body, headers) -> int:
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(
        f"/webhooks/{provider.name}/", body, content_type="application/json", **named
    ).status_code  # fmt: skip


def notice(
    provider, payment, now, *, key=None, at=None, status="DONE"
) -> tuple[bytes, dict[str, str]]:
    """A notice that a payment is done, as the provider would send it."""
    at = at or now
    if provider.name == "toss":
        data = {"orderId": str(payment.pk), "status": status, "totalAmount": payment.amount}
        body = json.dumps({"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "", "data": data})
        headers = {"tosspayments-webhook-transmission-id": str(uuid4())}
        return body.encode(), headers
    about = {"object": "checkout.session", "client_reference_id": str(payment.pk)}
    event = {
        "id": f"evt_{uuid4()}",
        "type": "checkout.session.completed",
        "data": {"object": about},
    }
    body = json.dumps(event).encode()
    secret = key or SECRETS["stripe"]
    return body, {"Stripe-Signature": sign_as_stripe(secret, body, int(at.timestamp()))}


def test_a_forged_notice_that_all_is_paid_pays_nothing(org, payer, provider, now):
    payment = begin(payer, provider, now)
    forged = [notice(provider, payment, now)]
    if provider.name == "stripe":
        forged = [
            notice(provider, payment, now, key="whsec_theirs"),
            notice(provider, payment, now, at=now - timedelta(seconds=301)),
            (notice(provider, payment, now)[0], {}),
        ]
    answers = {post(provider, *one) for one in forged}
    assert answers == ({403} if provider.name == "stripe" else {200})
    for seconds in (0, 6, 20, 90):
        sweep(now=now + timedelta(seconds=seconds))
    payment.refresh_from_db()
    assert (payment.captured, provider.charges(payment)) == (0, [])
    assert payment.waits_for_payer
    assert not WebhookNotice.objects.exists()


def test_unsigned_notices_about_nothing_of_ours_leave_nothing(provider, payer, now):
    if provider.name == "stripe":
        pytest.skip("Stripe signs all of its notices")
    for about in (uuid4(), "x", ""):
        body = json.dumps({"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": str(about)}})
        assert post(provider, body.encode(), {}) == 200
    assert not WebhookNotice.objects.exists()
    for bad in (b"", b"[]", b"{", b'{"eventType": 1, "data": 2}'):
        assert post(provider, bad, {}) == 403


def test_notices_about_payouts_are_refused_unless_signed(provider, payer, now):
    if provider.name == "stripe":
        pytest.skip("Stripe signs all of its notices")
    body = json.dumps({"eventType": "payout.changed", "data": {"id": "1"}}).encode()
    theirs = TossSimulator("", key="k", secret="cd" * 32)
    ours = TossSimulator("", key="k", secret=SECRETS["toss"])
    good = ours.headers(body, is_signed=True)
    assert post(provider, body, good) == 200
    for bad in (ours.headers(body), theirs.headers(body, is_signed=True),
                good | {"tosspayments-webhook-transmission-time": "2020-01-01T00:00:00+00:00"},
                good | {"tosspayments-webhook-transmission-time": "soon"}):  # fmt: skip
        assert post(provider, body, bad) == 403


def test_who_approved_and_never_came_back_has_paid_where_approving_is_paying(
    org, payer, provider, now
):
    payment = begin(payer, provider, now)
    approve(payment.pay_at)
    assert post(provider, *notice(provider, payment, now)) == 200
    for seconds in (0, 1, 6, 12):
        sweep(now=now + timedelta(seconds=seconds))
    payment.refresh_from_db()
    if provider.name == "stripe":
        assert is_settled(payment, org)
    else:
        assert payment.waits_for_payer  # Toss takes nothing before we confirm


@pytest.mark.parametrize("seed", [1, 2])
def test_each_notice_ten_times_in_any_order_changes_nothing(org, payer, provider, now, seed):
    dice = random.Random(seed)
    provider.misbehave(lost=0.2, error_after=0.1, reset=0.05, malformed=0.05, late_s=0.8, seed=seed)
    payments, sent = [begin(payer, provider, now) for _ in range(6)], []
    for seconds in (6, 30, 90):
        sweep(now=now + timedelta(seconds=seconds))
    for payment in payments:
        payment.refresh_from_db()
        come_back(*approve(payment.pay_at), now)
        told = notice(provider, payment, now)
        sent += [told] * 10 if dice.random() > 0.2 else []
    dice.shuffle(sent)
    for one in sent:
        assert post(provider, *one) == 200
    provider.misbehave()
    for seconds in (95, 100, 115, 180, 500, 900):
        sweep(now=now + timedelta(seconds=seconds))
    for payment in payments:
        assert is_settled(payment, org)
        assert provider.charges(payment) == [6_600]
        assert set(states(payment).values()) == {"confirmed"}
        assert escrow_of(org.pk, payment.trip_id) == 6_600
    assert list(audit_books()) == []
