"""Paying by a provider: three durable steps, whatever answers get lost."""

import random
from collections import Counter
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.transaction import TransactionManagementError

from accounts.tests.factories import OrganizationFactory
from carpool.kernel import tenancy
from carpool.kernel.models import OutboxEvent
from payments.engine import chart, journals
from payments.engine.leaving import Presence
from payments.engine.providers import UNREADABLE, Answer, Verdict
from payments.engine.refunds import Capture
from payments.engine.rules import RoomRules
from payments.engine.settlement import RiderFacts, RoomFacts, settle_room
from payments.errors import OperationKeyReused, PaymentNotFound, ProviderUnknown, RefundNotOwed
from payments.models import (
    INTENT_TRANSITIONS,
    BankOperation,
    IntentState,
    IntentStep,
    Payment,
    PaymentIntent,
)
from payments.selectors import audit_books, balance_of, escrow_of
from payments.services import (
    close_trip,
    post_journal,
    record_outcome,
    request_owed_refunds,
    request_payment,
    request_refund,
    send_intents,
    sweep,
    sweep_intents,
)
from payments.services.providers import testbank
from payments.services.providers.testbank import BankForTests
from payments.tests.ledger_scene import KRW

pytestmark = [pytest.mark.django_db(transaction=True)]
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


@pytest.fixture
def org(transactional_db):
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


def ask(org, now, *, method=testbank.PAYS, key="", trip=None, payer=None, amount=6_600):
    return request_payment(
        organization_id=org.pk, op_key=key or str(uuid4()), provider="test_bank", method=method,
        trip_id=trip or uuid4(), payer_id=payer or uuid4(), amount=amount, currency=KRW,
        pay_by=now + timedelta(minutes=10), now=now,
    )  # fmt: skip


def states(payment):
    return {one.purpose: str(one.state) for one in payment.intents.all()}


def told(payment):
    names = OutboxEvent.objects.filter(payload__payment_id=str(payment.pk)).order_by("id")
    return [row.name.removeprefix("payments.") for row in names]


def at_bank(payment, purpose):
    """How much the bank did for a payment, and how often."""
    done = BankOperation.objects.filter(reference=str(payment.pk), purpose=purpose, code="")
    return [row.amount for row in done]


def receivable(org):
    return balance_of(org.pk, chart.pg_receivable("test_bank", KRW)).posted


def test_a_payment_is_reserved_taken_and_lies_in_the_trips_escrow(org, now):
    payment = send_intents(ask(org, now).pk, now=now)
    assert states(payment) == {"authorise": "confirmed", "capture": "confirmed"}
    assert (payment.authorised, payment.captured) == (6_600, 6_600)
    assert escrow_of(org.pk, payment.trip_id) == receivable(org) == 6_600
    assert told(payment) == ["PaymentCaptured"]
    assert payment.provider_ref
    assert list(audit_books()) == []


def test_the_same_payment_is_asked_for_and_sent_once(org, now):
    trip, payer = uuid4(), uuid4()
    first, again = (ask(org, now, key="join:1", trip=trip, payer=payer) for _ in range(2))
    assert first.pk == again.pk
    with pytest.raises(OperationKeyReused):
        ask(org, now, key="join:1", trip=trip, payer=payer, amount=6_601)
    for _again in range(3):
        send_intents(first.pk, now=now)
    assert at_bank(first, "capture") == [6_600]


def test_a_provider_that_is_not_switched_on_takes_nothing(org, now, settings):
    settings.PAYMENT_PROVIDERS = []
    with pytest.raises(ProviderUnknown):
        ask(org, now)
    assert not Payment.objects.exists()
    assert BankForTests.is_play_money
    assert "no real money" in testbank.LABEL


def test_a_declined_payment_books_nothing_and_says_so(org, now):
    payment = send_intents(ask(org, now, method=testbank.DECLINES).pk, now=now)
    assert states(payment) == {"authorise": "declined"}
    assert (told(payment), receivable(org)) == (["PaymentFailed"], 0)


