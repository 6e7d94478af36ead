"""A payer's bank takes a payment back, and may give it again: booked by the provider's own word."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
import requests
from django.test import Client

from accounts.tests.factories import MemberFactory, OrganizationFactory
from carpool.simulators.stripe import sign
from payments import services
from payments.engine import chart
from payments.models import Chargeback, JournalEntry, Payment, TopUp, WebhookNotice
from payments.selectors import audit_books, balance_of, escrow_of, trial_balance
from payments.services import sweep
from payments.services.seats import captures_of
from payments.tests.at_provider import SECRETS, approve, running_simulator, switch_on
from payments.tests.room_money import depart, enter, highest, lock, ride_along
from payments.tests.test_paying import begin, come_back, is_settled
from payments.tests.test_rooms import in_escrow, join, nothing_is_lost, settle_down
from rides import services as rides
from rides.tests.factories import open_room

pytestmark = [pytest.mark.django_db(transaction=True)]
CURRENCY, PAID = "KRW", 6_600


@pytest.fixture(scope="module")
def stripe():
    with running_simulator("stripe") as running:
        yield running


@pytest.fixture(autouse=True)
def _switched_on(settings, stripe):
    switch_on(settings, stripe)
    yield
    stripe.misbehave()


@pytest.fixture
def org(transactional_db):
    return OrganizationFactory(name="Books", slug="books", currency=CURRENCY)


@pytest.fixture
def payer(org):
    return MemberFactory(organization=org)


@pytest.fixture
def paid(org, payer, stripe, now):
    payment = begin(payer, stripe, now)
    come_back(*approve(payment.pay_at), now)
    assert is_settled(payment, org)
    return payment


def dispute(stripe, payment, status, **more):
    """Let it stand so at Stripe."""
    told = {"reference": str(payment.pk), "status": status, **more}
    return requests.post(f"{stripe.address}/_simulator/disputes", json=told, timeout=5).json()


def tell(about, now, *, kind="created", secret="", event=None):
    """Let Stripe's webhook arrive; return how it is answered."""
    body = json.dumps(
        {"id": event or f"evt_{uuid4()}", "type": f"charge.dispute.{kind}",
         "data": {"object": about}}
    ).encode()  # fmt: skip
    signed = sign(secret or SECRETS["stripe"], body, int(now.timestamp()))
    return Client().post(
        "/webhooks/stripe/", body, content_type="application/json", HTTP_STRIPE_SIGNATURE=signed
    ).status_code  # fmt: skip


def debt_of(payer):
    account = chart.user_receivable(str(payer.pk), CURRENCY)
    return balance_of(payer.organization_id, account).posted


def owed_to(payer):
    return balance_of(payer.organization_id, chart.payable(str(payer.pk), CURRENCY)).posted


def books_are_right():
    assert list(audit_books()) == []
    assert sum(line.total for line in trial_balance()) == 0


def at_provider_side(org):
    account = chart.pg_receivable("stripe", CURRENCY)
    rows = JournalEntry.objects.filter(account__organization=org, account__kind=account.kind)
    return sum(row.amount for row in rows)


def test_a_dispute_is_booked_once_however_often_it_is_told(org, payer, stripe, paid, now):
    about = dispute(stripe, paid, "needs_response")
    for event in ("evt_1", "evt_1", "evt_2"):
        assert tell(about, now, event=event) == 200
        sweep(now=now)
    row = Chargeback.objects.get()
    assert (row.amount, row.name, row.returned_at) == (PAID, about["id"], None)
    assert escrow_of(org.pk, paid.trip_id) == 0
    assert at_provider_side(org) == 0
    assert debt_of(payer) == 0
    books_are_right()


def test_a_won_dispute_comes_back_once(org, payer, stripe, paid, now):
    tell(dispute(stripe, paid, "needs_response"), now)
    sweep(now=now)
    for _again in range(2):
        tell(dispute(stripe, paid, "won"), now, kind="closed")
        sweep(now=now)
    assert Chargeback.objects.get().returned_at == now
    assert (owed_to(payer), at_provider_side(org)) == (PAID, PAID)
    books_are_right()


