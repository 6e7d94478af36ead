"""After the fare: objections, transfers, and what a bank takes back (R11, R12)."""

import pytest

from payments import services
from payments.engine import chart
from payments.errors import (
    DisputeClosed,
)
from payments.models import (
    DisputeState,
    Payment,
    Payout,
    PayoutState,
)
from payments.selectors import balance_of
from payments.tests.room_money import (
    HOUR,
    depart,
    enter,
    lock,
    owed_to,
    party,
    ride_along,
    room,
    share_of,
    switched_on,
)
from payments.tests.test_rooms import nothing_is_lost, settle_down
from rides import services as rides
from rides.models import Deed

__all__ = ["party", "room", "switched_on"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


class TestAfterwards:
    """Objecting, being paid out, and what a bank takes back."""

    @pytest.fixture
    def settled(self, cast, room, party):
        lock(room)
        (_b, first), (_c, second), (_absent, missing) = party
        ride_along(room, cast.driver, [first.seat, second.seat])
        rides.mark_absent(
            room_id=room.pk, seat_id=missing.seat.pk, by=cast.driver, now=room.absent_from
        )
        at = depart(room, cast.driver)
        fare = enter(room, cast.driver, 2_500, at)
        settle_down(at)
        return fare, at

    def dispute(self, fare, person, at):
        return services.open_dispute(fare_id=fare.pk, by=person, reason="I was there.", now=at)

    def test_a_dispute_holds_its_part_and_gives_it_back_when_won(self, cast, party, settled):
        fare, at = settled
        absent = party[2][0]
        share = share_of(absent)
        account = chart.payable(str(cast.driver.pk), fare.currency)
        before = balance_of(fare.organization_id, account)
        dispute = self.dispute(fare, absent, at + HOUR)
        held = balance_of(fare.organization_id, account)
        assert before.available - held.available == share.fare_part
        services.decide_dispute(
            dispute_id=dispute.pk, by=cast.operator, for_rider=True, why="Seen.", now=at + HOUR
        )
        settle_down(at + HOUR)
        payment = Payment.objects.get(payer_id=absent.pk)
        assert payment.refunded == payment.captured
        assert Deed.objects.get(member=absent).objection.state == "granted"
        assert owed_to(cast.driver) == before.posted - share.fare_part
        nothing_is_lost()
        with pytest.raises(DisputeClosed):
            services.decide_dispute(
                dispute_id=dispute.pk, by=cast.operator, for_rider=False, why="", now=at
            )

    def test_a_lost_dispute_changes_nothing(self, cast, party, settled):
        fare, at = settled
        before = owed_to(cast.driver)
        dispute = self.dispute(fare, party[0][0], at)
        services.decide_dispute(
            dispute_id=dispute.pk, by=cast.operator, for_rider=False, why="No.", now=at
        )
        account = chart.payable(str(cast.driver.pk), fare.currency)
        assert balance_of(fare.organization_id, account).available == before

    def test_silence_decides_small_ones_for_the_rider(self, party, settled):
        fare, at = settled
        dispute = self.dispute(fare, party[0][0], at)
        settle_down(at + 72 * HOUR)
        dispute.refresh_from_db()
        assert (dispute.state, dispute.decided_by_id) == (DisputeState.WON, None)
        nothing_is_lost()

    def test_one_disputes_once_in_time_and_only_what_one_paid(self, cast, party, settled):
        fare, at = settled
        self.dispute(fare, party[0][0], at)
        for person, when in ((party[0][0], at), (party[1][0], at + 24 * HOUR)):
            with pytest.raises(DisputeClosed):
                self.dispute(fare, person, when)

    def test_the_host_is_paid_out_what_nobody_can_dispute_any_more(self, cast, settled):
        _fare, at = settled
        owed = owed_to(cast.driver)
        services.move_play_money(now=at)
        assert services.pay_out(now=at + 23 * HOUR) == 0
        assert services.pay_out(now=at + 24 * HOUR) == 1
        assert services.pay_out(now=at + 24 * HOUR) == 0
        payout = Payout.objects.get()
        assert (payout.amount, owed_to(cast.driver)) == (owed, 0)
        services.move_play_money(now=at + 30 * HOUR)
        payout.refresh_from_db()
        assert payout.state == PayoutState.ARRIVED
        nothing_is_lost()

    def test_what_is_disputed_is_not_paid_out(self, cast, party, settled):
        fare, at = settled
        owed = owed_to(cast.driver)
        share = share_of(party[0][0])
        self.dispute(fare, party[0][0], at)
        services.move_play_money(now=at)
        services.pay_out(now=at + 24 * HOUR)
        assert Payout.objects.get().amount == owed - share.fare_part

    def test_what_comes_back_is_owed_again(self, cast, settled):
        _fare, at = settled
        owed = owed_to(cast.driver)
        services.move_play_money(now=at)
        services.pay_out(now=at + 24 * HOUR)
        services.end_payout(payout_id=Payout.objects.get().pk, arrived=False, now=at + 25 * HOUR)
        assert owed_to(cast.driver) == owed
        assert services.pay_out(now=at + 48 * HOUR) == 1
        nothing_is_lost()

    def test_real_money_waits_until_somebody_says_where_it_is_to_go(
        self, cast, settled, monkeypatch
    ):
        _fare, at = settled
        services.move_play_money(now=at)
        monkeypatch.setattr("payments.services.payouts._is_play_money", lambda: False)
        assert services.pay_out(now=at + 24 * HOUR) == 0
        services.keep_account(
            member=cast.driver, holder="Dora", bank="Banco Sur", number="110-2345-67890", now=at
        )
        assert services.pay_out(now=at + 24 * HOUR) == 1

    def test_nothing_is_paid_out_before_the_provider_has_handed_it_over(self, settled):
        _fare, at = settled
        assert services.pay_out(now=at + 24 * HOUR) == 0

    def test_a_payment_that_the_bank_takes_back_is_a_debt(self, cast, party, settled):
        fare, at = settled
        payment = Payment.objects.get(payer_id=party[0][0].pk)
        kept = payment.captured - payment.refunded
        for _ in range(2):
            services.charge_back(payment_id=payment.pk, chargeback="cb1", amount=kept, now=at)
        debt = chart.user_receivable(str(party[0][0].pk), fare.currency)
        assert balance_of(fare.organization_id, debt).posted == kept
        nothing_is_lost()


class TestTheDesk:
    """An operator decides objections with the receipt at hand, and makes transfers."""

    @pytest.fixture
    def desk(self, cast, client):
        client.force_login(cast.operator.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    @pytest.fixture
    def settled(self, cast, room, party):
        lock(room)
        ride_along(room, cast.driver, [seat.seat for _p, seat in party])
        at = depart(room, cast.driver)
        return enter(room, cast.driver, 3_000, at), at

    def do(self, desk, model, action, *rows):
        form = {"action": action, "_selected_action": [row.pk for row in rows]}
        return desk.post(f"/admin/payments/{model}/", form)

    def test_an_objection_is_decided_with_the_receipt_at_hand(self, cast, party, settled, desk):
        fare, at = settled
        dispute = services.open_dispute(fare_id=fare.pk, by=party[0][0], reason="No.", now=at)
        page = desk.get(f"/admin/payments/dispute/{dispute.pk}/change/").content.decode()
        address = f"/admin/payments/dispute/receipt/{fare.pk}/"
        assert address in page
        assert desk.get(address)["Content-Type"] == "image/jpeg"
        self.do(desk, "dispute", "for_the_rider", dispute)
        dispute.refresh_from_db()
        assert (dispute.state, dispute.decided_by_id) == (DisputeState.WON, cast.operator.pk)
        nothing_is_lost()

    def test_transfers_are_listed_for_the_bank_and_said_to_have_arrived(self, cast, settled, desk):
        _fare, at = settled
        services.keep_account(
            member=cast.driver, holder="=Dora", bank="Banco Sur", number="110-2345-67890", now=at
        )
        services.move_play_money(now=at)
        services.pay_out(now=at + 24 * HOUR)
        payout = Payout.objects.get()
        rows = self.do(desk, "payout", "list_for_the_bank", payout).content.decode().splitlines()
        assert rows[1] == f"{payout.pk},'=Dora,Banco Sur,110234567890,{payout.amount},CLP"
        self.do(desk, "payout", "arrived", payout)
        payout.refresh_from_db()
        assert payout.state == PayoutState.ARRIVED
        nothing_is_lost()
