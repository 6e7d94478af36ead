"""Joining a shared taxi with money, and getting it back: nothing is lost, whoever stops when."""

from datetime import timedelta

import pytest

from accounts.tests.factories import PORT, MemberFactory
from carpool.kernel import clock, outbox
from carpool.kernel.geo import LonLat
from payments import services
from payments.engine.prepay import Terms
from payments.engine.split import ceil_div
from payments.errors import AboveConsent, NoTariff, ProviderUnknown
from payments.models import Payment, PaymentIntent, SeatPrice
from payments.selectors import audit_books, escrow_of, quote_room, trial_balance
from payments.services import rooms
from payments.services.providers import testbank
from rides import services as rides
from rides.errors import SeatsExhausted
from rides.models import RoomSeat, SeatState
from rides.services import TripEnd
from rides.tests.factories import open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def join(rider, room, now, *, method=testbank.PAYS, dropoff=PORT):
    return services.join_room(
        room_id=room.pk, rider=rider, dropoff=TripEnd(dropoff, "Port"), provider="test_bank",
        method=method, now=now,
    )  # fmt: skip


def settle_down(now, *, rounds=3):
    """Let handlers and the sweeper do what there is to do."""
    for _ in range(rounds):
        outbox.relay(now=clock.now())
        services.sweep(now=now)


def in_escrow(room):
    return escrow_of(room.organization_id, room.pk)


def state(seat):
    return RoomSeat.objects.get(pk=seat.pk).state


def nothing_is_lost():
    assert list(audit_books()) == []
    assert sum(line.total for line in trial_balance()) == 0


