"""What organizations decide in numbers: one table, its bounds, its history, who may."""

from decimal import Decimal

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import ManagersOnly
from accounts.models import RULES, Organization, Policies, PolicyChange, read_policies
from accounts.models.policies import IN_ORDER
from accounts.services import change_own_policies, change_policies
from carpool.kernel.errors import InvalidInput
from carpool.kernel.models import OutboxEvent
from rides.tests.api import Api

URL = "/organization/policies/"
API = "organization/policies"
BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client, cast):
    client.force_login(cast.manager.user, backend=BACKEND)
    return client


def own(organization):
    return Organization.objects.get(pk=organization.pk).own_policies


def entered(client, **changes):
    """The form as a browser sends it back, with some fields changed."""
    form = client.get(URL).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else str(value) for name, value in values.items()} | changes


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_default_within_its_bounds_and_words(name):
    rule = RULES[name]
    if rule.default is not None:
        assert rule.parse(rule.default) == rule.default
    assert str(rule.label)
    assert str(rule.help)
    for bound in (rule.least, rule.most):
        assert rule.parse(bound) == bound
    for beyond in (rule.least - 1, rule.most + 1, "much", "NaN", "Infinity", True, None, 1e-9):
        with pytest.raises(ValueError, match=r".*"):
            rule.parse(beyond)


@given(st.data())
def test_what_is_stored_is_read_back_as_it_was(data):
    rule = RULES[data.draw(st.sampled_from(sorted(RULES)))]
    places = rule.places
    value = rule.parse(data.draw(st.decimals(rule.least, rule.most, places=places)))
    policy = read_policies({rule.name: rule.write(value), "a_rule_of_yesterday": 3})
    assert getattr(policy, rule.name) == value
    assert type(getattr(policy, rule.name)) is (Decimal if places else int)


def test_only_what_differs_is_stored_and_noted_with_who_when_and_why(cast, now):
    change = {"by": cast.manager, "now": now}
    change_own_policies(values={"boarding_s": 90, "walking": "2.00"}, reason="Snow", **change)
    change_own_policies(values={"boarding_s": 90}, **change)
    change_own_policies(values={"walking": Decimal("2.5"), "boarding_s": None}, **change)
    assert own(cast.organization) == {"walking": "2.50"}
    rows = PolicyChange.objects.order_by("id")
    assert list(rows.values_list("name", "before", "after", "reason", "by", "at")) == [
        ("boarding_s", "", "90", "Snow", cast.manager.user.pk, now),
        ("walking", "", "2.50", "", cast.manager.user.pk, now),
        ("boarding_s", "90", "", "", cast.manager.user.pk, now),
    ]
    assert OutboxEvent.objects.filter(name="accounts.PoliciesChanged").count() == 2


def test_all_or_nothing_and_every_wrong_rule_is_named(cast, now):
    values = {"boarding_s": -1, "walking": 11, "moon_phase": 1, "default_walk_m": 900}
    with pytest.raises(InvalidInput) as refused:
        change_policies(organization=cast.organization, values=values, by=None, now=now)
    assert set(refused.value.fields) == {"boarding_s", "walking", "moon_phase"}
    assert own(cast.organization) == {}


@pytest.mark.parametrize(("lower", "upper"), [(low, up) for low, up, _text in IN_ORDER])
def test_rules_do_not_contradict_each_other(cast, now, lower, upper):
    least = RULES[lower].default - 1
    for values in ({upper: least}, {lower: least + 1, upper: least}):
        with pytest.raises(InvalidInput) as refused:
            change_policies(organization=cast.organization, values=values, by=None, now=now)
        assert list(refused.value.fields) == [lower]
    both = {lower: least, upper: least}
    change_policies(organization=cast.organization, values=both, by=None, now=now)
    assert own(cast.organization) == both


def test_a_rule_is_read_without_a_query_and_another_organization_is_not_touched(
    cast, now, django_assert_num_queries
):
    change_own_policies(by=cast.manager, values={"boarding_s": 90}, now=now)
    organization = Organization.objects.get(pk=cast.organization.pk)
    with django_assert_num_queries(0):
        assert organization.policy.boarding_s == 90
        assert cast.outsider.organization.policy == Policies()


