"""Our books against the providers' own lists (T13)."""

from datetime import timedelta

import pytest

from accounts.tests.factories import MemberFactory, OrganizationFactory
from payments.engine.providers import Stated
from payments.engine.reconcile import BreakKind, Own, reconcile
from payments.models import BankOperation, Payment, StatementBreak, StatementRun
from payments.services import reconcile_provider, reconcile_providers, sweep
from payments.services.providers.testbank import BankForTests
from payments.tests.at_provider import approve, running_simulator, switch_on
from payments.tests.ledger_scene import KRW
from payments.tests.statements import compare, seed
from payments.tests.test_paying import ask, begin, come_back
from payments.tests.test_payments import owe

pytestmark = [pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


@pytest.fixture
def org(transactional_db, settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


def test_sixty_differences_of_six_classes_are_found_and_nothing_else(org, now):
    expected = seed(org, now, payments=1_000, of_each=10)
    assert reconcile_provider(provider="test_bank", now=now) == 60
    told = compare(expected, StatementBreak.objects.all())
    assert told == {"found": 60, "wrong_class": 0, "missed": 0, "false": 0}
    run = StatementRun.objects.get()
    assert (run.payments, run.breaks, run.failed) == (1_000, 60, "")


def test_without_a_difference_nothing_is_found(org, now):
    seed(org, now, payments=200, of_each=0)
    assert reconcile_provider(provider="test_bank", now=now) == 0
    assert not StatementBreak.objects.exists()


def test_a_difference_keeps_its_age_until_it_is_gone_and_is_young_again_when_it_returns(org, now):
    expected = seed(org, now, payments=20, of_each=1)
    for day in range(3):
        reconcile_provider(provider="test_bank", now=now + day * DAY)
    rows = StatementBreak.objects.all()
    assert rows.count() == len(expected) == 6
    assert {row.found_at for row in rows} == {now}
    assert {row.last_seen_at for row in rows} == {now + 2 * DAY}
    BankOperation.objects.filter(currency="JPY").update(currency=KRW)
    reconcile_provider(provider="test_bank", now=now + 3 * DAY)
    gone = StatementBreak.objects.get(gone_at__isnull=False)
    assert (gone.kind, gone.gone_at) == (BreakKind.CURRENCY, now + 3 * DAY)
    BankOperation.objects.filter(reference=gone.reference).update(currency="JPY")
    reconcile_provider(provider="test_bank", now=now + 4 * DAY)
    assert StatementBreak.objects.filter(reference=gone.reference).count() == 2


def test_a_list_that_cannot_be_read_is_no_agreement_and_closes_nothing(org, now, monkeypatch):
    seed(org, now, payments=10, of_each=1)
    reconcile_providers(now=now)

    def fail(*_said, **_more):
        raise OSError("line broken")

    monkeypatch.setattr(BankForTests, "list_payments", fail)
    reconcile_providers(now=now + DAY)
    assert StatementRun.objects.filter(failed="OSError").count() == 1
    assert StatementBreak.objects.filter(gone_at=None).count() == 6


def own(taken=100, returned=0, currency=KRW):
    return Own("a", "p", taken, returned, currency)


def theirs(taken=100, returned=0, currency=KRW, reference="a"):
    return Stated(reference, "p", taken, returned, currency)


@pytest.mark.parametrize(
    ("ours", "stated", "kinds"),
    [
        ([own()], [theirs()], []),
        ([own(returned=30)], [theirs(returned=30)], []),
        ([own(0)], [], []),
        ([own(0)], [theirs(0)], []),
        ([], [theirs(0)], []),
        ([own()], [theirs(0), theirs()], []),
        ([own()], [], ["missing_there"]),
        ([], [theirs()], ["missing_here"]),
        ([own()], [theirs(reference="")], ["missing_there", "missing_here"]),
        ([own()], [theirs(101)], ["amount"]),
        ([own(returned=30)], [theirs(returned=31)], ["amount"]),
        ([own()], [theirs(returned=30)], ["amount"]),
        ([own()], [theirs(returned=100)], ["state"]),
        ([own(returned=100)], [theirs()], ["state"]),
        ([own(0)], [theirs()], ["state"]),
        ([own()], [theirs(0)], ["state"]),
        ([own()], [theirs(currency="JPY")], ["currency"]),
        ([own()], [theirs(), theirs()], ["duplicate"]),
    ],
)
def test_each_difference_has_its_class(ours, stated, kinds):
    assert [str(one.kind) for one in reconcile(ours, stated)] == kinds


@pytest.mark.parametrize("name", ["kakaopay", "toss", "stripe"])
def test_each_providers_own_list_agrees_until_it_does_not(org, now, settings, name):
    payer = MemberFactory(organization=org)
    later = now + timedelta(hours=2)
    with running_simulator(name) as provider:
        switch_on(settings, provider)
        paid = [come_back(*approve(begin(payer, provider, now).pay_at), now) for _ in range(3)]
        ask(payer, provider, now)  # on its way
        begin(payer, provider, now)  # waits for its payer
        owe(org, paid[0], 500, now)
        sweep(now=now)
        sweep(now=now)
        paid[0].refresh_from_db()
        assert paid[0].refunded == 500
        assert reconcile_provider(provider=name, now=later) == 0
        Payment.objects.filter(pk=paid[1].pk).update(refund_asked=10, refunded=10)
        assert reconcile_provider(provider=name, now=later) == 1
        found = StatementBreak.objects.get()
        assert (found.kind, found.ours, found.theirs) == ("amount", 6_590, 6_600)
        assert StatementRun.objects.filter(failed="").count() == 2
    reconcile_provider(provider=name, now=later)
    runs = StatementRun.objects.exclude(failed="")
    assert runs.count() == 1