def test_a_lost_answer_is_unknown_until_the_sweeper_asks_and_is_charged_once(org, now):
    payment = send_intents(ask(org, now, method=testbank.LOSES_ANSWER).pk, now=now)
    assert states(payment) == {"authorise": "unknown"}
    assert told(payment) == []
    assert sweep_intents(now=now + 4 * SECOND) == 0
    for seconds in (5, 10, 60):
        sweep_intents(now=now + seconds * SECOND)
    payment.refresh_from_db()
    assert states(payment) == {"authorise": "confirmed", "capture": "confirmed"}
    assert at_bank(payment, "authorise") == at_bank(payment, "capture") == [6_600]
    assert escrow_of(org.pk, payment.trip_id) == 6_600


def test_what_never_reached_the_provider_is_sent_again(org, now):
    payment = send_intents(ask(org, now, method=testbank.UNREACHABLE).pk, now=now)
    assert (states(payment), at_bank(payment, "authorise")) == ({"authorise": "unknown"}, [])
    for seconds in (5, 10, 60, 90):
        sweep_intents(now=now + seconds * SECOND)
    assert states(payment) == {"authorise": "confirmed", "capture": "confirmed"}
    assert at_bank(payment, "capture") == [6_600]


def test_another_amount_than_asked_for_is_refused_and_shown_to_a_person(org, now):
    payment = send_intents(ask(org, now, method=testbank.WRONG_AMOUNT).pk, now=now)
    intent = payment.intents.get()
    assert (intent.state, intent.code) == ("stuck", "mismatch")
    assert receivable(org) == 0
    assert OutboxEvent.objects.filter(name="payments.IntentStuck").count() == 1


def test_after_seven_days_without_an_answer_a_person_has_to_look(org, now, monkeypatch):
    monkeypatch.setattr(BankForTests, "status", lambda _self, _order: UNREADABLE)
    payment = send_intents(ask(org, now, method=testbank.LOSES_ANSWER).pk, now=now)
    for hours in range(0, 24 * 8, 1):
        sweep_intents(now=now + timedelta(hours=hours, seconds=5))
    intent = payment.intents.get()
    assert (intent.state, intent.code) == ("stuck", "no_answer_for_days")
    assert intent.attempts > 160


def test_what_comes_too_late_is_given_up_before_it_is_taken(org, now):
    payment = send_intents(ask(org, now).pk, now=now + timedelta(minutes=10))
    assert states(payment) == {"authorise": "confirmed", "cancel": "confirmed"}
    assert (told(payment), receivable(org)) == (["PaymentFailed"], 0)
    assert at_bank(payment, "capture") == []


def test_what_was_taken_too_late_goes_back_in_full(org, now, monkeypatch):
    monkeypatch.setattr(BankForTests, "captures_at_once", True)
    payment = ask(org, now)
    late = now + timedelta(minutes=11)
    record_outcome(claim(payment, late), done(payment, 6_600), now=late)
    assert escrow_of(org.pk, payment.trip_id) == 0
    payment.refresh_from_db()
    BankOperation.objects.create(
        key="x", purpose="capture", reference=str(payment.pk), amount=6_600, currency=KRW,
        method=testbank.PAYS, done_at=now,
    )  # fmt: skip
    sweep(now=late)
    payment.refresh_from_db()
    assert (payment.captured, payment.refunded, receivable(org)) == (6_600, 6_600, 0)
    assert told(payment) == ["PaymentFailed", "PaymentRefunded"]


def claim(payment, now):
    """Pretend that the first operation has been sent."""
    intent = payment.intents.get()
    PaymentIntent.objects.filter(pk=intent.pk).update(state="sent", sent_at=now)
    return intent.pk


def done(payment, amount):
    return Answer(Verdict.DONE, str(payment.pk), amount, KRW, "ref")


def test_an_outcome_that_is_recorded_twice_is_booked_once(org, now):
    payment = send_intents(ask(org, now).pk, now=now)
    for intent in payment.intents.all():
        record_outcome(intent.pk, done(payment, 6_600), now=now)
        record_outcome(intent.pk, Answer(Verdict.DECLINED), now=now)
    assert receivable(org) == 6_600
    assert set(states(payment).values()) == {"confirmed"}


