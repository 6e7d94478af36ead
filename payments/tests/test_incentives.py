"""Rewards for proven trips: once, under caps, from the sponsor's account, and back again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Site
from accounts.tests.factories import MemberFactory
from carpool.kernel.geo import from_point, offset_m, to_point
from chat.models import Kind, Notification
from chat.selectors.news_texts import write_text
from payments import services
from payments.engine import chart
from payments.errors import (
    IncentiveGivesNothing,
    IncentiveNotFound,
    IncentiveNotInState,
    IncentiveNotTried,
    RewardIsFinal,
    RewardNotFound,
    RewardTakenBack,
)
from payments.models import (
    INCENTIVE_TRANSITIONS,
    CountedTrip,
    Incentive,
    IncentiveState,
    Reward,
)
from payments.selectors import balance_of
from payments.selectors.incentives import list_earned
from payments.selectors.wallet import Own, page_of_movements
from payments.tests.incentives import MONEY, drive, hear, payer, prove, proven, rule, tell_again
from payments.tests.ride_fares import nothing_is_lost
from rides import services as rides
from rides.models import BookingState
from rides.services import answer_validation

pytestmark = pytest.mark.usefixtures("city")
ON, PAUSED, ENDED = IncentiveState.ON, IncentiveState.PAUSED, IncentiveState.ENDED


def owed(member):
    account = chart.payable(str(member.pk), member.organization.currency)
    return balance_of(member.organization_id, account).posted


def left(incentive):
    account = chart.sponsor(str(incentive.budget_id), incentive.currency)
    return balance_of(incentive.organization_id, account).posted


class TestGiving:
    """A proven and settled trip brings what the rule says."""

    def test_a_proven_trip_pays_driver_and_rider_from_the_budget(self, cast, now):
        one = rule(cast.organization, now)
        booking, _at = proven(cast.driver, cast.rider, now=now)
        assert booking.pk == Reward.objects.filter(role="rider").get().booking_id
        assert (owed(cast.driver), owed(cast.rider)) == (600, 600)
        assert left(one) == MONEY - 1_200
        assert Reward.objects.count() == 2
        nothing_is_lost()

    def test_it_is_told_in_the_wallet_with_its_rule(self, cast, now):
        rule(cast.organization, now, per_trip=1_000, most_a_month=700)
        proven(cast.driver, cast.rider, now=now)
        (movement,) = page_of_movements(Own(cast.rider)).movements
        assert (movement.change, movement.what) == (700, "reward")
        assert "rule Together, class C" in movement.sentence
        assert "the month's most is reached" in movement.sentence
        (earned,) = list_earned(cast.rider)
        assert (earned.name, earned.trips, earned.amount, earned.proof_class) == (
            "Together", 1, 700, "C",
        )  # fmt: skip

    def test_every_fact_may_be_told_twice_and_in_any_order(self, cast, now):
        rule(cast.organization, now)
        (booking,), at = drive(cast.driver, cast.rider, now=now)
        prove(booking, at)
        for _round in range(2):
            services.trip_settled(booking_id=booking.pk, now=at)
            services.trip_counted(booking_id=booking.pk, now=at)
        hear(at)
        tell_again(at)
        assert (owed(cast.rider), Reward.objects.count()) == (600, 2)

    def test_a_trip_is_rewarded_only_once_it_is_settled(self, cast, now):
        rule(cast.organization, now)
        (booking,), at = drive(cast.driver, cast.rider, now=now)
        answer_validation(booking_id=booking.pk, by=cast.rider, took_place=False, now=at)
        prove(booking, at)
        hear(at)
        assert CountedTrip.objects.exists()
        assert not Reward.objects.exists()

    def test_a_trip_that_is_settled_first_is_rewarded_when_it_is_proven(self, cast, now):
        rule(cast.organization, now)
        (booking,), at = drive(cast.driver, cast.rider, now=now)
        for who in (cast.driver, cast.rider):
            answer_validation(booking_id=booking.pk, by=who, took_place=True, now=at)
        hear(at)
        assert not Reward.objects.exists()
        prove(booking, at + timedelta(hours=2))
        hear(at)
        assert Reward.objects.count() == 2

    def test_a_doubtful_trip_waits_until_a_person_lets_it_count(self, cast, now):
        rule(cast.organization, now)
        booking, at = proven(cast.driver, cast.rider, now=now, counts=False)
        booking.refresh_from_db()
        assert (booking.state, Reward.objects.exists()) == (BookingState.VALIDATED, False)
        prove(booking, at)
        hear(at)
        assert Reward.objects.count() == 2

    def test_a_class_that_rises_is_rewarded_then(self, cast, now):
        rule(cast.organization, now)
        booking, at = proven(cast.driver, cast.rider, now=now, proof="B")
        assert not Reward.objects.exists()
        prove(booking, at)
        hear(at)
        assert Reward.objects.filter(proof_class="C").count() == 2

    def test_only_people_of_the_organization_are_rewarded(self, cast, now):
        rule(cast.outsider.organization, now)
        proven(cast.driver, cast.rider, now=now)
        assert not Reward.objects.exists()

    def test_an_empty_account_gives_what_it_has_and_says_so(self, cast, now):
        one = rule(
            cast.organization, now, budget=payer(cast.organization, now, money=700),
        )  # fmt: skip
        proven(cast.driver, cast.rider, now=now)
        assert sorted(Reward.objects.values_list("amount", "limit")) == [(100, "money"), (600, "")]
        proven(cast.driver, cast.rider, now=now, hours=60)
        assert left(one) == 0
        assert sum(Reward.objects.values_list("amount", flat=True)) == 700
        nothing_is_lost()

    def test_two_rules_of_one_budget_share_its_money(self, cast, now):
        budget = payer(cast.organization, now, money=1_500)
        rule(cast.organization, now, budget=budget, name="A")
        rule(cast.organization, now, budget=budget, name="B")
        proven(cast.driver, cast.rider, now=now)
        given = Reward.objects.order_by("incentive__name", "role")
        assert [one.amount for one in given] == [600, 600, 300, 0]
        nothing_is_lost()

    @pytest.mark.parametrize(("east_m", "is_paid"), [(90, True), (5_000, False)])
    def test_a_zone_is_where_the_trip_begins_or_ends(self, cast, now, east_m, is_paid):
        rule(cast.organization, now, at_sites=True)
        (booking,), at = drive(cast.driver, cast.rider, now=now)
        Site.objects.all().delete()
        there = offset_m(from_point(booking.destination), east_m=east_m, north_m=0)
        Site.objects.create(
            organization=cast.organization, name="Gate", radius_m=25, location=to_point(there)
        )
        prove(booking, at)
        hear(at)
        assert Reward.objects.exists() == is_paid

    def test_both_are_told(self, cast, now):
        rule(cast.organization, now)
        proven(cast.driver, cast.rider, now=now)
        told = Notification.objects.filter(kind=Kind.REWARD_GIVEN)
        assert set(told.values_list("member", flat=True)) == {cast.driver.pk, cast.rider.pk}
        text = write_text(told[0])
        assert (text.title, text.path) == ("You get a reward", reverse("payments:earnings"))

    def test_those_who_steer_hear_once_at_80_and_once_at_100_percent(self, cast, now):
        rule(cast.organization, now, total=1_500)
        proven(cast.driver, cast.rider, now=now)
        told = Notification.objects.filter(kind=Kind.INCENTIVE_USED, member=cast.manager)
        assert [one.facts["percent"] for one in told] == [80]
        assert write_text(told[0]).body == "80 % of it is given."
        proven(cast.driver, cast.rider, now=now, hours=60)
        proven(cast.driver, cast.rider, now=now, hours=90)
        assert sorted(one.facts["percent"] for one in told.all()) == [80, 100]
        assert not Notification.objects.filter(kind=Kind.INCENTIVE_USED, member=cast.rider).exists()


class TestTakingBack:
    """Within 30 days, as far as the money is there."""

    def reward(self, cast, now):
        one = rule(cast.organization, now)
        booking, at = proven(cast.driver, cast.rider, now=now)
        return one, booking, Reward.objects.get(member_id=cast.rider.pk), at

    def test_a_manager_takes_one_back_with_a_reason_once(self, cast, now):
        one, _booking, row, at = self.reward(cast, now)
        row = services.take_back_reward(reward_id=row.pk, by=cast.manager, why="Twice", now=at)
        assert (row.back, row.kept, row.back_why, row.back_by_id) == (
            600, 0, "Twice", cast.manager.pk,
        )  # fmt: skip
        assert (owed(cast.rider), owed(cast.driver), left(one)) == (0, 600, MONEY - 600)
        with pytest.raises(RewardTakenBack):
            services.take_back_reward(reward_id=row.pk, by=cast.manager, why="", now=at)
        movement = page_of_movements(Own(cast.rider)).movements[0]
        assert (movement.change, "Twice" in movement.sentence) == (-600, True)
        nothing_is_lost()

    def test_what_was_paid_out_stays_with_its_person(self, cast, now):
        one, _booking, row, at = self.reward(cast, now)
        gone = chart.Journal(
            "manual", "spent",
            chart.move(
                chart.payable(str(cast.rider.pk), one.currency),
                chart.shared(chart.AccountKind.BANK, one.currency), 450,
            ),
        )  # fmt: skip
        services.post_journal(organization_id=one.organization_id, journal=gone, now=at)
        row = services.take_back_reward(reward_id=row.pk, by=cast.manager, why="Why", now=at)
        assert (row.back, row.kept, owed(cast.rider)) == (150, 450, 0)
        assert left(one) == MONEY - 600 - 450
        nothing_is_lost()

    def test_after_thirty_days_nothing_is_taken_back(self, cast, now):
        _one, booking, row, _at = self.reward(cast, now)
        late = row.at + timedelta(days=30)
        with pytest.raises(RewardIsFinal):
            services.take_back_reward(reward_id=row.pk, by=cast.manager, why="", now=late)
        rides.withdraw_proof(booking_id=booking.pk, now=late)
        assert services.proof_withdrawn(booking_id=booking.pk, now=late) == []
        assert owed(cast.rider) == 600

    def test_a_proof_that_is_withdrawn_takes_both_rewards_back(self, cast, now):
        one, booking, _row, at = self.reward(cast, now)
        rides.withdraw_proof(booking_id=booking.pk, now=at)
        hear(at)
        tell_again(at)
        assert (owed(cast.rider), owed(cast.driver), left(one)) == (0, 0, MONEY)
        assert set(Reward.objects.values_list("back_for", flat=True)) == {"verdict"}
        booking.refresh_from_db()
        assert booking.state == BookingState.VALIDATED  # the fare is another question
        nothing_is_lost()

    def test_a_withdrawal_that_comes_first_leaves_nothing_to_give(self, cast, now):
        rule(cast.organization, now)
        (booking,), at = drive(cast.driver, cast.rider, now=now)
        prove(booking, at)
        rides.withdraw_proof(booking_id=booking.pk, now=at)
        services.proof_withdrawn(booking_id=booking.pk, now=at)
        hear(at)
        assert not Reward.objects.exists()

    def test_only_their_own_managers(self, cast, now):
        _one, _booking, row, at = self.reward(cast, now)
        stranger = MemberFactory(organization=cast.outsider.organization, role="manager")
        with pytest.raises(RewardNotFound):
            services.take_back_reward(reward_id=row.pk, by=stranger, why="", now=at)

    def test_what_was_taken_back_frees_the_caps(self, cast, now):
        rule(cast.organization, now, given_to="rider", total=600)
        _booking, at = proven(cast.driver, cast.rider, now=now)
        row = Reward.objects.get(member_id=cast.rider.pk)
        services.take_back_reward(reward_id=row.pk, by=cast.manager, why="Why", now=at)
        proven(cast.driver, cast.rider, now=now, hours=60)
        proven(cast.driver, cast.rider, now=now, hours=90)
        assert owed(cast.rider) == 600


class TestLife:
    """Draft, tried, on, paused, ended; what was on is never changed in place."""

    def draft(self, cast, now, **terms):
        one = rule(cast.organization, now, state=IncentiveState.DRAFT, **terms)
        Incentive.objects.filter(pk=one.pk).update(simulated_at=None)
        one.refresh_from_db()
        return one

    def switch(self, cast, one, after, now):
        return services.switch_incentive(by=cast.manager, incentive_id=one.pk, after=after, now=now)

    def test_it_is_tried_before_it_is_switched_on(self, cast, now):
        one = self.draft(cast, now)
        with pytest.raises(IncentiveNotTried):
            self.switch(cast, one, ON, now)
        services.try_incentive(by=cast.manager, incentive_id=one.pk, now=now)
        assert self.switch(cast, one, ON, now).state == ON
        assert [step.after for step in one.steps.all()] == ["simulated", "on"]

    @pytest.mark.parametrize("before", IncentiveState)
    @pytest.mark.parametrize("after", [ON, PAUSED, ENDED])
    def test_every_step_that_the_table_lacks_is_refused(self, cast, now, before, after):
        one = rule(cast.organization, now, state=before)
        if after in INCENTIVE_TRANSITIONS[before]:
            assert self.switch(cast, one, after, now).state == after
        else:
            with pytest.raises((IncentiveNotInState, IncentiveNotTried)):
                self.switch(cast, one, after, now)

    def test_a_change_before_it_is_on_has_to_be_tried_anew(self, cast, now):
        one = self.draft(cast, now)
        services.try_incentive(by=cast.manager, incentive_id=one.pk, now=now)
        one.refresh_from_db()
        one.per_trip = 700
        services.save_incentive(by=cast.manager, incentive=one, now=now)
        one.refresh_from_db()
        assert (one.state, one.per_trip, one.simulation) == (IncentiveState.DRAFT, 700, {})

    def test_one_that_was_on_is_changed_by_a_new_version_that_takes_over(self, cast, now):
        one = rule(cast.organization, now, given_to="rider", total=900)
        proven(cast.driver, cast.rider, now=now)
        one.per_trip = 900
        with pytest.raises(IncentiveNotInState):
            services.save_incentive(by=cast.manager, incentive=one, now=now)
        two = services.revise_incentive(by=cast.manager, incentive_id=one.pk, now=now)
        again = services.revise_incentive(by=cast.manager, incentive_id=one.pk, now=now)
        assert (two.version, two.series, again.pk) == (2, one.series, two.pk)
        two.per_trip = 800
        services.save_incentive(by=cast.manager, incentive=two, now=now)
        services.try_incentive(by=cast.manager, incentive_id=two.pk, now=now)
        self.switch(cast, two, ON, now)
        one.refresh_from_db()
        assert (one.state, one.per_trip) == (ENDED, 600)
        proven(cast.driver, cast.rider, now=now, hours=60)
        assert owed(cast.rider) == 900  # the old version's 600 count

    def test_paused_it_gives_nothing_and_trips_of_the_pause_get_nothing_later(self, cast, now):
        one = rule(cast.organization, now)
        self.switch(cast, one, PAUSED, now)
        booking, at = proven(cast.driver, cast.rider, now=now)
        self.switch(cast, one, ON, now)
        assert not Reward.objects.exists()
        proven(cast.driver, cast.rider, now=now, hours=60)
        assert Reward.objects.count() == 2
        assert at > now
        assert booking.pk not in set(Reward.objects.values_list("booking_id", flat=True))

    def test_it_has_to_give_somebody_something(self, cast, now):
        one = self.draft(cast, now)
        one.per_trip, one.per_passenger, one.given_to = 0, 50, "rider"
        with pytest.raises(IncentiveGivesNothing):
            services.save_incentive(by=cast.manager, incentive=one, now=now)

    def test_nobody_else_touches_it(self, cast, now):
        one = rule(cast.organization, now)
        stranger = MemberFactory(organization=cast.outsider.organization, role="manager")
        for act in (services.try_incentive, services.revise_incentive):
            with pytest.raises(IncentiveNotFound):
                act(by=stranger, incentive_id=one.pk, now=now)
