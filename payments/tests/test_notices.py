"""Webhooks: kept once, verified, and never believed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from carpool.kernel.errors import Forbidden
from payments.models import BankOperation, PaymentIntent, WebhookNotice
from payments.selectors.personal import export_payments
from payments.services import process_notices, receive_notice, send_intents
from payments.services.forgetting import erase_payments
from payments.services.providers import testbank
from payments.services.providers.testbank import BankForTests
from payments.tests.ledger_scene import KRW
from payments.tests.test_payments import ask, org, states

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["org"]


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


class TestNotices:
    """Webhooks are hints."""

    def notice(self, now, at=None):
        operation = BankOperation.objects.order_by("id").first()
        header, body = BankForTests().write_webhook(operation, at=at or now)
        return {"headers": {testbank.HEADER: header}, "body": body}

    def receive(self, now, *, headers, body):
        return receive_notice(provider="test_bank", headers=headers, body=body, now=now)

    def test_a_notice_makes_us_ask_at_once_however_often_it_comes(self, org, now):
        payment = send_intents(ask(org, now, method=testbank.LOSES_ANSWER).pk, now=now)
        first = self.notice(now)
        assert [self.receive(now, **first) for _ in range(10)] == [True] + [False] * 9
        assert WebhookNotice.objects.count() == 1
        assert process_notices(now=now) == 1
        assert process_notices(now=now) == 0
        assert states(payment)["authorise"] == "confirmed"

    def test_a_forged_or_old_notice_is_refused_and_leaves_nothing(self, org, now, settings):
        send_intents(ask(org, now).pk, now=now)
        good = self.notice(now)
        old = self.notice(now, at=now - timedelta(seconds=301))
        other = good | {"body": good["body"] + b" "}
        bare = good | {"headers": {}}
        own, settings.SECRET_KEY = settings.SECRET_KEY, "somebody else's installation"
        theirs = self.notice(now)
        settings.SECRET_KEY = own
        for bad in (old, other, bare, theirs):
            with pytest.raises(Forbidden):
                self.receive(now, **bad)
        assert not WebhookNotice.objects.exists()

    def test_a_notice_is_never_believed_only_the_provider_is(self, org, now):
        payment = ask(org, now, method=testbank.DECLINES)
        PaymentIntent.objects.update(state="unknown", sent_at=now, attempts=1)
        operation = BankOperation.objects.create(
            key="lies", purpose="authorise", reference=str(payment.pk), amount=6_600,
            currency=KRW, method=testbank.PAYS, done_at=now,
        )  # fmt: skip
        header, body = BankForTests().write_webhook(operation, at=now)
        self.receive(now, headers={testbank.HEADER: header}, body=body)
        process_notices(now=now)
        assert states(payment) == {"authorise": "declined"}

    @pytest.mark.parametrize("reference", ["nobody's", ""])
    def test_a_notice_about_nothing_of_ours_is_laid_aside(self, org, now, reference):
        operation = BankOperation(pk=7, reference=reference)
        header, body = BankForTests().write_webhook(operation, at=now)
        self.receive(now, headers={testbank.HEADER: header}, body=body)
        assert process_notices(now=now) == 1


class TestOverHttp:
    """As a provider sends it."""

    def post(self, notice, provider="test_bank"):
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value
                   for name, value in notice["headers"].items()}  # fmt: skip
        return Client(enforce_csrf_checks=True).post(
            reverse("payments:webhook", args=[provider]), notice["body"],
            content_type="application/json", **headers,
        ).status_code  # fmt: skip

    def test_a_signed_notice_is_kept_at_once_and_acted_on_later(self, org, now):
        payment = send_intents(ask(org, now, method=testbank.LOSES_ANSWER).pk, now=now)
        notice = TestNotices().notice(now)
        assert [self.post(notice) for _ in range(3)] == [200] * 3
        assert WebhookNotice.objects.filter(processed_at=None).count() == 1
        assert states(payment)["authorise"] == "unknown"
        process_notices(now=now)
        assert states(payment)["authorise"] == "confirmed"

    def test_a_forged_one_a_long_one_and_one_for_nobody_are_refused(self, org, now):
        send_intents(ask(org, now).pk, now=now)
        notice = TestNotices().notice(now)
        assert self.post(notice | {"headers": {}}) == 403
        assert self.post(notice | {"body": b"x" * 65_537}) == 413
        assert self.post(notice, provider="nobody") == 422
        assert Client().get(reverse("payments:webhook", args=["test_bank"])).status_code == 405
        assert not WebhookNotice.objects.exists()


def test_a_members_export_tells_their_payments_and_movements(org, now):
    payer = uuid4()
    send_intents(ask(org, now, payer=payer).pk, now=now)
    send_intents(ask(org, now).pk, now=now)
    told = export_payments(payer)
    assert [one["captured_minor"] for one in told["paid"]] == [6_600]
    assert [(one["what"], one["account"], one["amount_minor"]) for one in told["movements"]] == [
        ("charge", "escrow", 6_600)
    ]
    erase_payments(payer, now)
    assert export_payments(payer) == told
