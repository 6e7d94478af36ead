"""Two half-empty taxis become one: found, proposed, agreed to, with all the money, or not."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.services import block_member
from accounts.tests.factories import HEAD_OFFICE, PORT, WORKSHOP, MemberFactory
from carpool.kernel.geo import offset_m
from chat.models import Kind, Participant
from chat.services import follow_room
from matching.services import find_mergers
from payments import selectors, services
from payments.errors import PriceChanged
from payments.models import Payment, SeatPrice
from payments.selectors import escrow_of
from payments.services.payments import request_payment
from payments.services.providers import testbank
from payments.tests.mergers import (
    escrow_for,
    goes,
    hear,
    other_host,
    people_of,
    play_money,
    proposed,
    say,
    state_of,
    stays,
    told,
)
from payments.tests.room_money import depart, enter, highest, lock, ride_along
from payments.tests.test_rooms import in_escrow, join, nothing_is_lost
from rides import services as rides
from rides.errors import MergerClosed, MergerNotFound, RoomsDoNotFit
from rides.models import MergerState, Room, RoomEnd, RoomMerger, RoomState, SeatState
from rides.services import TripEnd
from rides.tests.api import Api
from rides.tests.factories import join as take_seat
from rides.tests.factories import next_slot, open_room

__all__ = ["goes", "other_host", "play_money", "proposed", "stays"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
MINUTE = timedelta(minutes=1)


class TestFinding:
    """Only half-empty rooms of one way, time and place, and none of them twice."""

    def test_both_hosts_are_asked(self, cast, other_host, stays, goes, proposed):
        assert (proposed.stays, proposed.goes) == (stays, goes)
        assert proposed.answer_by <= stays.locks_at - 5 * MINUTE
        for host in (cast.driver, other_host):
            assert Kind.ROOM_MERGER_ASKED in told(host)
        for rider in (cast.rider, cast.colleague):
            assert Kind.ROOM_MERGER_ASKED not in told(rider)

    def test_the_same_two_do_not_come_again(self, cast, proposed, now):
        assert find_mergers(now=now) == 0
        say(proposed, cast.driver, now, accept=False)
        hear(now)
        assert find_mergers(now=now + 10 * MINUTE) == 0
        assert RoomMerger.objects.count() == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"hours": 4},
            {"pickup": TripEnd(offset_m(HEAD_OFFICE, east_m=0, north_m=-900), "Far")},
            {"split_rule": "distance"},
        ],
    )
    def test_what_does_not_fit_is_not_found(self, stays, other_host, now, changes):
        open_room(other_host, now=now, **changes)
        assert find_mergers(now=now) == 0

    @pytest.mark.parametrize(("extra_s", "found"), [(900, 1), (60, 0)])
    def test_nobody_is_driven_about_for_it(self, cast, other_host, now, extra_s, found):
        cast.organization.own_policies = {"room_extra_s": extra_s}
        cast.organization.save(update_fields=["own_policies"])
        join(cast.rider, open_room(cast.driver, now=now), now)
        open_room(other_host, now=now, dropoff=TripEnd(WORKSHOP, "On the way"))
        assert find_mergers(now=now) == found

    def test_full_rooms_and_those_where_somebody_pays_are_not_found(
        self, cast, stays, other_host, now
    ):
        room = open_room(other_host, now=now)
        rides.hold_seat(
            room_id=room.pk, rider=cast.colleague, dropoff=TripEnd(PORT, "Port"), now=now
        )
        assert find_mergers(now=now) == 0

    def test_by_distance_two_may_be_one_when_nobody_pays_more(self, cast, other_host, now):
        first = open_room(cast.driver, now=now, split_rule="distance")
        join(cast.rider, first, now)
        second = open_room(other_host, now=now, split_rule="distance")
        assert find_mergers(now=now) == 1
        hear(now)
        merger = RoomMerger.objects.get()
        assert merger.state == MergerState.PROPOSED
        quote = selectors.merger_for(cast.driver, first, now=now).quote
        assert quote.parts_now.keys() == quote.parts_then.keys()
        assert all(quote.parts_then[who] <= part for who, part in quote.parts_now.items())
        for host in (cast.driver, other_host):
            say(merger, host, now)
        assert state_of(merger) == MergerState.MERGED
        assert people_of(second) == set()
        nothing_is_lost()

    def test_by_distance_who_rides_a_short_way_does_not_pay_for_a_long_one(
        self, cast, other_host, now
    ):
        first = open_room(cast.driver, now=now, split_rule="distance")
        join(cast.rider, first, now)
        second = open_room(other_host, now=now, split_rule="distance")
        assert selectors.price_merger(first, second, now=now).party == 3
        # As if they got out at the next corner: in the common taxi the planned way counts again.
        first.seats.filter(rider=cast.rider).update(distance_m=1)
        with pytest.raises(RoomsDoNotFit):
            selectors.price_merger(first, second, now=now)
        assert find_mergers(now=now) == 1
        hear(now)
        assert RoomMerger.objects.get().state == MergerState.LAPSED

    def test_more_rooms_take_no_more_queries_where_none_fits(
        self, cast, now, django_assert_max_num_queries
    ):
        hosts = [MemberFactory(organization=cast.organization) for _ in range(8)]
        for number, host in enumerate(hosts):
            open_room(host, now=now, hours=2 + number)
        with django_assert_max_num_queries(4):
            assert find_mergers(now=now) == 0

    def test_people_kept_apart_are_not_put_together(self, cast, stays, goes, now):
        block_member(by=cast.colleague, other=cast.rider, now=now)
        assert find_mergers(now=now) == 0

    def test_other_organizations_and_final_rooms_stay_out(self, cast, stays, now):
        room = open_room(cast.outsider, now=now)
        assert find_mergers(now=now) == 0
        assert find_mergers(now=room.locks_at) == 0

    def test_who_would_pay_more_than_they_agreed_to_prevents_it(self, cast, stays, other_host, now):
        goes = open_room(other_host, now=now)
        seat = take_seat(cast.colleague, goes, now=now)
        payment = request_payment(
            organization_id=goes.organization_id, op_key="test", provider="test_bank",
            method=testbank.PAYS, trip_id=goes.pk, payer_id=cast.colleague.pk, amount=100,
            currency="CLP", pay_by=now + 9 * MINUTE, now=now,
        )  # fmt: skip
        SeatPrice.objects.create(
            organization=cast.organization, seat_id=seat.pk, payment=payment, prepay=100,
            at_most=100, highest_fare=200, created_at=now,
        )  # fmt: skip
        assert find_mergers(now=now) == 1
        hear(now)
        assert RoomMerger.objects.get().state == MergerState.LAPSED
        assert Kind.ROOM_MERGER_ASKED not in told(cast.driver)


class TestAgreeing:
    """Only with a yes of both, in time; then seats and money move together, to the coin."""

    def test_all_move_with_what_they_paid(self, cast, other_host, stays, goes, proposed, now):
        before = {one: escrow_for(goes, one) for one in (cast.colleague,)}
        kept = escrow_for(stays, cast.rider)
        say(proposed, cast.driver, now)
        assert state_of(proposed) == MergerState.PROPOSED
        paid = say(proposed, other_host, now)
        assert state_of(proposed) == MergerState.MERGED
        assert people_of(stays) == {
            one.display_name for one in (cast.driver, cast.rider, cast.colleague, other_host)
        }
        goes.refresh_from_db()
        assert (goes.state, goes.ended_by) == (RoomState.CANCELLED, RoomEnd.MERGED)
        assert not goes.seats.exclude(state=SeatState.RELEASED).exists()
        assert escrow_of(goes.organization_id, goes.pk) == 0
        assert escrow_for(stays, cast.colleague) == before[cast.colleague]
        assert escrow_for(stays, other_host) == paid.captured > 0
        assert escrow_for(stays, cast.rider) == kept
        assert set(Payment.objects.values_list("trip_id", flat=True)) == {stays.pk}
        hear(now)
        assert in_escrow(stays) == sum(Payment.objects.values_list("captured", flat=True))
        assert not Payment.objects.exclude(refund_asked=0).exists()
        nothing_is_lost()

    def test_everybody_is_told_and_the_talk_follows(
        self, cast, other_host, stays, goes, proposed, now
    ):
        for room in (stays, goes):
            follow_room(room_id=room.pk, now=now)
        say(proposed, other_host, now)
        say(proposed, cast.driver, now)
        hear(now)
        everybody = {cast.driver, cast.rider, cast.colleague, other_host}
        assert all(Kind.ROOM_MERGED in told(one) for one in everybody)
        there = Participant.objects.filter(left_at=None)
        assert {one.member for one in there.filter(conversation__room=stays)} == everybody
        assert not there.filter(conversation__room=goes).exists()
        assert all(Kind.ROOM_CANCELLED not in told(one) for one in everybody)

    def test_the_common_room_settles_to_the_coin(
        self, cast, other_host, stays, goes, proposed, now
    ):
        say(proposed, other_host, now)
        say(proposed, cast.driver, now)
        hear(now)
        at = lock(stays)
        hear(at)
        stays.refresh_from_db()
        seats = list(stays.seats.exclude(rider=cast.driver))
        ride_along(stays, cast.driver, seats)
        at = depart(stays, cast.driver)
        fare = enter(stays, cast.driver, highest(stays) - 101, at)
        parts = [one.fare_part for one in fare.shares.all()]
        assert (len(parts), sum(parts)) == (4, fare.amount)
        hear(at)
        assert in_escrow(stays) == 0
        nothing_is_lost()

    @pytest.mark.parametrize("who", ["driver", "other"])
    def test_a_no_leaves_all_as_it_is(self, cast, other_host, stays, goes, proposed, now, who):
        yes, no = (other_host, cast.driver) if who == "driver" else (cast.driver, other_host)
        say(proposed, yes, now)
        say(proposed, no, now, accept=False)
        hear(now)
        assert state_of(proposed) == MergerState.REFUSED
        assert len(people_of(stays)) == len(people_of(goes)) == 2
        assert Kind.ROOM_MERGER_ENDED in told(yes)
        host_paid = Payment.objects.filter(payer_id=other_host.pk)
        assert all(one.refunded == one.captured for one in host_paid)
        assert escrow_for(goes, other_host) == 0
        nothing_is_lost()

    def test_silence_is_a_no_and_the_money_comes_back(self, cast, other_host, goes, proposed, now):
        say(proposed, other_host, now)
        rides.watch(now=proposed.answer_by)
        hear(proposed.answer_by)
        assert state_of(proposed) == MergerState.EXPIRED
        payment = Payment.objects.get(payer_id=other_host.pk)
        assert payment.refunded == payment.captured > 0
        with pytest.raises(MergerClosed):
            say(proposed, cast.driver, proposed.answer_by)
        assert goes.seats.occupying().count() == 2
        nothing_is_lost()

    def test_a_declined_payment_is_a_no(self, cast, other_host, goes, proposed, now):
        say(proposed, cast.driver, now)
        say(proposed, other_host, now, method=testbank.DECLINES)
        hear(now)
        assert state_of(proposed) == MergerState.LAPSED
        assert goes.seats.occupying().count() == 2
        nothing_is_lost()

    def test_only_hosts_answer_and_only_to_the_price_they_saw(
        self, cast, other_host, proposed, now
    ):
        for stranger in (cast.rider, cast.colleague, cast.manager):
            with pytest.raises(MergerNotFound):
                services.answer_merger(merger_id=proposed.pk, by=stranger, accept=True, now=now)
        with pytest.raises(PriceChanged):
            say(proposed, other_host, now, at_most=1)
        assert not Payment.objects.filter(payer_id=other_host.pk).exists()

    def test_it_lapses_when_somebody_joined_meanwhile(
        self, cast, other_host, stays, goes, proposed, now
    ):
        say(proposed, other_host, now)
        join(MemberFactory(organization=cast.organization), stays, now)
        services.answer_merger(merger_id=proposed.pk, by=cast.driver, accept=True, now=now)
        hear(now)
        assert state_of(proposed) == MergerState.LAPSED
        assert (len(people_of(stays)), len(people_of(goes))) == (3, 2)
        assert escrow_for(goes, other_host) == 0
        nothing_is_lost()

    def test_another_host_has_not_agreed(self, cast, other_host, stays, goes, proposed, now):
        say(proposed, other_host, now)
        rides.ask_to_host(room_id=goes.pk, by=other_host, member_id=cast.colleague.pk, now=now)
        rides.take_over(room_id=goes.pk, by=cast.colleague, now=now)
        services.answer_merger(merger_id=proposed.pk, by=cast.driver, accept=True, now=now)
        hear(now)
        assert state_of(proposed) == MergerState.LAPSED
        assert people_of(goes) == {cast.colleague.display_name}
        assert in_escrow(goes) == 0
        nothing_is_lost()

    def test_a_crash_between_seats_and_money_leaves_neither(
        self, cast, other_host, stays, goes, proposed, now, monkeypatch
    ):
        say(proposed, other_host, now)

        def broken(**_said):
            raise RuntimeError

        monkeypatch.setattr("payments.services.mergers.post_journals", broken)
        with pytest.raises(RuntimeError):
            say(proposed, cast.driver, now)
        assert len(people_of(goes)) == 2
        assert state_of(proposed) == MergerState.PROPOSED
        monkeypatch.undo()
        nothing_is_lost()


class TestSeen:
    """On the page of each host, and by REST."""

    def page(self, person, room, now, **form):
        client = Client()
        client.force_login(person.user)
        with time_machine.travel(now, tick=False):
            if form:
                return client.post(f"/rooms/{room.pk}/merger/", form, follow=True)
            return client.get(f"/rooms/{room.pk}/")

    def test_each_host_answers_on_the_own_page(self, cast, other_host, stays, goes, proposed, now):
        shown = self.page(cast.driver, stays, now)
        assert "Another taxi goes your way" in shown.content.decode()
        assert self.page(cast.rider, stays, now).context["merger"] is None
        self.page(cast.driver, stays, now, answer="yes")
        assert "You said yes" in self.page(cast.driver, stays, now).content.decode()
        quote = self.page(other_host, goes, now).context["merger"].quote
        done = self.page(
            other_host, goes, now, answer="yes", way="test_bank:test_pays",
            at_most=quote.price.at_most,
        )  # fmt: skip
        assert done.redirect_chain[-1][0] == f"/rooms/{stays.pk}/"
        assert "The two taxis are one now." in done.content.decode()
        before = self.page(cast.colleague, goes, now).content.decode()
        assert f"/rooms/{stays.pk}/" in before

    def test_by_rest(self, cast, other_host, stays, goes, proposed, now):
        with time_machine.travel(now, tick=False):
            assert Api(cast.rider).get(f"rooms/{stays.pk}/merger").status_code == 404
            shown = Api(other_host).get(f"rooms/{goes.pk}/merger").json()
            assert shown["part_then"] <= shown["part_now"]
            assert (shown["stays"], shown["others"], shown["party"]) == (False, 2, 4)
            yes = {
                "accept": True, "provider": "test_bank", "method": "test_pays",
                "at_most": shown["at_most"],
            }  # fmt: skip
            answers = [
                Api(other_host).post(f"rooms/{goes.pk}/merger", yes, key="one").json()
                for _n in range(2)
            ]
            assert {one["payment"]["captured"] for one in answers} == {shown["prepay"]}
            assert Payment.objects.filter(payer_id=other_host.pk).count() == 1
            done = Api(cast.driver).post(f"rooms/{stays.pk}/merger", {"accept": True}).json()
        assert (done["state"], done["room"]) == (MergerState.MERGED, str(stays.pk))
        assert Room.objects.get(pk=goes.pk).ended_by == RoomEnd.MERGED
        assert next_slot(now) == stays.departure_at