def test_a_lost_dispute_stays_as_it_was_booked(org, payer, stripe, paid, now):
    for status, kind in (("needs_response", "created"), ("lost", "closed")):
        tell(dispute(stripe, paid, status), now, kind=kind)
        sweep(now=now)
    assert Chargeback.objects.get().returned_at is None
    assert (owed_to(payer), at_provider_side(org)) == (0, 0)
    books_are_right()


def test_the_last_word_told_first_books_what_is_true_now(org, stripe, paid, now):
    created, closed = dispute(stripe, paid, "needs_response"), dispute(stripe, paid, "lost")
    for about, kind in ((closed, "closed"), (created, "created")):
        tell(about, now, kind=kind)
        sweep(now=now)
    assert Chargeback.objects.count() == 1
    books_are_right()


def test_an_inquiry_takes_nothing(org, stripe, paid, now):
    for status in ("warning_needs_response", "warning_closed"):
        tell(dispute(stripe, paid, status), now)
        sweep(now=now)
    assert not Chargeback.objects.exists()
    assert escrow_of(org.pk, paid.trip_id) == PAID


def test_a_part_is_taken_only_as_far_as_it_goes(org, stripe, paid, now):
    tell(dispute(stripe, paid, "needs_response", amount=1_000), now)
    sweep(now=now)
    assert escrow_of(org.pk, paid.trip_id) == PAID - 1_000
    paid.refresh_from_db()
    assert [one.captured for one in captures_of([paid])] == [PAID - 1_000]
    books_are_right()


def test_forged_and_foreign_notices_book_nothing(stripe, paid, now):
    about = dispute(stripe, paid, "warning_needs_response")
    assert tell({**about, "status": "lost"}, now) == 200, "signed, but its word is not believed"
    assert tell({**about, "id": "dp_unknown"}, now) == 200
    assert tell(about, now, secret="whsec_theirs") == 403
    sweep(now=now)
    assert not Chargeback.objects.exists()
    assert not WebhookNotice.objects.filter(processed_at=None).exists()


def test_while_stripe_cannot_be_asked_the_notice_waits(stripe, paid, now, settings):
    about = dispute(stripe, paid, "needs_response")
    tell(about, now)
    access = settings.PAYMENT_ACCESS["stripe"]
    settings.PAYMENT_ACCESS = {"stripe": type(access)(
        "stripe", "http://localhost:9", access.key, "", access.webhook_secrets
    )}  # fmt: skip
    sweep(now=now)
    assert WebhookNotice.objects.get(processed_at=None).chargeback == about["id"]
    settings.PAYMENT_ACCESS = {"stripe": access}
    sweep(now=now + timedelta(seconds=10))
    assert Chargeback.objects.count() == 1


@pytest.mark.usefixtures("city")
class TestInARoom:
    """What a bank took back pays nothing any more, and goes back to nobody a second time."""

    @pytest.fixture
    def room(self, cast, now):
        return open_room(cast.driver, now=now)

    def take_back(self, seat, at):
        payment = Payment.objects.get(seat_price__seat_id=seat.seat.pk)
        services.charge_back(
            payment_id=payment.pk, chargeback="cb1", amount=payment.captured, now=at
        )

    def test_who_leaves_afterwards_gets_nothing_twice(self, cast, room, now):
        seat = join(cast.rider, room, now)
        self.take_back(seat, now)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        settle_down(now)
        assert Payment.objects.get().refund_asked == 0
        assert in_escrow(room) == 0
        nothing_is_lost()

    def test_who_took_it_back_before_the_lock_is_asked_again(self, cast, room, now):
        seat = join(cast.rider, room, now)
        self.take_back(seat, now)
        lock(room)
        assert highest(room)
        [asked] = TopUp.objects.all()
        assert asked.amount == -(-highest(room) // 2)

    def test_the_room_settles_all_the_same(self, cast, room, now):
        seats = [join(cast.rider, room, now), join(cast.colleague, room, now)]
        lock(room)
        ride_along(room, cast.driver, [seat.seat for seat in seats])
        at = depart(room, cast.driver)
        self.take_back(seats[0], at)
        fare = enter(room, cast.driver, highest(room) // 2, at)
        parts = {one.person_id: one.fare_part for one in fare.shares.all()}
        assert parts[cast.rider.pk] == 0
        assert sum(parts.values()) == fare.amount
        settle_down(at)
        nothing_is_lost()
