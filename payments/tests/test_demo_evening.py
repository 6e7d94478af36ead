"""The evening for demonstrations ends with books that are right, and says when they are not."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization
from payments.management.demo import accounting
from payments.models import FareShare, LedgerBalance, Payout, TripClosing
from payments.tests.ledger_scene import unguarded
from rides.models import Room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


def test_every_account_of_an_evening_is_explained(settings, capsys):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    call_command("demo_evening", rooms=5, seed=3)
    said = capsys.readouterr().out
    assert "The books are right." in said
    assert "nobody can explain" in said
    rooms = Room.objects.filter(organization__slug="demo-evening-mining")
    assert rooms.count() == 5
    assert set(rooms.values_list("state", flat=True)) <= {"settled", "cancelled"}
    assert FareShare.objects.exists()
    assert TripClosing.objects.exists()
    assert Payout.objects.filter(state="arrived").exists()
    # The control: money that nobody can account for does not pass.
    unguarded(
        "UPDATE payments_ledgerbalance SET posted = posted + 1 WHERE account_id IN"
        " (SELECT id FROM payments_ledgeraccount WHERE kind = 'bank')"
    )
    organization = Organization.objects.get(slug="demo-evening-mining")
    lines = accounting.explain(organization, list(rooms.values_list("pk", flat=True)))
    assert [line.what for line in lines if not line.is_right] == ["at the bank and the provider"]
    assert LedgerBalance.objects.filter(account__kind="bank").count() == 1


def test_without_the_test_bank_there_is_no_evening(settings):
    settings.PAYMENT_PROVIDERS = []
    with pytest.raises(CommandError, match="test bank"):
        call_command("demo_evening", rooms=1)
