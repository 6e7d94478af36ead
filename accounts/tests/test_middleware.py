"""Who asks, in which zone they read clocks, and in which language."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone, translation

from accounts.middleware import CurrentMemberMiddleware
from accounts.tests.factories import UserFactory


def ask(user, *, cookies=None):
    """Send a request through the middleware; return what the view behind it saw."""
    seen = {}

    def view(request):
        seen["member"] = request.member
        seen["zone"] = timezone.get_current_timezone_name()
        seen["language"] = translation.get_language()
        return HttpResponse()

    def resolve_and_answer(request):
        middleware.process_view(request, view, (), {})
        return view(request)

    request = RequestFactory().get("/")
    request.user = user
    request.COOKIES.update(cookies or {})
    with translation.override("en"):
        middleware = CurrentMemberMiddleware(resolve_and_answer)
        middleware(request)
    return seen


def test_a_member_reads_clocks_as_their_organization_does(cast):
    seen = ask(cast.rider.user)
    assert seen == {"member": cast.rider, "zone": "America/Santiago", "language": "en"}
    assert timezone.get_current_timezone_name() == "UTC"


def test_the_zone_does_not_stay_for_the_next_one(cast):
    ask(cast.rider.user)
    assert ask(AnonymousUser())["zone"] == "UTC"


@pytest.mark.parametrize(
    ("own", "organizations", "expected"),
    [("", "en", "en"), ("", "ko", "ko"), ("ko", "en", "ko"), ("en", "ko", "en")],
)
def test_a_members_language_wins_over_the_organizations(cast, own, organizations, expected):
    cast.organization.language = organizations
    cast.organization.save()
    cast.rider.language = own
    cast.rider.save()
    assert ask(cast.rider.user)["language"] == expected


def test_a_choice_made_in_this_browser_wins_over_both(cast):
    cast.rider.language = "ko"
    cast.rider.save()
    assert ask(cast.rider.user, cookies={"django_language": "en"})["language"] == "en"


@pytest.mark.parametrize("make", [AnonymousUser, UserFactory])
def test_strangers_and_people_without_an_organization_are_no_members(db, make):
    assert ask(make())["member"] is None


def test_pages_are_told_in_the_members_language(client, cast):
    cast.rider.language = "ko"
    cast.rider.save()
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/profile/")["Content-Language"] == "ko"
    assert client.get("/accounts/logout/")["Content-Language"] == "ko"
    client.logout()
    assert client.get("/accounts/login/code/")["Content-Language"] == "en"


def test_the_member_is_found_in_two_queries_and_strangers_cost_none(
    client, cast, django_assert_num_queries
):
    with django_assert_num_queries(0):
        client.get("/livez")
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    with django_assert_num_queries(3):  # session, user, member
        client.get("/livez")


def test_nobody_is_looked_up_for_a_view_that_is_the_same_for_everybody(
    cast, client, city, django_assert_max_num_queries
):
    client.force_login(cast.rider.user)
    address = f"/maps/{city.slug}/5/9/18.mvt"
    client.get(address)
    with django_assert_max_num_queries(0):
        client.get(address)
