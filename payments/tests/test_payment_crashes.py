"""Death at any step of a payment: the provider did everything once, and our books say so (T5)."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project

from carpool.kernel import clock
from carpool.tests.servers import test_database_url
from payments.models import BankOperation, PaymentIntent
from payments.selectors import audit_books, escrow_of
from payments.services import sweep_intents
from payments.tests.payment_worker import POINTS
from payments.tests.test_ledger_races import at_once, wait_until_gone
from payments.tests.test_payments import ask, at_bank, org, receivable, states

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WORKER = Path(__file__).parent / "payment_worker.py"
__all__ = ["org"]


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


def run_worker(payment, point):
    environment = {
        **os.environ, "DATABASE_URL": test_database_url(), "SECRET_KEY": project.SECRET_KEY,
        "LOG_LEVEL": "ERROR", "PAYMENT_PROVIDERS": "test_bank",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, str(WORKER), str(payment.pk), point],
        env=environment, cwd=Path(project.BASE_DIR), timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_wherever_the_process_dies_the_sweeper_brings_it_to_its_end(org, point):
    payment = ask(org, clock.now())
    assert run_worker(payment, point).returncode == -signal.SIGKILL
    wait_until_gone()
    assert list(audit_books()) == []
    now = clock.now()
    for seconds in (6, 12, 30, 100):
        sweep_intents(now=now + timedelta(seconds=seconds))
    assert states(payment) == {"authorise": "confirmed", "capture": "confirmed"}
    assert at_bank(payment, "authorise") == at_bank(payment, "capture") == [6_600]
    assert escrow_of(org.pk, payment.trip_id) == receivable(org) == 6_600
    assert list(audit_books()) == []


def test_many_sweepers_at_once_send_each_operation_once(org, monkeypatch):
    now = clock.now()
    payments = [ask(org, now) for _ in range(10)]
    for _round in range(2):
        ends = at_once(6, lambda _n: sweep_intents(now=now))
        assert ends == {"done": 6}
    assert BankOperation.objects.count() == 20
    assert set(PaymentIntent.objects.values_list("attempts", flat=True)) == {1}
    assert receivable(org) == 6_600 * len(payments)
    assert list(audit_books()) == []
