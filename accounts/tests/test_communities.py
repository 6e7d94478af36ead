"""Communities of individuals: with a proven address one comes in, and no farther than others."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import services
from accounts.errors import (
    AddressNotProven,
    AlreadyInside,
    CommunityNotFound,
    NoCommunity,
    OwnersOnly,
    ShutOut,
)
from accounts.models import Member, MemberRole, Organization
from accounts.tests.factories import MemberFactory, UserFactory
from accounts.tests.test_sign_in import code_in, sign_up
from carpool.kernel import clock
from rides.tests.api import Api
from rides.tests.factories import offer

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def town(db):
    return services.found_community(
        name="Town", slug="town", time_zone="America/Santiago", currency="CLP"
    )


def join(user, town, now):
    return services.join_community(user=user, community_id=town.pk, now=now)


def test_a_new_person_signs_up_with_any_address_and_joins(client, cast, town):
    page = client.get("/accounts/signup/").content.decode()
    assert "Town" in page
    assert "Town" in client.get("/accounts/login/code/").content.decode()
    page = sign_up(client, "ana@mailbox.example")
    assert (
        "Town" in client.post(page, {"code": code_in(mail.outbox[0])}, follow=True).content.decode()
    )
    assert client.get("/api/v1/me").status_code == 403
    assert client.post(f"/join/{town.pk}/", follow=True).status_code == 200
    assert client.get("/api/v1/me").json()["organization"]["name"] == "Town"
    client.post(f"/join/{town.pk}/")
    assert Member.objects.filter(organization=town).count() == 1


def test_the_walls_of_a_community_are_those_of_any_organization(cast, town, now):
    neighbour = join(UserFactory(), town, now)
    driver = MemberFactory(organization=town, car=True)
    ours, theirs = offer(cast.driver, now=now), offer(driver, now=now)
    assert Api(neighbour).get(f"rides/{ours.pk}").status_code == 404
    assert Api(neighbour).get(f"rides/{theirs.pk}").status_code == 200
    assert Api(cast.rider).get(f"rides/{theirs.pk}").status_code == 404


def test_an_address_that_is_not_proven_does_not_do(town, now):
    user = UserFactory()
    EmailAddress.objects.filter(user=user).update(verified=False)
    with pytest.raises(AddressNotProven):
        join(user, town, now)


def test_who_belongs_to_an_organization_leaves_it_first(cast, town, now):
    with pytest.raises(AlreadyInside):
        join(cast.rider.user, town, now)
    services.leave_organization(member=cast.rider, now=now)
    assert join(cast.rider.user, town, now).organization == town


def test_a_closed_door_and_a_company_have_no_way_in(cast, town, now):
    owner = MemberFactory(organization=town, role=MemberRole.OWNER)
    services.open_door(by=owner, is_open=False)
    for organization in (town, cast.organization):
        with pytest.raises(CommunityNotFound):
            join(UserFactory(), organization, now)
    assert Api(UserFactory()).get("communities").json() == []
    assert "Town" not in Client().get("/accounts/signup/").content.decode()


def test_who_was_taken_out_or_suspended_stays_out_and_who_left_comes_back(town, now):
    owner = MemberFactory(organization=town, role=MemberRole.OWNER)
    left, removed, suspended = (join(UserFactory(), town, now) for _ in range(3))
    services.leave_organization(member=left, now=now)
    services.remove_member(by=owner, person_id=removed.pk, reason="", now=now)
    Member.objects.filter(pk=suspended.pk).update(suspended_at=now)
    assert join(left.user, town, clock.now()) == left
    left.refresh_from_db()
    assert left.left_at is None
    for person in (removed, suspended):
        with pytest.raises(ShutOut):
            join(person.user, town, now)


def test_only_owners_open_and_only_communities_can_be_open(cast, town):
    for role in (MemberRole.MEMBER, MemberRole.MANAGER):
        with pytest.raises(OwnersOnly):
            services.open_door(by=MemberFactory(organization=town, role=role), is_open=False)
    owner = MemberFactory(organization=cast.organization, role=MemberRole.OWNER)
    with pytest.raises(NoCommunity):
        services.open_door(by=owner, is_open=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.filter(pk=cast.organization.pk).update(is_open=True)


def test_the_owner_opens_and_closes_it_on_the_page(client, cast, town):
    owner = MemberFactory(organization=town, role=MemberRole.OWNER)
    client.force_login(owner.user, backend=BACKEND)
    assert (
        "Anybody with a proven address" in client.get("/organization/invitations/").content.decode()
    )
    client.post("/organization/door/")
    town.refresh_from_db()
    assert not town.is_open
    client.post("/organization/door/", {"is_open": "on"})
    town.refresh_from_db()
    assert town.is_open
    client.force_login(cast.manager.user, backend=BACKEND)
    assert "Anybody with a proven" not in client.get("/organization/invitations/").content.decode()
    assert client.post("/organization/door/", {"is_open": "on"}).status_code == 403


def test_a_suggested_stranger_gets_in_nowhere_by_get(client, town):
    client.force_login(UserFactory(), backend=BACKEND)
    assert client.get(f"/join/{town.pk}/").status_code == 405
    assert not Member.objects.exists()
