"""Managers decide their organization's share in fares, and see what became of the money."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.errors import ManagersOnly
from payments import services
from payments.engine.split import percent_of
from payments.errors import AnotherBudgetOpen, BudgetNotFound
from payments.models import SponsorBudget, SponsorDeposit
from payments.selectors.budgets import (
    BudgetState,
    effects_of,
    list_budget_months,
    list_budgets,
    usual_prepay,
)
from payments.tests.test_rooms import join, settle_down
from rides import services as rides
from rides.tests.factories import open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
HERE = "/organization/sponsor/"


@pytest.fixture(autouse=True)
def _switched_on(settings, cast):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    cast.organization.currency = "EUR"
    cast.organization.save(update_fields=["currency"])
    for member in (cast.driver, cast.rider, cast.colleague, cast.manager):
        member.refresh_from_db()


def client_of(member):
    client = Client()
    client.force_login(member.user)
    return client


def fields(now, **changes):
    entered = {
        "name": "Late shifts", "percent": "50", "most_per_trip": "3.50", "most_per_month": "",
        "first_day": (now - timedelta(days=1)).date().isoformat(), "last_day": "", "usual": "10",
    }  # fmt: skip
    return entered | changes


def budget_of(cast, now, **rules):
    plain = {"percent": 50, "first_day": (now - timedelta(days=1)).date(), "name": "All"}
    return SponsorBudget.objects.create(organization=cast.organization, **plain | rules)


class TestRules:
    """What is decided, by whom."""

    def test_without_a_budget_the_page_says_what_one_is_for(self, cast):
        page = client_of(cast.manager).get(HERE)
        assert b"No budget yet" in page.content
        assert f'href="{HERE}new/"'.encode() in page.content
        assert HERE.encode() in client_of(cast.manager).get("/organization/").content
        assert client_of(cast.rider).get(HERE).status_code == 403

    def test_rules_are_tried_before_they_are_saved(self, cast, now):
        client = client_of(cast.manager)
        shown = client.post(f"{HERE}new/", fields(now, **{"try": "1"}))
        told = [(one.prepay, one.given, one.own) for one in shown.context["effects"]]
        assert told == [(500, 250, 250), (1_000, 350, 650), (2_000, 350, 1_650)]
        assert not SponsorBudget.objects.exists()
        client.post(f"{HERE}new/", fields(now, save="1"))
        saved = SponsorBudget.objects.get()
        assert (saved.percent, saved.most_per_trip, saved.most_per_month) == (50, 350, None)
        assert not saved.is_on
        page = client.get(f"{HERE}{saved.pk}/").content.decode()
        assert 'value="3.50"' in page
        client.post(f"{HERE}{saved.pk}/", fields(now, save="1", percent="80", most_per_trip=""))
        saved.refresh_from_db()
        assert (saved.percent, saved.most_per_trip) == (80, None)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"percent": "0"}, "percent"), ({"percent": "101"}, "percent"),
            ({"most_per_trip": "0.001"}, "most_per_trip"), ({"name": ""}, "name"),
            ({"last_day": "2020-01-01"}, "last_day"), ({"usual": "-1"}, "usual"),
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused_at_its_field(self, cast, now, changes, field):
        answer = client_of(cast.manager).post(f"{HERE}new/", fields(now, save="1", **changes))
        assert list(answer.context["form"].errors) == [field]
        assert not SponsorBudget.objects.exists()

    def test_one_budget_is_open_at_a_time(self, cast, now):
        first, second = budget_of(cast, now), budget_of(cast, now, name="Other")
        client = client_of(cast.manager)
        client.post(f"{HERE}{first.pk}/open/")
        answer = client.post(f"{HERE}{second.pk}/open/", follow=True)
        assert str(AnotherBudgetOpen.title) in answer.content.decode()
        client.post(f"{HERE}{first.pk}/close/")
        client.post(f"{HERE}{second.pk}/open/")
        assert [one.name for one in SponsorBudget.objects.filter(is_on=True)] == ["Other"]

    def test_only_managers_decide_and_only_of_their_own(self, cast, now):
        row = budget_of(cast, now)
        with pytest.raises(ManagersOnly):
            services.switch_budget(by=cast.rider, budget_id=row.pk, is_on=True)
        with pytest.raises(ManagersOnly):
            services.save_budget(by=cast.rider, budget=row)
        row.organization = cast.outsider.organization
        with pytest.raises(BudgetNotFound):
            services.save_budget(by=cast.manager, budget=row)
        row.save()
        with pytest.raises(BudgetNotFound):
            services.switch_budget(by=cast.manager, budget_id=row.pk, is_on=True)
        assert client_of(cast.manager).get(f"{HERE}{row.pk}/").status_code == 404


class TestMoney:
    """What became of it."""

    def test_every_figure_follows_from_the_books(self, cast, now):
        cast.organization.currency = "CLP"
        cast.organization.save(update_fields=["currency"])
        for member in (cast.driver, cast.rider, cast.colleague, cast.manager):
            member.refresh_from_db()
        room = open_room(cast.driver, now=now)
        row = budget_of(cast, now, is_on=True)
        assert self.view(cast, now).state == BudgetState.EMPTY
        services.deposit(row=SponsorDeposit(budget=row, amount=9_000, reference="Nov"), now=now)
        prepaid = [join(who, room, now).terms.prepay for who in (cast.rider, cast.colleague)]
        parts = [percent_of(amount, 50) for amount in prepaid]
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        settle_down(now)
        view = self.view(cast, now)
        assert (view.came, view.paid, view.back) == (9_000, sum(parts), parts[0])
        assert (view.left, view.moved, view.spent) == (9_000 - parts[1], 0, parts[1])
        assert view.state == BudgetState.OPEN
        (month,) = list_budget_months(row)
        assert (month.paid, month.back, month.people) == (sum(parts), parts[0], None)
        assert usual_prepay(cast.organization, now=now) == min(prepaid)
        page = client_of(cast.manager).get(f"{HERE}{row.pk}/").content.decode()
        assert "fewer than 5" in page
        assert "Nov" in page
        assert cast.rider.display_name not in page

    def view(self, cast, now):
        (found,) = list_budgets(cast.manager, now=now)
        return found

    @pytest.mark.parametrize(
        ("rules", "state"),
        [
            ({}, BudgetState.CLOSED), ({"is_on": True}, BudgetState.EMPTY),
            ({"is_on": True, "first": 3}, BudgetState.COMING),
            ({"is_on": True, "last": -1}, BudgetState.OVER),
        ],
    )  # fmt: skip
    def test_a_budget_says_whether_it_pays(self, cast, now, rules, state):
        today, rules = timezone.localdate(now, cast.organization.zone), dict(rules)
        first, last = rules.pop("first", -5), rules.pop("last", None)
        ends = None if last is None else today + timedelta(days=last)
        budget_of(cast, now, first_day=today + timedelta(days=first), last_day=ends, **rules)
        assert self.view(cast, now).state == state

    def test_an_effect_keeps_to_every_limit(self, cast, now):
        row = budget_of(cast, now, percent=100, most_per_trip=700, most_per_month=300)
        assert [one.given for one in effects_of(row, 400)] == [200, 300, 300]

    def test_more_budgets_take_no_more_queries(self, cast, now, django_assert_max_num_queries):
        for number in range(5):
            budget_of(cast, now, name=f"B{number}")
        with django_assert_max_num_queries(3):
            assert len(list_budgets(cast.manager, now=now)) == 5
