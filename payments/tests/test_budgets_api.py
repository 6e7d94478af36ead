"""Managers steer budgets by REST as by the page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import MemberFactory
from payments.models import SponsorBudget
from payments.tests.budgets import fund
from rides.tests.api import Api

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
HERE = "organization/budgets"


def rules(now, **changes):
    first = (now - timedelta(days=2)).date().isoformat()
    return {"name": "Ours", "percent": 40, "first_day": first} | changes


def test_from_new_to_closed(cast, now):
    api = Api(cast.manager)
    assert api.get(HERE).json() == []
    made = api.post(HERE, rules(now, pays_rides=True, most_per_trip=900))
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["state"], told["pays_rooms"], told["pays_rides"]) == ("closed", True, True)
    one = f"{HERE}/{told['id']}"
    changed = api.send("PATCH", one, {"percent": 60}).json()
    assert (changed["percent"], changed["most_per_trip"]) == (60, 900)
    assert api.post(f"{one}/open").json()["state"] == "empty"
    fund(SponsorBudget.objects.get(), 5_000, now=now)
    shown = api.get(one).json()
    assert (shown["state"], shown["came"], shown["left"]) == ("open", 5_000, 5_000)
    assert [row["reference"] for row in shown["deposits"]] == ["1"]
    second = api.post(HERE, rules(now)).json()
    refused = api.post(f"{HERE}/{second['id']}/open")
    assert (refused.status_code, refused.json()["code"]) == (409, "another_budget_open")
    assert api.post(f"{one}/close").json()["state"] == "closed"
    assert [row["name"] for row in api.get(HERE).json()] == ["Ours", "Ours"]


def test_for_whom(cast, now):
    api, site = Api(cast.manager), cast.organization.sites.first()
    named = [str(MemberFactory(organization=cast.organization).pk) for _ in range(5)]
    made = api.post(HERE, rules(now, given_to="people", people=named)).json()
    assert (sorted(made["people"]), made["people_count"]) == (sorted(named), 5)
    one = f"{HERE}/{made['id']}"
    api.send("PATCH", one, {"percent": 10})
    assert SponsorBudget.objects.get().people.count() == 5
    moved = api.send("PATCH", one, {"given_to": "sites", "sites": [str(site.pk)]}).json()
    assert (moved["sites"], moved["people"]) == ([str(site.pk)], [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"percent": 0}, "percent"), ({"last_day": "2020-01-01"}, "last_day"),
        ({"pays_rooms": False}, "pays_rooms"), ({"given_to": "sites"}, "sites"),
        ({"given_to": "people"}, "people"), ({"percent": "half"}, "percent"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_names_its_field(cast, now, changes, field):
    answer = Api(cast.manager).post(HERE, rules(now, **changes))
    assert answer.status_code in {400, 422}, answer.content
    assert field in answer.content.decode()
    assert not SponsorBudget.objects.exists()


def test_nobody_of_another_organization_is_named(cast, now):
    outsider = [str(cast.outsider.pk)]
    answer = Api(cast.manager).post(HERE, rules(now, given_to="people", people=outsider))
    assert answer.json()["code"] == "people_unknown"


def test_more_budgets_take_no_more_queries(cast, now):
    api = Api(cast.manager)

    def count():
        with CaptureQueriesContext(connection) as caught:
            listed = api.get(HERE).json()
        return len(listed), len(caught)

    for number in range(7):
        row = SponsorBudget.objects.create(
            organization=cast.organization, name=f"B{number}", percent=50, first_day=now.date()
        )
        row.sites.set(cast.organization.sites.all())
        if not number:
            api.get(HERE)
            few = count()
    assert count() == (7, few[1])
