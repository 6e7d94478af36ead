"""Holds: money that is reserved, until it is captured or released."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest

from accounts.tests.factories import OrganizationFactory
from payments.engine import chart
from payments.engine.chart import Journal, move
from payments.engine.chart import JournalInvalid as Invalid
from payments.errors import HoldClosed, HoldNotFound, InsufficientFunds, OperationKeyReused
from payments.models import HOLD_TRANSITIONS, Hold, HoldState
from payments.selectors import audit_books, balance_of
from payments.services import capture_hold, expire_holds, place_hold, release_hold
from payments.services import holds as hold_services
from payments.tests.ledger_scene import KRW, book, check_deferred, fund

pytestmark = pytest.mark.django_db
A, B = (chart.payable(str(uuid4()), KRW) for _ in "ab")


@pytest.fixture
def org(db):
    return OrganizationFactory(name="Books", slug="books", currency=KRW)


def balance(org, account):
    return balance_of(org.pk, account).posted


class TestHolds:
    """Money that is reserved."""

    def hold(self, org, now, amount=300, key="hold:1", **more):
        return place_hold(
            organization_id=org.pk, op_key=key, source=A, target=B, amount=amount, now=now, **more
        )

    def capture(self, org, hold, amount, now, key="capture:1"):
        journal = Journal("test", key, move(A, B, amount))
        return capture_hold(organization_id=org.pk, hold_id=hold.pk, journal=journal, now=now)

    def end(self, org, hold, how, now):
        """Bring a hold into a state."""
        if how == HoldState.CAPTURED:
            return self.capture(org, hold, 200, now)
        if how == HoldState.RELEASED:
            return release_hold(organization_id=org.pk, hold_id=hold.pk, now=now)
        return expire_holds(now=now + timedelta(days=1))

    def test_what_is_held_is_not_available_and_is_captured_in_part(self, org, now):
        fund(org, A, 500, now)
        hold = self.hold(org, now)
        assert balance_of(org.pk, A).available == 200
        with pytest.raises(InsufficientFunds):
            book(org, move(A, B, 201), now=now)
        self.capture(org, hold, 250, now)
        after = balance_of(org.pk, A)
        assert (after.posted, after.pending_out) == (250, 0)
        assert balance_of(org.pk, B).pending_in == 0
        check_deferred()
        assert list(audit_books()) == []

    def test_more_than_there_is_cannot_be_held(self, org, now):
        fund(org, A, 299, now)
        with pytest.raises(InsufficientFunds):
            self.hold(org, now)
        assert not Hold.objects.exists()

    def test_the_same_hold_and_the_same_capture_count_once(self, org, now):
        fund(org, A, 500, now)
        hold = self.hold(org, now)
        assert self.hold(org, now).pk == hold.pk
        assert self.capture(org, hold, 250, now).pk == self.capture(org, hold, 250, now).pk
        assert balance(org, B) == 250
        with pytest.raises(OperationKeyReused):
            self.hold(org, now, amount=301)

    @pytest.mark.parametrize(("before", "after"), product(HoldState, repeat=2))
    def test_a_hold_moves_only_along_the_table(self, org, now, before, after):
        fund(org, A, 500, now)
        hold = self.hold(org, now, expires_at=now + timedelta(hours=1))
        if before != HoldState.OPEN:
            self.end(org, hold, before, now)
        if after == HoldState.OPEN:
            return  # nothing leads there
        if after in HOLD_TRANSITIONS[before]:
            self.end(org, hold, after, now)
        elif after == HoldState.EXPIRED:
            assert self.end(org, hold, after, now) == 0
        elif before != after:
            with pytest.raises(HoldClosed):
                self.end(org, hold, after, now)
        hold.refresh_from_db()
        assert hold.state == (after if after in HOLD_TRANSITIONS[before] else before)
        assert list(audit_books()) == []

    def test_the_table_names_every_state(self):
        assert set(HOLD_TRANSITIONS) == set(HoldState)

    @pytest.mark.parametrize("amount", [0, 301])
    def test_a_capture_takes_something_and_no_more_than_was_held(self, org, now, amount):
        fund(org, A, 500, now)
        hold = self.hold(org, now)
        with pytest.raises(Invalid):
            self.capture(org, hold, amount, now)
        assert balance_of(org.pk, A).available == 200

    def test_a_hold_of_another_organization_is_not_found(self, org, now):
        fund(org, A, 500, now)
        hold = self.hold(org, now)
        other = OrganizationFactory(slug="other")
        with pytest.raises(HoldNotFound):
            release_hold(organization_id=other.pk, hold_id=hold.pk, now=now)

    def test_control_a_release_that_forgets_its_balance_is_found_by_the_audit(
        self, org, now, monkeypatch
    ):
        fund(org, A, 500, now)
        hold = self.hold(org, now)
        monkeypatch.setattr(hold_services, "write_books", lambda *_args: None)
        release_hold(organization_id=org.pk, hold_id=hold.pk, now=now)
        assert [one.what for one in audit_books()] == [
            "pending_out is 300, holds 0", "pending_in is 300, holds 0",
        ]  # fmt: skip
