"""Money of sponsors comes into the books by two people, once."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.tests.factories import UserFactory
from payments import services
from payments.engine import chart
from payments.errors import DepositClosed, DepositNotFound, SamePersonDecides
from payments.models import MANUAL_TRANSITIONS, ManualState, SponsorBudget, SponsorDeposit
from payments.selectors import balance_of
from payments.selectors.budgets import list_deposits
from payments.tests.test_rooms import nothing_is_lost

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def second(db):
    return UserFactory(email="second@copper.example", is_staff=True, is_superuser=True)


@pytest.fixture
def budget(cast, now):
    return SponsorBudget.objects.create(
        organization=cast.organization, name="B", percent=50, first_day=now.date()
    )


def entered(budget, by, now, reference="Nov"):
    row = SponsorDeposit(budget=budget, amount=9_000, reference=reference)
    return services.enter_deposit(row=row, by=by.user, now=now)


def left(budget):
    account = chart.sponsor(str(budget.pk), budget.organization.currency)
    return balance_of(budget.organization_id, account).posted


def test_one_enters_another_posts_and_then_it_is_there(cast, budget, second, now):
    row = entered(budget, cast.operator, now)
    assert (row.state, left(budget)) == ("proposed", 0)
    assert not list_deposits(budget)
    services.post_deposit(deposit_id=row.pk, by=second, now=now)
    row.refresh_from_db()
    assert (row.state, row.decided_by, left(budget)) == ("posted", second, 9_000)
    assert list(list_deposits(budget)) == [row]
    nothing_is_lost()


def test_nobody_posts_their_own_also_not_past_the_service(cast, budget, now):
    row = entered(budget, cast.operator, now)
    with pytest.raises(SamePersonDecides):
        services.post_deposit(deposit_id=row.pk, by=cast.operator.user, now=now)
    assert left(budget) == 0
    with pytest.raises(IntegrityError, match="a_deposit_takes_two"), transaction.atomic():
        SponsorDeposit.objects.update(state="posted", at=now, decided_by=cast.operator.user)
    SponsorDeposit.objects.update(entered_by=None)
    with pytest.raises(SamePersonDecides):
        services.post_deposit(deposit_id=row.pk, by=cast.operator.user, now=now)


@pytest.mark.parametrize("before", ManualState)
@pytest.mark.parametrize("after", [ManualState.POSTED, ManualState.REFUSED])
def test_what_is_decided_stays(cast, budget, second, now, before, after):
    row = entered(budget, cast.operator, now)
    decide = {"posted": services.post_deposit, "refused": services.refuse_deposit}
    if before in decide:
        decide[before](deposit_id=row.pk, by=second, now=now)
    if after in MANUAL_TRANSITIONS[before]:
        decide[after](deposit_id=row.pk, by=second, now=now)
    else:
        with pytest.raises(DepositClosed):
            decide[after](deposit_id=row.pk, by=second, now=now)
    row.refresh_from_db()
    assert left(budget) == (9_000 if row.state == "posted" else 0)
    nothing_is_lost()


def test_a_reference_counts_once_unless_it_was_refused(cast, budget, second, now):
    row = entered(budget, cast.operator, now)
    with pytest.raises(IntegrityError, match="a_deposit_counts_once"), transaction.atomic():
        entered(budget, cast.operator, now)
    services.refuse_deposit(deposit_id=row.pk, by=cast.operator.user, now=now)
    again = entered(budget, cast.operator, now)
    services.post_deposit(deposit_id=again.pk, by=second, now=now)
    assert left(budget) == 9_000
    with pytest.raises(DepositNotFound):
        services.refuse_deposit(deposit_id=budget.pk, by=second, now=now)


def test_at_the_desk_a_second_one_posts(cast, budget, second, now):
    desk, row = "/admin/payments/sponsordeposit/", entered(budget, cast.operator, now)
    said = {"action": "post_them", "_selected_action": [str(row.pk)]}
    for user, expected in ((cast.operator.user, 0), (second, 9_000)):
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.post(desk, said).status_code == 302
        assert left(budget) == expected
