"""From a seat in a shared taxi to settled purses, by the services that pages call (R5–R12)."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from carpool.kernel.geo import from_point
from payments import services
from payments.engine import chart
from payments.engine.split import ceil_div
from payments.errors import (
    FareEntered,
    FareOutOfRange,
    ReceiptMissing,
    ReceiptRefused,
    TopUpClosed,
    TopUpNotFound,
)
from payments.models import (
    Fare,
    FareShare,
    FareState,
    Payment,
    TopUp,
    TopUpState,
)
from payments.selectors import balance_of, room_money
from payments.services.providers import testbank
from payments.tests.room_money import (
    MINUTE,
    depart,
    enter,
    highest,
    lock,
    owed_to,
    party,
    ride_along,
    room,
    share_of,
    switched_on,
)
from payments.tests.test_rooms import in_escrow, join, nothing_is_lost, settle_down, state
from rides import services as rides
from rides.errors import NotTheHost, WrongState
from rides.models import Deed, Room, SeatState
from rides.tests.factories import open_room

__all__ = ["party", "room", "switched_on"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


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
        assert Deed.objects.get(member=absent).kind == "no_show"
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
