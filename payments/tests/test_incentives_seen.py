"""What a rule would have given, and what members, managers and the books see of what it gave."""

from datetime import timedelta

import pytest

from accounts.tests.factories import MemberFactory
from payments.models import Reward
from payments.models.ledger import Journal
from payments.selectors.incentives import list_earnings, list_incentives
from payments.selectors.personal import export_payments
from payments.selectors.simulations import simulate_incentive
from payments.services.uniting import unite_payments
from payments.tests.incentives import proven, rule

pytestmark = pytest.mark.usefixtures("city")


class TestTrying:
    """What it would have given; of few people nothing."""

    def crowd(self, cast, now, trips=5):
        for number in range(trips):
            rider = MemberFactory(organization=cast.organization)
            proven(cast.driver, rider, now=now, hours=24 + 30 * number)

    def test_the_trial_shows_trips_people_cost_and_caps(self, cast, now):
        self.crowd(cast, now)
        one = rule(cast.organization, now, state="draft", most_a_month=1_000)
        trial = simulate_incentive(one, now=now)
        assert (trial.trips, trial.people, trial.worth) == (5, 6, 6_000)
        # Five riders 600 each; the driver 1,000 at most in a month, and their trips lie in two.
        assert 4_000 <= trial.cost < 6_000
        assert sum(month.cost or 0 for month in trial.months) <= trial.cost
        assert [code for code, _words, _times in trial.limits] == ["month"]
        assert not Reward.objects.exists()

    def test_of_fewer_than_five_people_no_figure_is_told(self, cast, now):
        self.crowd(cast, now, trips=3)
        trial = simulate_incentive(rule(cast.organization, now, state="draft"), now=now)
        assert trial.is_hidden
        assert (trial.trips, trial.cost, trial.months, trial.limits) == (0, 0, (), ())

    def test_its_dates_do_not_matter_as_past_trips_lie_before_them(self, cast, now):
        self.crowd(cast, now)
        one = rule(
            cast.organization, now, state="draft", first_day=(now + timedelta(days=99)).date()
        )
        assert simulate_incentive(one, now=now).trips == 5


class TestSeeing:
    """What members and managers see of it."""

    def test_a_member_sees_how_much_of_each_cap_is_used(self, cast, now):
        rule(cast.organization, now, most_a_day=2_000, most_a_month=5_000)
        booking, at = proven(cast.driver, cast.rider, now=now)
        (earning,) = list_earnings(cast.rider, now=booking.pickup_at)
        assert {cap.what: cap.used for cap in earning.caps}["month"] == 600
        assert earning.earned == 600
        assert list_earnings(cast.outsider, now=at) == []

    def test_a_manager_sees_sums_and_no_count_of_few_people(self, cast, now):
        rule(cast.organization, now)
        proven(cast.driver, cast.rider, now=now)
        (view,) = list_incentives(cast.manager)
        assert (view.given, view.cost, view.people) == (1_200, 1_200, None)

    def test_it_is_in_the_export_and_moves_with_a_united_account(self, cast, now):
        rule(cast.organization, now)
        proven(cast.driver, cast.rider, now=now)
        (row,) = export_payments(cast.rider.pk)["rewards"]
        assert (row["amount_minor"], row["class"]) == (600, "C")
        unite_payments(cast.colleague.pk, cast.rider.pk, now)
        assert len(export_payments(cast.colleague.pk)["rewards"]) == 1

    def test_the_books_say_who_paid(self, cast, now):
        rule(cast.organization, now)
        booking, _at = proven(cast.driver, cast.rider, now=now)
        kinds = Journal.objects.filter(trip_id=booking.pk).values_list("kind", flat=True)
        assert list(kinds) == ["reward", "reward"]
