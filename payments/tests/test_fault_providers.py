"""Providers in ``script/bench faults`` at a small count: T6, T7, T13."""

from types import SimpleNamespace

import pytest

from accounts.tests.factories import OrganizationFactory
from benchmarks.faults_providers import lines_of, notices_of, statement_breaks
from payments.tests.ledger_scene import KRW

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db):
    return SimpleNamespace(organization=OrganizationFactory(slug="books", currency=KRW))


@pytest.mark.parametrize("name", ["kakaopay", "toss", "stripe"])
def test_under_every_fault_nothing_is_lost_or_charged_twice(world, name):
    told = lines_of(name)(world, 24)
    assert told.is_good, str(told)


@pytest.mark.parametrize("name", ["toss", "stripe"])
def test_whatever_becomes_of_notices_the_end_is_the_same(world, name):
    told = notices_of(name)(world, 15)
    assert told.is_good, str(told)


def test_differences_between_two_lists_are_found_and_nothing_else(world):
    told = statement_breaks(world, 1_000)
    assert told.is_good, str(told)
