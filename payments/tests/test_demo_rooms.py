"""The demo's shared taxis are there, and are not made twice."""

import pytest
from django.core.management import call_command

from accounts.models import PolicyChange
from payments.models import Fare, SponsorBudget, SponsorDeposit
from payments.tests.test_rooms import nothing_is_lost
from rides.models import Room

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_board_is_filled_and_a_wallet_too_and_once(city, settings, capsys):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    call_command("seed_demo")
    call_command("seed_demo_rooms")
    rooms = Room.objects.count()
    assert rooms >= 8
    assert Fare.objects.get().settled_at is not None
    nothing_is_lost()
    budget = SponsorBudget.objects.get()
    assert (budget.is_on, budget.pays_rooms, budget.pays_rides) == (True, True, True)
    assert budget.grants.exists()
    call_command("seed_demo_rooms")
    assert SponsorDeposit.objects.get().state == "posted"
    assert Room.objects.count() == rooms
    assert "0 new shared taxis" in capsys.readouterr().out
    assert PolicyChange.objects.get(name="prepays_rides").organization.policy.prepays_rides == 1


def test_without_the_test_bank_nothing_is_made(db, settings, capsys):
    settings.PAYMENT_PROVIDERS = []
    call_command("seed_demo_rooms")
    assert "nothing to do" in capsys.readouterr().out