class TestJoining:
    """A seat costs its part of the highest fare, and never more than was agreed to."""

    def test_who_pays_has_the_seat(self, cast, room, now):
        joined = join(cast.rider, room, now)
        high = quote_room(room, list(room.seats.occupying())).high
        assert joined.terms.prepay == ceil_div(high, 4)
        assert joined.terms.at_most == ceil_div(high, 2)
        assert joined.seat.state == SeatState.TAKEN
        assert in_escrow(room) == joined.payment.captured == joined.terms.prepay
        settle_down(now)
        assert state(joined.seat) == SeatState.TAKEN
        nothing_is_lost()

    def test_who_is_declined_has_no_seat_and_owes_nothing(self, cast, room, now):
        joined = join(cast.rider, room, now, method=testbank.DECLINES)
        assert joined.seat.state == SeatState.RELEASED
        settle_down(now)
        assert state(joined.seat) == SeatState.RELEASED
        assert in_escrow(room) == 0

    def test_a_lost_answer_takes_the_seat_once_it_is_known(self, cast, room, now):
        joined = join(cast.rider, room, now, method=testbank.LOSES_ANSWER)
        assert joined.seat.state == SeatState.HELD
        for seconds in (5, 20, 80):
            settle_down(now + timedelta(seconds=seconds))
        assert state(joined.seat) == SeatState.TAKEN
        assert in_escrow(room) == joined.terms.prepay
        nothing_is_lost()

    def test_a_provider_that_is_out_of_reach_frees_the_seat_in_time(self, cast, room, now):
        joined = join(cast.rider, room, now, method=testbank.UNREACHABLE)
        rides.watch(now=now + 10 * MINUTE)
        settle_down(now + 10 * MINUTE)
        assert state(joined.seat) == SeatState.RELEASED
        assert in_escrow(room) == 0

    def test_telling_it_twice_changes_nothing(self, cast, room, now):
        joined = join(cast.rider, room, now)
        for _ in range(3):
            services.payment_arrived(payment_id=joined.payment.pk, now=now)
            services.payment_failed(payment_id=joined.payment.pk, now=now)
        assert state(joined.seat) == SeatState.TAKEN
        assert in_escrow(room) == joined.terms.prepay
        assert Payment.objects.count() == 1

    def test_a_full_room_costs_nobody_anything(self, cast, room, now):
        for _ in range(3):
            join(MemberFactory(organization=cast.organization), room, now)
        with pytest.raises(SeatsExhausted):
            join(cast.rider, room, now)
        assert Payment.objects.count() == SeatPrice.objects.count() == 3
        nothing_is_lost()

    def test_without_a_tariff_nobody_joins(self, cast, room, now):
        type(room.region).objects.filter(pk=room.region_id).update(slug="nowhere")
        with pytest.raises(NoTariff):
            join(cast.rider, room, now)
        assert (room.seats.count(), Payment.objects.count()) == (1, 0)

    def test_a_provider_that_is_not_switched_on_takes_no_seat(self, cast, room, now, settings):
        settings.PAYMENT_PROVIDERS = []
        with pytest.raises(ProviderUnknown):
            join(cast.rider, room, now)
        assert room.seats.count() == 1

    def test_nobodys_part_rises_above_what_they_agreed_to(self, cast, room, now, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(rooms, "quote_seat", lambda *_: Terms(prepay=100, at_most=100))
            join(cast.rider, room, now)
        others = LonLat(*room.route.coords[len(room.route.coords) * 9 // 10])
        with pytest.raises(AboveConsent):
            join(cast.colleague, room, now, dropoff=others)
        assert room.seats.count() == 2


class TestGettingBack:
    """All of it, by the way it came, when one leaves in time or the room is called off."""

    def test_leaving_in_time_gives_everything_back(self, cast, room, now):
        joined = join(cast.rider, room, now)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        settle_down(now)
        payment = Payment.objects.get(pk=joined.payment.pk)
        assert payment.refunded == payment.captured == joined.terms.prepay
        assert in_escrow(room) == 0
        nothing_is_lost()

    def test_one_may_come_back_and_leave_again(self, cast, room, now):
        for _ in range(3):
            join(cast.rider, room, now)
            rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
            settle_down(now)
        assert [one.captured - one.refunded for one in Payment.objects.all()] == [0, 0, 0]
        assert in_escrow(room) == 0
        nothing_is_lost()

    def test_a_room_that_is_too_empty_gives_everything_back(self, cast, now):
        room = open_room(cast.driver, now=now, least_party=3)
        joined = join(cast.rider, room, now)
        rides.watch(now=room.locks_at)
        settle_down(room.locks_at)
        assert state(joined.seat) == SeatState.RELEASED
        assert Payment.objects.get().refunded == joined.terms.prepay
        nothing_is_lost()

    def test_a_payment_that_comes_after_the_seat_went_goes_back(self, cast, room, now):
        joined = join(cast.rider, room, now, method=testbank.LOSES_ANSWER)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        for seconds in (5, 20, 80, 400):
            settle_down(now + timedelta(seconds=seconds))
        payment = Payment.objects.get(pk=joined.payment.pk)
        assert payment.captured == payment.refunded == joined.terms.prepay
        assert (state(joined.seat), in_escrow(room)) == (SeatState.RELEASED, 0)
        nothing_is_lost()

    def test_who_becomes_the_host_prepays_nothing(self, cast, room, now):
        joined = join(cast.rider, room, now)
        rides.ask_to_host(room_id=room.pk, by=cast.driver, member_id=cast.rider.pk, now=now)
        rides.take_over(room_id=room.pk, by=cast.rider, now=now)
        settle_down(now)
        assert state(joined.seat) == SeatState.TAKEN
        assert Payment.objects.get().refunded == joined.terms.prepay
        assert in_escrow(room) == 0

    def test_who_leaves_late_gets_nothing_back_before_the_settlement(self, cast, room, now):
        joined = join(cast.rider, room, now)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=room.locks_at)
        settle_down(room.locks_at)
        assert in_escrow(room) == joined.terms.prepay
        assert PaymentIntent.objects.filter(purpose="refund").count() == 0

    def test_the_trial_balance_is_nothing(self, cast, room, now):
        join(cast.rider, room, now)
        join(cast.colleague, room, now)
        rides.cancel_room(room_id=room.pk, by=cast.driver, now=now)
        settle_down(now)
        assert trial_balance()
        nothing_is_lost()
        assert in_escrow(room) == 0
