"""Two members are one person: what is owed moves by journals, and nothing that is in use."""

from uuid import uuid4

import pytest

from accounts.tests.factories import OrganizationFactory
from payments.engine import chart
from payments.errors import TripNotSettled
from payments.models import Payment, SponsorBudget, SponsorGrant
from payments.selectors import audit_books, balance_of
from payments.services import place_hold
from payments.services.uniting import unite_payments
from payments.tests.ledger_scene import BANK, KRW, book, charge, check_deferred, fund

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(db):
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


def test_what_is_owed_to_and_by_the_one_who_goes_is_the_others(org, now):
    kept, gone = str(uuid4()), str(uuid4())
    fund(org, chart.payable(gone, KRW), 500, now)
    fund(org, chart.payable(kept, KRW), 70, now)
    book(org, chart.move(chart.user_receivable(gone, KRW), BANK, 30), now=now)
    for _again in range(2):
        unite_payments(kept, gone, now)
    check_deferred()
    for account, amount in (
        (chart.payable(gone, KRW), 0), (chart.payable(kept, KRW), 570),
        (chart.user_receivable(gone, KRW), 0), (chart.user_receivable(kept, KRW), 30),
    ):  # fmt: skip
        assert balance_of(org.pk, account).posted == amount
    assert list(audit_books()) == []


def test_money_in_escrow_or_held_has_to_be_settled_first(org, now):
    kept, gone, third = (str(uuid4()) for _ in range(3))
    fund(org, chart.payable(gone, KRW), 500, now)
    place_hold(
        organization_id=org.pk, op_key="h", source=chart.payable(gone, KRW),
        target=chart.payable(third, KRW), amount=5, now=now,
    )  # fmt: skip
    with pytest.raises(TripNotSettled):
        unite_payments(kept, gone, now)
    rider = str(uuid4())
    charge(org, uuid4(), rider, 6_600, now)
    with pytest.raises(TripNotSettled):
        unite_payments(kept, rider, now)


def test_what_a_sponsor_gave_counts_for_the_one_who_stays(org, now):
    kept, gone = uuid4(), uuid4()
    budget = SponsorBudget.objects.create(
        organization=org, name="All", percent=50, first_day=now.date()
    )
    payment = Payment.objects.create(
        organization=org, op_key="sponsor:1", provider="sponsor", trip_id=uuid4(),
        payer_id=budget.pk, amount=5, currency=KRW, pay_by=now, created_at=now,
    )  # fmt: skip
    SponsorGrant.objects.create(
        budget=budget, seat_id=uuid4(), member_id=gone, payment=payment, created_at=now
    )
    unite_payments(kept, gone, now)
    assert SponsorGrant.objects.get().member_id == kept
