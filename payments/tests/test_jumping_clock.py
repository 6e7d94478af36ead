"""A clock that jumps ends nothing before its time (T10)."""

from types import SimpleNamespace

import pytest
from django.core.cache import cache

from accounts.tests.factories import OrganizationFactory
from benchmarks.faults_clock import jumps
from carpool.kernel import timekeeping

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_nothing_ends_early_when_a_clock_jumps_and_it_would_without_the_guard(settings, city):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    cache.delete(timekeeping.ALARM_KEY)
    told = jumps(SimpleNamespace(organization=OrganizationFactory(slug="books")), 1)
    assert told.is_good, str(told)
    assert "4 of 4" in told.control
