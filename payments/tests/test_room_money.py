"""From a seat in a shared taxi to settled purses, by the services that pages call (R5–R12)."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from accounts.tests.factories import MemberFactory
from carpool.kernel.geo import from_point
from payments import services
from payments.engine import chart
from payments.engine.split import ceil_div
from payments.errors import (
    DisputeClosed,
    FareEntered,
    FareOutOfRange,
    ReceiptMissing,
    ReceiptRefused,
    TopUpClosed,
    TopUpNotFound,
)
from payments.models import (
    DisputeState,
    Fare,
    FareShare,
    FareState,
    LockedFare,
    Payment,
    Payout,
    PayoutState,
    TopUp,
    TopUpState,
)
from payments.selectors import balance_of, room_money
from payments.services.providers import testbank
from payments.tests.test_rooms import in_escrow, join, nothing_is_lost, settle_down, state
from rides import services as rides
from rides.errors import NotTheHost, WrongState
from rides.models import Room, SeatState
from rides.tests.factories import open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


@pytest.fixture
def party(cast, room, now):
    """Host and three riders who have all prepaid."""
    people = [cast.rider, cast.colleague, MemberFactory(organization=cast.organization)]
    return [(person, join(person, room, now)) for person in people]


def receipt():
    out = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "PNG")
    return ContentFile(out.getvalue(), name="receipt.png")


def lock(room, *, now=None):
    """Let the clock lock the room and everybody hear of it; return when."""
    at = now or room.locks_at
    rides.watch(now=at)
    settle_down(at)
    room.refresh_from_db()
    return at


def ride_along(room, host, seats):
    """Call the taxi, let these in, and leave."""
    at = room.departure_at
    rides.call_taxi(room_id=room.pk, by=host, plate="AB-1234", now=room.locks_at + MINUTE)
    for seat in seats:
        rides.board(room_id=room.pk, by=host, code=seat.boarding_code, now=at)
    return at


def depart(room, host):
    at = room.departure_at + 6 * MINUTE
    rides.depart(room_id=room.pk, by=host, now=at)
    return at


def enter(room, host, amount, at):
    return services.enter_fare(room_id=room.pk, by=host, amount=amount, photo=receipt(), now=at)


def share_of(person):
    return FareShare.objects.get(person_id=person.pk)


def owed_to(person):
    return balance_of(person.organization_id, chart.payable(str(person.pk), "CLP")).posted


def highest(room):
    return LockedFare.objects.get(room_id=room.pk).highest_fare


class TestFare:
    """The receipt is split, everybody's part is exact, and what is left goes back."""

    def test_a_fare_within_the_estimate_is_settled_at_once(self, cast, room, party):
        lock(room)
        ride_along(room, cast.driver, [seat.seat for _person, seat in party])
        at = depart(room, cast.driver)
        fare = enter(room, cast.driver, highest(room) - 101, at)
        assert fare.state == FareState.SETTLED
        shares = list(FareShare.objects.filter(fare=fare))
        assert sum(one.fare_part for one in shares) == fare.amount
        riders = [one for one in shares if not one.is_host]
        assert all(one.funded == one.fare_part + one.back for one in riders)
        assert owed_to(cast.driver) == sum(one.fare_part for one in riders)
        assert in_escrow(room) == 0
        settle_down(at)
        kept = sum(one.captured - one.refunded for one in Payment.objects.all())
        assert kept == owed_to(cast.driver)
        room.refresh_from_db()
        assert room.settled_at == at
        nothing_is_lost()

    def test_who_did_not_come_pays_their_part_and_a_penalty(self, cast, room, party):
        lock(room)
        (_b, first), (_c, second), (absent, missing) = party
        ride_along(room, cast.driver, [first.seat, second.seat])
        at = room.absent_from
        rides.mark_absent(room_id=room.pk, seat_id=missing.seat.pk, by=cast.driver, now=at)
        at = depart(room, cast.driver)
        fare = enter(room, cast.driver, highest(room) // 2, at)
        share = share_of(absent)
        assert share.presence == "no_show"
        assert share.penalty == min(1_000, share.funded - share.fare_part)
        others = [one.fare_part for one in FareShare.objects.exclude(person_id=absent.pk)]
        assert max(others) - min(others) <= 1
        assert sum(others) + share.fare_part == fare.amount
        fund = chart.shared(chart.AccountKind.PENALTY_FUND, fare.currency)
        assert balance_of(room.organization_id, fund).posted == share.penalty
        nothing_is_lost()

    def test_a_mark_against_other_signs_costs_no_penalty(self, cast, room, party):
        at = lock(room)
        person, joined = party[0]
        place = from_point(room.pickup)
        rides.check_in(room_id=room.pk, by=person, place=place, now=at)
        ride_along(room, cast.driver, [one.seat for _p, one in party[1:]])
        rides.mark_absent(
            room_id=room.pk, seat_id=joined.seat.pk, by=cast.driver, now=room.absent_from
        )
        enter(room, cast.driver, 3_000, depart(room, cast.driver))
        assert (share_of(person).presence, share_of(person).penalty) == ("boarded", 0)

    def test_who_leaves_late_pays_half_of_what_they_prepaid_at_most(self, cast, room, party):
        at = lock(room)
        person, joined = party[0]
        rides.leave_room(room_id=room.pk, by=person, now=at + MINUTE)
        settle_down(at + MINUTE)
        assert not TopUp.objects.exists()
        ride_along(room, cast.driver, [one.seat for _p, one in party[1:]])
        enter(room, cast.driver, highest(room), depart(room, cast.driver))
        share = share_of(person)
        assert (share.presence, share.penalty) == ("left_late", 0)
        assert share.fare_part <= joined.terms.prepay // 2
        nothing_is_lost()

    def test_a_dearer_taxi_is_paid_by_who_agrees_and_the_host_carries_the_rest(
        self, cast, room, party
    ):
        lock(room)
        ride_along(room, cast.driver, [seat.seat for _p, seat in party])
        at = depart(room, cast.driver)
        fare = enter(room, cast.driver, highest(room) + 403, at)
        assert (fare.state, in_escrow(room) > 0) == (FareState.ASKING, True)
        asked = {one.rider_id: one for one in TopUp.objects.all()}
        yes, no, silent = (asked[person.pk] for person, _seat in party)
        services.answer_top_up(
            top_up_id=yes.pk, by=party[0][0], accept=True, provider="test_bank",
            method=testbank.PAYS, now=at,
        )  # fmt: skip
        services.answer_top_up(top_up_id=no.pk, by=party[1][0], accept=False, now=at)
        settle_down(at)
        fare.refresh_from_db()
        assert fare.state == FareState.ASKING
        settle_down(fare.answer_by)
        fare.refresh_from_db()
        silent.refresh_from_db()
        assert (fare.state, silent.state) == (FareState.SETTLED, TopUpState.EXPIRED)
        parts = [share_of(person).fare_part for person, _seat in party]
        assert parts[0] == yes.amount + party[0][1].terms.prepay
        assert parts[1:] == [one.terms.prepay for _p, one in party[1:]]
        assert share_of(cast.driver).fare_part == fare.amount - sum(parts)
        nothing_is_lost()

    def test_without_a_ride_a_receipt_or_sense_nothing_is_entered(self, cast, room, party, now):
        lock(room)
        with pytest.raises(WrongState):
            enter(room, cast.driver, 3_000, room.locks_at)
        ride_along(room, cast.driver, [])
        at = depart(room, cast.driver)
        with pytest.raises(NotTheHost):
            enter(room, cast.rider, 3_000, at)
        for amount in (0, -5, 6 * highest(room)):
            with pytest.raises(FareOutOfRange):
                enter(room, cast.driver, amount, at)
        for photo, error in ((None, ReceiptMissing), (ContentFile(b"<svg/>"), ReceiptRefused)):
            with pytest.raises(error):
                services.enter_fare(
                    room_id=room.pk, by=cast.driver, amount=3_000, photo=photo, now=at
                )
        assert not Fare.objects.exists()

    def test_a_fare_is_corrected_until_somebody_has_paid_for_it(self, cast, room, party):
        lock(room)
        ride_along(room, cast.driver, [seat.seat for _p, seat in party])
        at = depart(room, cast.driver)
        enter(room, cast.driver, highest(room) + 4_000, at)
        fare = enter(room, cast.driver, highest(room) + 400, at)
        open_now = TopUp.objects.filter(state=TopUpState.ASKED)
        assert {one.amount for one in open_now} == {100}
        services.answer_top_up(
            top_up_id=open_now.get(rider_id=party[0][0].pk).pk, by=party[0][0], accept=True,
            provider="test_bank", method=testbank.PAYS, now=at,
        )  # fmt: skip
        with pytest.raises(FareEntered):
            enter(room, cast.driver, highest(room), at)
        settle_down(fare.answer_by)
        nothing_is_lost()

    def test_nobody_hears_of_a_fare_for_a_day_then_all_goes_back(self, cast, room, party):
        lock(room)
        ride_along(room, cast.driver, [seat.seat for _p, seat in party])
        depart(room, cast.driver)
        rides.watch(now=room.fare_due_at)
        settle_down(room.fare_due_at)
        assert in_escrow(room) == 0
        assert all(one.refunded == one.captured for one in Payment.objects.all())
        nothing_is_lost()


class TestSmallerParty:
    """When somebody leaves, the others add to their part, leave free, or the host carries it."""

    @pytest.fixture
    def smaller(self, cast, now):
        """A room for four that locks with two riders, who are asked for more."""
        room = open_room(cast.driver, now=now)
        seats = [join(person, room, now) for person in (cast.rider, cast.colleague)]
        at = lock(room)
        return room, seats, at

    def test_each_is_asked_for_their_part_of_the_party_there_is(self, cast, smaller):
        room, seats, _at = smaller
        part = ceil_div(highest(room), 3)
        assert [one.amount for one in TopUp.objects.all()] == [
            part - one.terms.prepay for one in seats
        ]

    def test_who_agrees_pays_and_the_part_is_theirs(self, cast, smaller):
        room, seats, at = smaller
        top_up = TopUp.objects.get(rider_id=cast.rider.pk)
        answered = services.answer_top_up(
            top_up_id=top_up.pk, by=cast.rider, accept=True, provider="test_bank",
            method=testbank.PAYS, now=at,
        )  # fmt: skip
        assert answered.state == TopUpState.PAID
        settle_down(at)
        assert in_escrow(room) == sum(one.terms.prepay for one in seats) + top_up.amount
        with pytest.raises(TopUpClosed):
            services.answer_top_up(top_up_id=top_up.pk, by=cast.rider, accept=False, now=at)

    def test_who_refuses_leaves_free_and_the_last_one_is_asked_anew(self, cast, smaller):
        room, seats, at = smaller
        top_up = TopUp.objects.get(rider_id=cast.rider.pk)
        services.answer_top_up(top_up_id=top_up.pk, by=cast.rider, accept=False, now=at)
        settle_down(at)
        assert state(seats[0].seat) == SeatState.RELEASED
        assert Payment.objects.get(payer_id=cast.rider.pk).refunded == seats[0].terms.prepay
        again = TopUp.objects.get(rider_id=cast.colleague.pk, state=TopUpState.ASKED)
        assert again.amount == ceil_div(highest(room), 2) - seats[1].terms.prepay
        nothing_is_lost()

    def test_silence_is_a_no_until_the_taxi_is_called(self, cast, smaller):
        room, _seats, at = smaller
        settle_down(at + 5 * MINUTE)
        room.refresh_from_db()
        assert room.ended_by == "too_few"
        settle_down(at + 5 * MINUTE)
        assert in_escrow(room) == 0
        nothing_is_lost()

    def test_whoever_is_silent_when_the_taxi_is_called_comes_along(self, cast, smaller):
        room, seats, at = smaller
        rides.call_taxi(room_id=room.pk, by=cast.driver, now=at + MINUTE)
        settle_down(at + 6 * MINUTE)
        assert [state(one.seat) for one in seats] == [SeatState.TAKEN, SeatState.TAKEN]
        assert {one.state for one in TopUp.objects.all()} == {TopUpState.EXPIRED}

    def test_the_host_may_carry_it(self, cast, smaller):
        room, seats, at = smaller
        with pytest.raises(NotTheHost):
            services.absorb(room_id=room.pk, by=cast.rider, now=at)
        services.absorb(room_id=room.pk, by=cast.driver, now=at)
        settle_down(at + 6 * MINUTE)
        assert {one.state for one in TopUp.objects.all()} == {TopUpState.WITHDRAWN}
        assert [state(one.seat) for one in seats] == [SeatState.TAKEN, SeatState.TAKEN]

    def test_a_declined_card_may_be_followed_by_another(self, cast, smaller):
        _room, _seats, at = smaller
        top_up = TopUp.objects.get(rider_id=cast.rider.pk)
        for method, after in (
            (testbank.DECLINES, TopUpState.ASKED),
            (testbank.PAYS, TopUpState.PAID),
        ):
            services.answer_top_up(
                top_up_id=top_up.pk, by=cast.rider, accept=True, provider="test_bank",
                method=method, now=at,
            )  # fmt: skip
            settle_down(at)
            top_up.refresh_from_db()
            assert top_up.state == after
        nothing_is_lost()

    def test_money_that_comes_after_the_seat_went_goes_back_as_well(self, cast, smaller):
        room, _seats, at = smaller
        top_up = TopUp.objects.get(rider_id=cast.rider.pk)
        services.answer_top_up(
            top_up_id=top_up.pk, by=cast.rider, accept=True, provider="test_bank",
            method=testbank.LOSES_ANSWER, now=at,
        )  # fmt: skip
        rides.cancel_room(room_id=room.pk, by=cast.driver, now=at)
        for seconds in (5, 20, 80, 400):
            settle_down(at + timedelta(seconds=seconds))
        assert in_escrow(room) == 0
        assert all(one.refunded == one.captured for one in Payment.objects.all())
        nothing_is_lost()

    def test_nobody_answers_for_somebody_else(self, cast, smaller):
        _room, _seats, at = smaller
        top_up = TopUp.objects.get(rider_id=cast.rider.pk)
        with pytest.raises(TopUpNotFound):
            services.answer_top_up(top_up_id=top_up.pk, by=cast.colleague, accept=False, now=at)


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


def test_a_room_settles_once_however_often_it_is_told(cast, room, party):
    lock(room)
    ride_along(room, cast.driver, [seat.seat for _p, seat in party])
    at = depart(room, cast.driver)
    enter(room, cast.driver, 3_000, at)
    with pytest.raises(WrongState):
        enter(room, cast.driver, 3_100, at)
    assert services.settle_fare(room_id=room.pk, now=at) is None
    assert Room.objects.get().settled_at == at
    nothing_is_lost()


def test_a_page_reads_all_that_it_shows_of_money_at_once(
    cast, room, party, django_assert_max_num_queries
):
    lock(room)
    ride_along(room, cast.driver, [seat.seat for _p, seat in party])
    fare = enter(room, cast.driver, 3_000, depart(room, cast.driver))
    with django_assert_max_num_queries(8):
        shown = room_money(room, cast.rider)
    assert (shown.fare, shown.waiting, shown.top_up, shown.dispute) == (fare, 0, None, None)
    assert sum(one.fare_part for one in shown.shares) == 3_000
    assert shown.own.funded == shown.price.prepay == shown.payment.captured
    outside = room_money(room, cast.manager)
    assert (outside.fare, outside.shares, outside.price) == (None, (), None)


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