@pytest.mark.parametrize("who", ["driver", "outsider"])
def test_nobody_but_managers_changes_anything(cast, now, who):
    with pytest.raises(ManagersOnly):
        change_own_policies(by=getattr(cast, who), values={"boarding_s": 90}, now=now)
    api = Api(getattr(cast, who))
    assert api.get(API).status_code == 200, "what holds for them they may know"
    assert api.send("PATCH", API, {"boarding_s": 90}).json()["code"] == "managers_only"
    assert api.get(f"{API}/changes").json()["code"] == "managers_only"
    visitor = Client()
    visitor.force_login(getattr(cast, who).user, backend=BACKEND)
    assert visitor.get(URL).status_code == visitor.post(URL, {"reset": "riding"}).status_code == 403


def test_the_api_names_the_rule_that_is_wrong(cast):
    api = Api(cast.manager)
    for body, field in (
        ({"boarding_s": 601}, "boarding_s"),
        ({"boarding_s": "soon"}, "boarding_s"),
        ({"walking": "1.234"}, "walking"),
        ({"moon_phase": 1}, "moon_phase"),
        ({"default_walk_m": 900, "most_walk_m": 800}, "default_walk_m"),
        ({"reason": "x" * 281, "boarding_s": 90}, "reason"),
    ):
        answer = api.send("PATCH", API, body)
        assert answer["Content-Type"] == "application/problem+json"
        assert [error["field"] for error in answer.json()["errors"]] == [field], body
    assert own(cast.organization) == {}


def test_the_api_changes_shows_and_resets(cast):
    api = Api(cast.manager)
    answer = api.send(
        "PATCH", API, {"boarding_s": 90, "price_minor_per_km": "7.50", "reason": "Diesel"}
    )
    shown = {rule["name"]: rule for rule in answer.json()}
    assert list(shown) == list(RULES)
    assert (shown["boarding_s"]["value"], shown["boarding_s"]["is_default"]) == (90, False)
    assert shown["price_minor_per_km"]["value"] == "7.50"
    assert [row["reason"] for row in api.get(f"{API}/changes").json()] == ["Diesel"] * 2
    again = {rule["name"]: rule for rule in api.send("PATCH", API, {"boarding_s": None}).json()}
    assert (again["boarding_s"]["value"], again["boarding_s"]["default"]) == (60, 60)


def test_a_manager_changes_a_rule_in_minutes_and_takes_it_back(manager, cast):
    answer = manager.post(URL, entered(manager, boarding_s="1.5", reason="Snow"), follow=True)
    assert own(cast.organization) == {"boarding_s": 90}
    page = answer.content.decode()
    assert "Time to get in or out" in page
    assert "Snow" in page
    assert 'name="reset" value="boarding_s"' in page
    manager.post(URL, {"reset": "boarding_s"})
    assert own(cast.organization) == {}
    assert 'name="reset"' not in manager.get(URL).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"boarding_s": "11"}, "boarding_s"),
        ({"boarding_s": "0.001"}, "boarding_s"),
        ({"boarding_s": ""}, "boarding_s"),
        ({"default_walk_m": "900", "most_walk_m": "800"}, "default_walk_m"),
    ],
)
def test_the_page_says_at_the_rule_what_is_wrong(manager, cast, changes, field):
    answer = manager.post(URL, entered(manager, **changes))
    assert list(answer.context["form"].errors) == [field]
    assert own(cast.organization) == {}


def test_the_page_asks_as_much_of_the_database_with_a_long_history(
    manager, cast, now, django_assert_max_num_queries
):
    for seconds in range(30):
        change_own_policies(by=cast.manager, values={"boarding_s": seconds}, now=now)
    with django_assert_max_num_queries(8):
        manager.get(URL)


def test_a_manager_sees_what_the_weights_mean(manager, cast, now):
    assert b"In all" in manager.get("/organization/ranking/").content
    change_own_policies(by=cast.manager, values={"walking": 3}, now=now)
    page = manager.get("/organization/ranking/").content.decode()
    assert "24.0 min" in page, "8 minutes on foot, three times"


def test_the_operator_changes_a_rule_in_the_admin(client, cast):
    client.force_login(cast.operator.user, backend=BACKEND)
    add = "/admin/accounts/policychange/add/"
    form = {"organization": str(cast.organization.pk), "name": "walking", "after": "3"}
    answer = client.post(add, form)
    assert answer.status_code == 302, answer.context["errors"]
    assert own(cast.organization) == {"walking": "3.00"}
    assert PolicyChange.objects.get().by == cast.operator.user
    for wrong in ("99", "3", "x"):
        assert client.post(add, {**form, "after": wrong}).status_code == 200
    assert PolicyChange.objects.count() == 1
