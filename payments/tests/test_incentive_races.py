"""Many proven trips at once: no cap, total or account is ever passed; without locks they are."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Sum

from accounts.tests.factories import MemberFactory
from payments import services
from payments.engine import chart
from payments.models import Incentive, IncentiveState, Reward
from payments.selectors import balance_of
from payments.services import rewards
from payments.tests.incentives import drive, payer, prove, rule
from payments.tests.ride_fares import nothing_is_lost

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TRIPS = 6


@pytest.fixture
def trips(city, cast, now):
    """Trips of one driver with other people, proven and settled, of which nobody has heard yet."""
    found = []
    for number in range(TRIPS):
        rider = MemberFactory(organization=cast.organization)
        (booking,), at = drive(cast.driver, rider, now=now, hours=24 + 30 * number)
        prove(booking, at)
        found.append(booking.pk)
    return found


def hear_all_at_once(trips, now, *, twice=False):
    """Let as many workers hear of them in the same moment."""
    heard = trips * (2 if twice else 1)
    barrier = threading.Barrier(len(heard))

    def work(booking_id):
        barrier.wait()
        try:
            services.trip_counted(booking_id=booking_id, now=now + timedelta(days=20))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(one,)) for one in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def given(**which):
    return Reward.objects.filter(**which).aggregate(n=Sum("amount"))["n"] or 0


@pytest.fixture
def slow(monkeypatch):
    """Leave time between reading what was used and writing: any worker may come in between."""
    real = rewards.used_of

    def used_of(*args):
        used = real(*args)
        time.sleep(0.1)
        return used

    monkeypatch.setattr(rewards, "used_of", used_of)


@pytest.fixture
def unlocked(monkeypatch, slow):
    """Take away what one waits for: the rules' rows and the accounts."""

    def rules(organizations):
        on = Incentive.objects.filter(state=IncentiveState.ON, organization__in=list(organizations))
        found = {}
        for one in on.select_related("organization"):
            found.setdefault(one.organization_id, []).append(one)
        return found

    def available(*, organization_id, accounts, now):
        return {one: balance_of(organization_id, one).available for one in accounts}

    monkeypatch.setattr(rewards, "_lock_rules", rules)
    monkeypatch.setattr(rewards, "lock_available", available)


def test_the_total_is_never_passed(cast, trips, slow, now):
    rule(cast.organization, now, total=2_000)
    hear_all_at_once(trips, now)
    assert given() == 2_000
    nothing_is_lost()


def test_without_the_locks_it_would_be(cast, trips, unlocked, now):
    rule(cast.organization, now, total=2_000)
    hear_all_at_once(trips, now)
    assert given() > 2_000


def test_a_persons_cap_is_never_passed(cast, trips, slow, now):
    rule(cast.organization, now, most_a_year=1_500, per_trip=700)
    hear_all_at_once(trips, now)
    years = Reward.objects.filter(member_id=cast.driver.pk).values_list("day__year", flat=True)
    assert given(member_id=cast.driver.pk) <= 1_500 * len(set(years))
    assert given(role="rider") == 700 * TRIPS


def test_the_account_is_emptied_and_not_overdrawn(cast, trips, slow, now):
    budget = payer(cast.organization, now, money=2_500)
    rule(cast.organization, now, budget=budget)
    hear_all_at_once(trips, now)
    account = chart.sponsor(str(budget.pk), cast.organization.currency)
    assert (given(), balance_of(cast.organization.pk, account).posted) == (2_500, 0)
    nothing_is_lost()


def test_who_hears_twice_in_one_moment_pays_once(cast, trips, slow, now):
    rule(cast.organization, now)
    hear_all_at_once(trips[:3], now, twice=True)
    assert (Reward.objects.count(), given()) == (6, 3_600)
    nothing_is_lost()
