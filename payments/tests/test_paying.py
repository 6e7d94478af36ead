"""Approving a payment at a provider's own pages, and coming back, or not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from accounts.tests.factories import MemberFactory, OrganizationFactory
from carpool.tests.servers import session_of
from payments.errors import PaymentNotFound, ReturnNotOurs
from payments.models import PaymentIntent
from payments.selectors import audit_books, escrow_of, standing_of
from payments.services import End, payer_returned, request_payment, send_intents, sweep
from payments.services.payments import back_url
from payments.tests.at_provider import approve, running_simulator, switch_on
from payments.tests.ledger_scene import KRW

pytestmark = [pytest.mark.django_db(transaction=True)]
SECOND = timedelta(seconds=1)
PROVIDERS = ["kakaopay", "toss", "stripe"]


@pytest.fixture(scope="module", params=PROVIDERS)
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


def ask(payer, provider, now, *, amount=6_600, method=""):
    return request_payment(
        organization_id=payer.organization_id, op_key=str(uuid4()), provider=provider.name,
        method=method or {"toss": "카드", "stripe": "card"}.get(provider.name, ""),
        trip_id=uuid4(), payer_id=payer.pk, amount=amount, currency=KRW,
        pay_by=now + timedelta(minutes=10), now=now,
    )  # fmt: skip


def begin(payer, provider, now):
    return send_intents(ask(payer, provider, now).pk, now=now)


def come_back(path, told, now):
    """Come back as a browser does."""
    _, _, payment_id, _back, key, end, _ = path.split("/")
    return payer_returned(payment_id=payment_id, key=key, end=End(end), told=told, now=now)


def look_again(payment, now, *seconds):
    for after in seconds or (6, 12, 40, 100, 400):
        sweep(now=now + after * SECOND)
    payment.refresh_from_db()


def states(payment):
    return {one.purpose: str(one.state) for one in payment.intents.all()}


def is_settled(payment, org, amount=6_600):
    payment.refresh_from_db()
    assert payment.captured == amount
    assert escrow_of(org.pk, payment.trip_id) == amount
    assert list(audit_books()) == []
    return True


def test_who_approves_and_comes_back_has_paid_once(org, payer, provider, now):
    payment = begin(payer, provider, now)
    assert (payment.captured, provider.charges(payment)) == (0, [])
    assert payment.waits_for_payer
    assert str(standing_of(payment).state) == "asked"
    path, told = approve(payment.pay_at)
    for _again in range(3):
        payment = come_back(path, told, now)
    assert is_settled(payment, org)
    assert provider.charges(payment) == [6_600]
    assert (payment.pay_at, payment.waits_for_payer) == ("", False)
    assert standing_of(payment).is_paid


@pytest.mark.parametrize(("answer", "end"), [("no", End.CANCEL), ("fail", End.FAIL)])
def test_who_says_no_pays_nothing(org, payer, provider, now, answer, end):
    payment = begin(payer, provider, now)
    path, told = approve(payment.pay_at, answer)
    payment = come_back(path, told, now)
    assert states(payment)["authorise"] == "declined"
    assert (payment.captured, provider.charges(payment)) == (0, [])
    assert escrow_of(org.pk, payment.trip_id) == 0
    assert str(standing_of(payment).state) == "not_paid"


def test_who_never_comes_back_pays_nothing_and_the_payment_closes(org, payer, provider, now):
    payment = begin(payer, provider, now)
    sweep(now=now + timedelta(minutes=9))
    payment.refresh_from_db()
    assert payment.waits_for_payer
    look_again(payment, now, 600, 610, 700)
    assert states(payment)["authorise"] == "declined"
    assert not payment.waits_for_payer
    assert escrow_of(org.pk, payment.trip_id) == 0


def test_who_comes_back_too_late_pays_nothing(org, payer, provider, now):
    payment = begin(payer, provider, now)
    path, told = approve(payment.pay_at)
    late = now + timedelta(minutes=10)
    payment = come_back(path, told, late)
    look_again(payment, late)
    assert escrow_of(org.pk, payment.trip_id) == 0
    assert sum(one["taken"] - one["returned"] for one in provider.of(payment)) == 0
    assert str(standing_of(payment).state) == "not_paid"


def test_a_way_back_without_its_own_key_leads_nowhere(payer, provider, now):
    payment, other = begin(payer, provider, now), begin(payer, provider, now)
    path, told = approve(payment.pay_at)
    key = path.split("/")[4]
    for bad_id, bad_key in [(payment.pk, "x" * 40), (other.pk, key), (uuid4(), key)]:
        with pytest.raises(PaymentNotFound):
            payer_returned(payment_id=bad_id, key=bad_key, end=End.SUCCESS, told=told, now=now)
    payment.refresh_from_db()
    assert payment.waits_for_payer


def test_what_was_tampered_with_on_the_way_back_does_nothing(payer, provider, now):
    payment, other = begin(payer, provider, now), begin(payer, provider, now)
    path, told = approve(payment.pay_at)
    _path, others = approve(other.pay_at)
    bad = [{}, dict.fromkeys(told, ""), dict.fromkeys(told, "x" * 300)]
    if provider.name == "toss":
        bad += [told | {"amount": wrong} for wrong in ("1", "6601", "6600.0", "-6600", "6_600")]
    if provider.name != "kakaopay":
        bad += [others]
    for wrong in bad:
        with pytest.raises(ReturnNotOurs):
            come_back(path, wrong, now)
    payment.refresh_from_db()
    assert payment.waits_for_payer
    assert provider.charges(payment) == []


@pytest.mark.parametrize("fault", ["lost", "error_after", "reset", "malformed"])
def test_whatever_gets_lost_on_the_way_it_is_charged_once(org, payer, provider, now, fault):
    payment = begin(payer, provider, now)
    path, told = approve(payment.pay_at)
    provider.misbehave(**{fault: 1.0, "late_s": 0.8})
    payment = come_back(path, told, now)
    provider.misbehave()
    look_again(payment, now)
    assert is_settled(payment, org)
    assert provider.charges(payment) == [6_600]


@pytest.mark.parametrize("fault", ["lost", "error_after", "reset", "malformed"])
def test_an_announcement_that_gets_lost_is_made_again(org, payer, provider, now, fault):
    provider.misbehave(**{fault: 1.0, "late_s": 0.8})
    payment = begin(payer, provider, now)
    provider.misbehave()
    assert states(payment) == {"begin": "unknown"}
    look_again(payment, now, 6, 12)
    path, told = approve(payment.pay_at)
    assert is_settled(come_back(path, told, now), org)


def test_another_amount_in_the_answer_is_refused_and_shown_to_a_person(org, payer, provider, now):
    payment = begin(payer, provider, now)
    path, told = approve(payment.pay_at)
    provider.misbehave(wrong_amount=1.0)
    payment = come_back(path, told, now)
    assert "stuck" in states(payment).values()
    assert escrow_of(org.pk, payment.trip_id) == 0
    assert str(standing_of(payment).state) == "looked_at"


class TestPages:
    """As a browser sees it."""

    def test_the_payer_is_led_on_and_anybody_else_only_told_how_it_went(self, payer, provider, now):
        payment = begin(payer, provider, now)
        path, told = approve(payment.pay_at)
        answer = Client().get(path, told)
        assert answer.status_code == 200
        assert b"It is paid" in answer.content
        mine = Client()
        mine.cookies["sessionid"] = session_of(payer)
        assert mine.get(path, told).status_code == 302
        assert mine.get(path, told)["Location"].startswith("/")
        assert provider.charges(payment) == [6_600]

    def test_no_parameter_leads_anywhere_else(self, payer, provider, now):
        payment = begin(payer, provider, now)
        path, told = approve(payment.pay_at)
        mine = Client()
        mine.cookies["sessionid"] = session_of(payer)
        for name in ("next", "url", "redirect", "return_to"):
            answer = mine.get(path, told | {name: "https://evil.example/"})
            assert "evil" not in answer["Location"]
        for end in ("//evil.example", "success%2f..", "other"):
            assert mine.get(path.replace("/success/", f"/{end}/")).status_code == 404

    def test_only_the_payer_sees_the_payment_and_where_to_approve_it(self, payer, provider, now):
        payment = begin(payer, provider, now)
        mine, others = Client(), Client()
        mine.cookies["sessionid"] = session_of(payer)
        others.cookies["sessionid"] = session_of(MemberFactory(organization=payer.organization))
        page = mine.get(f"/payments/{payment.pk}/").content.decode()
        assert payment.pay_at in page
        assert "No real money" in page
        assert others.get(f"/payments/{payment.pk}/").status_code == 404


def test_a_process_that_dies_after_the_payer_came_back_loses_nothing(
    org, payer, provider, now, monkeypatch
):
    payment = begin(payer, provider, now)
    path, told = approve(payment.pay_at)

    def die(*_said, **_more):
        raise SystemExit

    monkeypatch.setattr("payments.services.paying.send_intents", die)
    with pytest.raises(SystemExit):
        come_back(path, told, now)
    monkeypatch.undo()
    assert provider.charges(payment) == []
    look_again(payment, now, 1, 2)
    assert is_settled(payment, org)


def test_keys_are_in_no_log_and_no_text(payer, provider, now, caplog):
    access = provider.access
    caplog.set_level("DEBUG")
    provider.misbehave(lost=0.2, error_after=0.4, malformed=0.2, reset=0.2, late_s=0.8)
    payment = begin(payer, provider, now)
    look_again(payment, now, 6, 12)
    assert access.key not in caplog.text + repr(access)
    assert "/back/" not in caplog.text
    assert back_url(payment).split("/")[-2] not in caplog.text
    assert PaymentIntent.objects.filter(payment=payment).exists()
