"""A day of a company's working week: every part of it happens, and nothing is impossible."""

from io import StringIO

import pytest
from django.core.management import call_command

from carpool.demo.week import Shares

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told(settings, monkeypatch):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    much = Shares(recorded=1.0, at_the_kerb=0.5)
    monkeypatch.setattr("carpool.demo.management.commands.demo_week.SHARES", much)
    out = StringIO()
    call_command("demo_week", people=10, days=1, stdout=out, stderr=StringIO())
    return {line[:26].strip(): line[26:].split() for line in out.getvalue().splitlines() if line}


def test_a_day_of_the_week_goes_by_and_its_books_are_right(told):
    assert told["promises broken"] == told["impossible states"] == ["0"]
    assert int(told["rides that repeat"][0]) > 0
    assert int(told["instant rides"][0]) > 0
    assert told["The books are right."] == []
