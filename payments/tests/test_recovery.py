"""After a provider was out of reach: nobody is forgotten, and nobody waits longer than needed."""

from datetime import timedelta
from unittest import mock

import pytest

from accounts.tests.factories import OrganizationFactory
from payments.engine.providers import AFTER_RECOVERY_S, CHECKS_S, UNREADABLE
from payments.services import intents, request_owed_refunds, send_intents, sweep, sweep_intents
from payments.services.providers import testbank
from payments.tests.ledger_scene import KRW
from payments.tests.test_payments import ask, owe, states

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


@pytest.fixture
def org(transactional_db):
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


def go_dark(payments, now):
    """Let a provider give no readable answer for so long that these are asked after hourly."""
    with mock.patch.object(intents, "_ask", return_value=UNREADABLE):
        for payment in payments:
            send_intents(payment.pk, now=now)
        for nth in range(len(CHECKS_S)):
            sweep_intents(now=now + timedelta(seconds=sum(CHECKS_S[: nth + 1])))
    return now + timedelta(seconds=sum(CHECKS_S))


def test_one_late_outcome_brings_the_others_forward(org, now):
    old = [ask(org, now) for _ in range(3)]
    dark = go_dark(old, now)
    new = ask(org, dark, method=testbank.LOSES_ANSWER)
    send_intents(new.pk, now=dark)
    sweep_intents(now=dark + timedelta(seconds=CHECKS_S[0]))
    assert states(new)["authorise"] == "confirmed"
    assert {states(one)["authorise"] for one in old} == {"unknown"}
    sweep_intents(now=dark + timedelta(seconds=CHECKS_S[0] + AFTER_RECOVERY_S))
    assert {states(one)["authorise"] for one in old} == {"confirmed"}


def test_while_nothing_is_answered_they_are_asked_after_every_hour(org, now):
    old = [ask(org, now) for _ in range(3)]
    dark = go_dark(old, now)
    with mock.patch.object(intents, "_ask", return_value=UNREADABLE) as asked:
        for minutes in range(1, 60):
            sweep_intents(now=dark + timedelta(minutes=minutes))
        assert asked.call_count == 0
        sweep_intents(now=dark + timedelta(hours=1))
        assert asked.call_count == 3


def test_refunds_that_wait_for_a_person_hold_up_nobody_else(org, now):
    stuck, good = (send_intents(ask(org, now).pk, now=now) for _ in range(2))
    owe(org, stuck, 500, now)
    with mock.patch.object(testbank, "_objection", return_value="refused"):
        sweep(now=now)
    assert states(stuck)["refund"] == "declined"
    owe(org, good, 700, now)
    assert request_owed_refunds(now=now, limit=1) == 1
    sweep(now=now)
    good.refresh_from_db()
    assert good.refunded == 700
