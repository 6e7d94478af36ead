"""Managers decide their organization's share in fares, and see what became of the money."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.errors import ManagersOnly
from accounts.models import Site
from accounts.tests.factories import MemberFactory
from payments import services
from payments.engine.split import percent_of
from payments.errors import (
    AnotherBudgetOpen,
    BudgetForNobody,
    BudgetNotFound,
    NoKindOfTrip,
    TooFewPeople,
)
from payments.models import SponsorBudget
from payments.selectors.budgets import (
    BudgetState,
    Chosen,
    effects_of,
    list_budget_months,
    list_budgets,
    usual_prepay,
)
from payments.selectors.personal import export_payments
from payments.services.forgetting import erase_payments
from payments.services.uniting import unite_payments
from payments.tests.budgets import fund
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
        "pays_rooms": "on", "given_to": "all", "people": "",
    }  # fmt: skip
    return entered | changes


def budget_of(cast, now, **rules):
    plain = {"percent": 50, "first_day": (now - timedelta(days=1)).date(), "name": "All"}
    return SponsorBudget.objects.create(organization=cast.organization, **plain | rules)


def new_budget(cast, now, **rules):
    plain = {"percent": 50, "first_day": now.date(), "name": "New"}
    return SponsorBudget(organization=cast.organization, **plain | rules)


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


class TestForWhom:
    """For which trips and people a budget is, in the page's form."""

    def people(self, cast):
        return [MemberFactory(organization=cast.organization) for _ in range(5)]

    def test_people_are_named_by_their_addresses(self, cast, now):
        named, client = self.people(cast), client_of(cast.manager)
        lines = "\n".join(one.user.email.upper() for one in named)
        client.post(f"{HERE}new/", fields(now, save="1", given_to="people", people=lines))
        row = SponsorBudget.objects.get()
        assert set(row.people.all()) == set(named)
        assert named[0].user.email in client.get(f"{HERE}{row.pk}/").content.decode()
        assert "for 5 people that you have named" in client.get(HERE).content.decode()
        client.post(f"{HERE}{row.pk}/", fields(now, save="1", given_to="all", people=lines))
        assert not row.people.exists()

    def test_few_people_and_strangers_are_refused(self, cast, now):
        named, client = self.people(cast), client_of(cast.manager)
        few = " ".join(one.user.email for one in named[:4])
        for said in (few, f"{few} {cast.outsider.user.email}"):
            sent = fields(now, save="1", given_to="people", people=said)
            answer = client.post(f"{HERE}new/", sent)
            assert list(answer.context["form"].errors) == ["people"]
        with pytest.raises(TooFewPeople), transaction.atomic():
            services.save_budget(by=cast.manager, budget=new_budget(cast, now, given_to="people"))

    def test_sites_and_kinds_of_trip(self, cast, now):
        client, site = client_of(cast.manager), cast.organization.sites.first()
        sent = fields(now, save="1", given_to="sites", sites=[str(site.pk)], pays_rides="on")
        client.post(f"{HERE}new/", sent)
        row = SponsorBudget.objects.get()
        assert (list(row.sites.all()), row.pays_rooms, row.pays_rides) == ([site], True, True)
        assert site.name in client.get(HERE).content.decode()
        for changes, field in (({"sites": []}, "sites"), ({"pays_rooms": ""}, "pays_rooms")):
            answer = client.post(f"{HERE}new/", {**sent, "pays_rides": "", **changes})
            assert list(answer.context["form"].errors) == [field]
        with pytest.raises(BudgetForNobody), transaction.atomic():
            services.save_budget(by=cast.manager, budget=new_budget(cast, now, given_to="sites"))
        with pytest.raises(NoKindOfTrip):
            services.save_budget(by=cast.manager, budget=new_budget(cast, now, pays_rooms=False))
        theirs = Site.objects.create(
            organization=cast.outsider.organization, name="Theirs", location=site.location
        )
        with pytest.raises(BudgetNotFound), transaction.atomic():
            services.save_budget(by=cast.manager, budget=row, chosen=Chosen(sites=[theirs]))

    def test_who_is_forgotten_is_named_nowhere(self, cast, now):
        row = budget_of(cast, now, given_to="people")
        row.people.set([cast.rider, cast.colleague])
        assert export_payments(cast.rider.pk)["named_in_budgets"][0]["budget"] == row.name
        erase_payments(cast.rider.pk, now)
        assert list(row.people.all()) == [cast.colleague]
        unite_payments(cast.driver.pk, cast.colleague.pk, now)
        assert list(row.people.all()) == [cast.driver]


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
        fund(row, 9_000, now=now, reference="Nov")
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
        with django_assert_max_num_queries(4):
            assert len(list_budgets(cast.manager, now=now)) == 5
