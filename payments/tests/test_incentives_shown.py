"""Incentives on their pages and in the API: written, tried, switched, earned, taken back."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import MemberFactory
from payments.models import Incentive, IncentiveState, Reward
from payments.tests.incentives import payer, proven, rule
from rides.tests.api import Api

pytestmark = pytest.mark.usefixtures("city")


def client_of(member):
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def form(budget, **changes):
    plain = {
        "name": "Together", "budget": str(budget.pk), "given_to": "both", "per_trip": "600",
        "least_class": "C", "zone_m": "100", "weekdays": ["0", "1", "2", "3", "4"],
        "first_day": "2027-01-01", "most_trips": "4",
    }  # fmt: skip
    return plain | changes


class TestPages:
    """A manager's way from the first rule to what it gave."""

    def test_without_a_budget_one_is_made_first(self, cast):
        page = client_of(cast.manager).get(reverse("payments:incentives")).content.decode()
        assert "Make a budget first" in page
        answer = client_of(cast.manager).get(reverse("payments:incentive-new"))
        assert answer["Location"] == reverse("payments:budget-new")

    def test_a_manager_writes_tries_and_switches_one_on(self, cast, now):
        client, budget = client_of(cast.manager), payer(cast.organization, now)
        saved = client.post(reverse("payments:incentive-new"), form(budget), follow=True)
        assert "Saved. Try it on past trips" in saved.content.decode()
        one = Incentive.objects.get()
        assert (one.state, one.per_trip, one.weekdays) == ("draft", 60_000, [0, 1, 2, 3, 4])
        early = client.post(
            reverse("payments:incentive-switch", args=[one.pk]), {"to": "on"}, follow=True
        )
        assert "Try it on past trips before" in early.content.decode()
        tried = client.post(reverse("payments:incentive-try", args=[one.pk]), follow=True)
        assert "Fewer than 5 people would have got something" in tried.content.decode()
        client.post(reverse("payments:incentive-switch", args=[one.pk]), {"to": "on"})
        one.refresh_from_db()
        assert one.state == IncentiveState.ON
        shown = client.get(reverse("payments:incentive", args=[one.pk])).content.decode()
        assert "A version that was switched on stays as it is" in shown

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"per_trip": ""}, "Enter an amount that somebody gets"),
            ({"from_time": "07:00"}, "Enter both times, or neither"),
            ({"last_day": "2026-01-01"}, "It would end before it begins."),
            ({"zone_m": "5"}, "25"),
        ],
    )
    def test_what_makes_no_sense_is_said_at_its_field(self, cast, now, changes, said):
        client, budget = client_of(cast.manager), payer(cast.organization, now)
        page = client.post(reverse("payments:incentive-new"), form(budget, **changes))
        assert page.status_code == 200
        assert said in page.content.decode()
        assert not Incentive.objects.exists()

    def test_another_organizations_budget_cannot_pay(self, cast, now):
        theirs = payer(cast.outsider.organization, now)
        payer(cast.organization, now)
        page = client_of(cast.manager).post(reverse("payments:incentive-new"), form(theirs))
        assert page.status_code == 200
        assert not Incentive.objects.exists()

    def test_a_change_of_one_that_is_on_begins_its_next_version(self, cast, now):
        one, client = rule(cast.organization, now), client_of(cast.manager)
        answer = client.post(reverse("payments:incentive-revise", args=[one.pk]))
        two = Incentive.objects.get(version=2)
        assert answer["Location"] == reverse("payments:incentive", args=[two.pk])
        assert "version 2" in client.get(answer["Location"]).content.decode()

    def test_a_member_sees_what_they_can_earn_and_have_earned(self, cast, now):
        client = client_of(cast.rider)
        assert (
            "Nothing to earn right now" in client.get(reverse("payments:earnings")).content.decode()
        )
        rule(cast.organization, now, most_a_month=5_000)
        proven(cast.driver, cast.rider, now=now)
        page = client.get(reverse("payments:earnings")).content.decode()
        assert "for one verified trip, Together, class C" in page
        assert "This month" in page
        wallet = client.get(reverse("payments:wallet")).content.decode()
        assert "rule Together, class C" in wallet

    def test_rewards_of_few_people_are_not_listed_for_managers(self, cast, now):
        one = rule(cast.organization, now)
        proven(cast.driver, cast.rider, now=now)
        client, page = client_of(cast.manager), reverse("payments:incentive", args=[one.pk])
        assert "The latest rewards" not in client.get(page).content.decode()
        for number in range(4):
            rider = MemberFactory(organization=cast.organization)
            proven(cast.driver, rider, now=now, hours=60 + 30 * number)
        shown = client.get(page).content.decode()
        assert "The latest rewards" in shown
        assert cast.rider.display_name not in shown
        row = Reward.objects.filter(amount__gt=0).first()
        client.post(reverse("payments:reward-take-back", args=[row.pk]), {"why": ""})
        row.refresh_from_db()
        assert not row.is_taken_back
        client.post(reverse("payments:reward-take-back", args=[row.pk]), {"why": "Paid twice"})
        row.refresh_from_db()
        assert row.back_why == "Paid twice"