@pytest.mark.parametrize(("before", "verdict"), product(IntentState, [*Verdict, "wrong"]))
def test_an_operation_moves_only_along_the_table(org, now, before, verdict):
    payment = ask(org, now)
    pk = claim(payment, now)
    PaymentIntent.objects.filter(pk=pk).update(state=before)
    answer = done(payment, 1) if verdict == "wrong" else Answer(
        verdict, str(payment.pk), 6_600, KRW
    )  # fmt: skip
    wanted = {
        "done": "confirmed", "declined": "declined", "unknown": "unknown", "absent": "unknown",
        "wrong": "stuck",
    }[str(verdict)]  # fmt: skip
    after = str(record_outcome(pk, answer, now=now).state)
    assert after == (wanted if wanted in INTENT_TRANSITIONS[before] else before)
    steps = IntentStep.objects.filter(intent=pk).values_list("before", "after")
    assert list(steps[1:]) == ([(before, after)] if after != before else [])


def test_a_provider_is_never_called_inside_a_transaction(org, now):
    payment = ask(org, now)
    with transaction.atomic(), pytest.raises(TransactionManagementError):
        send_intents(payment.pk, now=now)
    assert not BankOperation.objects.exists()


class TestAWholeRoom:
    """E1 to E3, with the bank."""

    @pytest.mark.parametrize(
        ("last", "backs", "penalty"),
        [(Presence.BOARDED, [1_025, 1_025, 1_025], 0), (Presence.LEFT_LATE, [267, 267, 3_300], 0),
         (Presence.NO_SHOW, [1_025, 1_025, 25], 1_000)],
    )  # fmt: skip
    def test_a_settlement_is_refunded_by_itself_and_the_trip_closes(
        self, org, now, last, backs, penalty
    ):
        trip, host = uuid4(), uuid4()
        riders = [uuid4() for _ in range(3)]
        payments = [
            send_intents(ask(org, now, trip=trip, payer=rider).pk, now=now) for rider in riders
        ]
        presences = [Presence.BOARDED, Presence.BOARDED, last]
        facts = RoomFacts(
            KRW, 22_300, str(host),
            tuple(
                RiderFacts(str(rider), 6_600, presence)
                for rider, presence in zip(riders, presences, strict=True)
            ),
        )  # fmt: skip
        captures = {
            str(one.payer_id): [Capture(str(one.pk), one.captured, 0, one.captured_at)]
            for one in payments
        }
        settled = journals.room_settled(
            settle_room(facts, RoomRules()), trip=str(trip), captures=captures
        )
        post_journal(organization_id=org.pk, journal=settled, now=now)
        close_trip(organization_id=org.pk, trip_id=trip, now=now)
        for _again in range(2):
            sweep(now=now)
        assert [at_bank(one, "refund") for one in payments] == [[back] for back in backs]
        received = 19_800 - sum(backs) - penalty
        assert balance_of(org.pk, chart.payable(str(host), KRW)).posted == received
        assert receivable(org) == received + penalty
        assert list(audit_books()) == []

    def test_nothing_goes_back_that_is_not_owed(self, org, now):
        payment = send_intents(ask(org, now).pk, now=now)
        told = {"organization_id": org.pk, "payment_id": payment.pk, "now": now}
        with pytest.raises(RefundNotOwed):
            request_refund(amount=1, op_key="r1", **told)
        owe(org, payment, 500, now)
        for amount in (0, -1, 501):
            with pytest.raises(RefundNotOwed):
                request_refund(amount=amount, op_key="r1", **told)
        first, again = (request_refund(amount=500, op_key="r1", **told) for _ in range(2))
        assert first.pk == again.pk
        with pytest.raises(RefundNotOwed):
            request_refund(amount=1, op_key="r2", **told)
        with pytest.raises(OperationKeyReused):
            request_refund(amount=499, op_key="r1", **told)
        with pytest.raises(PaymentNotFound):
            request_refund(**(told | {"organization_id": uuid4()}), amount=1, op_key="r3")

    def test_the_database_refuses_that_more_goes_back_than_came(self, org, now):
        payment = send_intents(ask(org, now).pk, now=now)
        for change in ({"refund_asked": 6_601}, {"refunded": 1}, {"captured": 6_601}):
            with pytest.raises(IntegrityError):
                Payment.objects.filter(pk=payment.pk).update(**change)

    def test_a_refund_that_the_provider_refuses_stays_owed_and_waits_for_a_person(self, org, now):
        payment = send_intents(ask(org, now).pk, now=now)
        owe(org, payment, 500, now)
        BankOperation.objects.filter(purpose="capture").update(amount=100)
        assert request_owed_refunds(now=now) == 1
        sweep(now=now)
        assert request_owed_refunds(now=now) == 0
        payment.refresh_from_db()
        assert (payment.refund_asked, payment.refunded) == (0, 0)
        owed = balance_of(org.pk, chart.refund_payable(str(payment.pk), KRW))
        assert owed.posted == 500
        assert OutboxEvent.objects.filter(name="payments.IntentStuck").count() == 1

    def test_what_is_owed_while_a_refund_is_unknown_waits_for_its_outcome(self, org, now):
        payment = send_intents(ask(org, now, method=testbank.LOSES_ANSWER).pk, now=now)
        for later in (6, 12, 30):
            sweep(now=now + timedelta(seconds=later))
        payment.refresh_from_db()
        owe(org, payment, 500, now)
        sweep(now=now + timedelta(seconds=40))
        owe(org, payment, 700, now, nth=2)
        sweep(now=now + timedelta(seconds=41))
        assert [one.amount for one in payment.intents.filter(purpose="refund")] == [500]
        for later in (60, 90, 120):
            sweep(now=now + timedelta(seconds=later))
        payment.refresh_from_db()
        assert payment.refunded == sum(at_bank(payment, "refund")) == 1_200
        assert states(payment)["refund"] == "confirmed"