class TestApi:
    """The same for apps."""

    def written(self, cast, now, **changes):
        body = {"name": "Together", "budget": str(payer(cast.organization, now).pk)}
        body |= {"per_trip": 600, "first_day": "2026-01-01"}
        return Api(cast.manager).post("organization/incentives", body | changes)

    def test_from_draft_to_the_end(self, cast, now):
        api = Api(cast.manager)
        made = self.written(cast, now)
        assert (made.status_code, made.json()["rule"]["state"]) == (201, "draft")
        there = f"organization/incentives/{made.json()['rule']['id']}"
        early = api.post(f"{there}/state", {"state": "on"})
        assert (early.status_code, early.json()["code"]) == (409, "incentive_not_tried")
        tried = api.post(f"{there}/trial", {}).json()
        assert (tried["rule"]["state"], tried["simulation"]["people"]) == ("simulated", None)
        assert api.send("PATCH", there, {"per_trip": 500}).json()["rule"]["state"] == "draft"
        api.post(f"{there}/trial", {})
        assert api.post(f"{there}/state", {"state": "on"}).json()["rule"]["state"] == "on"
        refused = api.send("PATCH", there, {"per_trip": 400})
        assert (refused.status_code, refused.json()["code"]) == (409, "incentive_not_in_state")
        following = api.post(f"{there}/version", {}).json()
        assert (following["rule"]["version"], following["rule"]["state"]) == (2, "draft")
        assert api.post(f"{there}/state", {"state": "ended"}).json()["rule"]["state"] == "ended"

    def test_a_rule_that_gives_nothing_names_its_field(self, cast, now):
        refused = self.written(cast, now, per_trip=0)
        assert (refused.status_code, refused.json()["code"]) == (422, "incentive_gives_nothing")
        unknown = self.written(cast, now, budget=str(cast.rider.pk))
        assert (unknown.status_code, unknown.json()["code"]) == (404, "budget_not_found")

    def test_a_member_lists_what_can_be_earned_and_was(self, cast, now):
        rule(cast.organization, now, most_a_year=5_000)
        proven(cast.driver, cast.rider, now=now)
        api = Api(cast.rider)
        (earning,) = api.get("me/incentives").json()
        assert earning["rule"]["name"] == "Together"
        assert [cap["what"] for cap in earning["caps"]] == ["year"]
        (row,) = api.get("me/rewards").json()["results"]
        assert (row["amount"], row["kept"], row["proof_class"], row["rule"]) == (
            600, 600, "C", "Together",
        )  # fmt: skip
        assert Api(cast.colleague).get("me/rewards").json()["results"] == []

    def test_a_reward_is_taken_back_once(self, cast, now):
        rule(cast.organization, now)
        proven(cast.driver, cast.rider, now=now)
        row, api = Reward.objects.get(member_id=cast.rider.pk), Api(cast.manager)
        there = f"organization/rewards/{row.pk}/take-back"
        assert api.post(there, {"why": "Paid twice"}).json()["back"] == 600
        again = api.post(there, {"why": "Paid twice"})
        assert (again.status_code, again.json()["code"]) == (409, "reward_taken_back")
        (shown,) = Api(cast.rider).get("me/rewards").json()["results"]
        assert (shown["kept"], shown["back_why"]) == (0, "Paid twice")

    def test_many_rewards_ask_the_database_as_often_as_few(self, cast, now):
        rule(cast.organization, now)
        proven(cast.driver, cast.rider, now=now)
        rider, manager = Api(cast.driver), Api(cast.manager)

        def ask():
            with CaptureQueriesContext(connection) as caught:
                rider.get("me/rewards")
                rider.get("me/incentives")
                manager.get("organization/incentives")
                rider.get("wallet/movements")
            return len(caught)

        ask()
        few = ask()
        for number in range(3):
            other = MemberFactory(organization=cast.organization)
            proven(cast.driver, other, now=now, hours=60 + 30 * number)
        assert ask() == few