def owe(org, payment, amount, now, nth=1):
    """Leave an amount owing on a payment."""
    captures = [Capture(str(payment.pk), payment.captured, 0, payment.captured_at)]
    journal = journals.left_free(
        trip=str(payment.trip_id), rider=str(payment.payer_id), amount=amount, currency=KRW,
        captures=captures, nth=nth,
    )  # fmt: skip
    post_journal(organization_id=org.pk, journal=journal, now=now)


def test_the_web_of_one_organization_pays_and_another_sees_nothing(org, now):
    other = OrganizationFactory(slug="other")
    with tenancy.inside(frozenset({org.pk})):
        payment = send_intents(ask(org, now).pk, now=now)
        assert payment.captured == 6_600
    with tenancy.inside(frozenset({other.pk})):
        for model in (Payment, PaymentIntent, IntentStep):
            assert not model.objects.exists()
    assert Payment.objects.exists()


def test_two_hundred_payments_under_every_fault_are_each_charged_once_or_not_at_all(org, now):
    dice = random.Random(6)
    weights = {testbank.PAYS: 63, testbank.LOSES_ANSWER: 20, testbank.UNREACHABLE: 10,
               testbank.DECLINES: 5, testbank.WRONG_AMOUNT: 2}  # fmt: skip
    methods = dice.choices(list(weights), list(weights.values()), k=200)
    payments = [ask(org, now, method=method) for method in methods]
    for seconds in (0, 0, 5, 6, 21, 40, 90):
        sweep_intents(now=now + seconds * SECOND, limit=1_000)
    ends = Counter()
    for payment, method in zip(payments, methods, strict=True):
        payment.refresh_from_db()
        taken = at_bank(payment, "capture")
        ends[method, payment.captured] += 1
        assert len(taken) <= 1
        assert sum(taken) == payment.captured, "lost or doubled"
    counted = Counter(methods)
    assert ends == {
        (method, 0 if method in {testbank.DECLINES, testbank.WRONG_AMOUNT} else 6_600): number
        for method, number in counted.items()
    }
    assert receivable(org) == sum(payment.captured for payment in payments)
    assert not PaymentIntent.objects.filter(next_check_at__isnull=False).exists()
    assert list(audit_books()) == []


def test_control_a_bank_without_keys_would_be_charged_twice(org, now, monkeypatch):
    real = BankForTests._do

    def forgetful(self, order):
        BankOperation.objects.filter(key=order.key).update(key=f"forgotten:{uuid4()}")
        return real(self, order)

    monkeypatch.setattr(BankForTests, "_do", forgetful)
    payment = send_intents(ask(org, now, method=testbank.LOSES_ANSWER).pk, now=now)
    monkeypatch.setattr(BankForTests, "status", lambda _self, _order: Answer(Verdict.ABSENT))
    sweep_intents(now=now + 5 * SECOND)
    assert at_bank(payment, "authorise") == [6_600, 6_600], "the test sees doubled effects"
