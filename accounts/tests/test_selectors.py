"""Reads about people begin with the person who asks."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts import permissions, selectors
from accounts.errors import CarNotFound, NoMembership, PlaceNotFound
from accounts.models import Member, MemberRole
from accounts.services import remove_car, save_place
from accounts.tests.factories import (
    HEAD_OFFICE,
    HOME_NORTH,
    WORKSHOP,
    CarFactory,
    MemberFactory,
    OrganizationFactory,
    UserFactory,
)
from carpool.kernel.geo import crow_fly_m, offset_m


class TestWhoAmI:
    """The member that a user acts as."""

    def test_a_user_without_an_organization_is_told_what_to_do(self, db):
        user = UserFactory()
        assert selectors.get_member(user) is None
        with pytest.raises(NoMembership) as caught:
            selectors.require_member(user)
        assert "organization" in caught.value.detail

    def test_of_two_memberships_the_first_counts(self, cast, now):
        later = MemberFactory(organization=OrganizationFactory(), user=cast.rider.user)
        later.joined_at = now + timedelta(days=1)
        later.save()
        assert selectors.get_member(cast.rider.user) == cast.rider
        cast.rider.left_at = now
        cast.rider.save()
        assert selectors.require_member(cast.rider.user) == later

    def test_who_may_not_sign_in_is_nobody(self, cast):
        cast.rider.user.is_active = False
        cast.rider.user.save()
        assert selectors.get_member(cast.rider.user) is None


class TestOwnThings:
    """Cars and places are seen by their owner only."""

    def test_cars(self, cast, now):
        kept = CarFactory(member=cast.rider)
        removed = CarFactory(member=cast.rider)
        remove_car(car=removed, now=now)
        assert list(selectors.list_cars(cast.rider)) == [kept]
        assert selectors.get_car_for(cast.rider, kept.pk) == kept
        assert selectors.get_car_for(cast.rider, kept.pk, lock=True) == kept
        for stranger, car_id in [
            (cast.rider, removed.pk),
            (cast.colleague, kept.pk),
            (cast.manager, kept.pk),
            (cast.operator, kept.pk),
            (cast.rider, uuid4()),
        ]:
            with pytest.raises(CarNotFound):
                selectors.get_car_for(stranger, car_id)

    def test_places(self, cast):
        home = save_place(member=cast.rider, kind="home", label="Calle 1", location=HOME_NORTH)
        assert list(selectors.list_places(cast.rider)) == [home]
        assert selectors.get_place_for(cast.rider, home.pk) == home
        for stranger in (cast.driver, cast.colleague, cast.manager, cast.operator, cast.outsider):
            assert not selectors.list_places(stranger).exists()
            with pytest.raises(PlaceNotFound):
                selectors.get_place_for(stranger, home.pk)


class TestSites:
    """Places that everybody in the organization may know."""

    def test_sites_are_the_organizations_own(self, cast):
        assert len(selectors.list_sites(cast.rider)) == 3
        assert not selectors.list_sites(cast.outsider).exists()

    @pytest.mark.parametrize(("east_m", "found"), [(0, True), (140, True), (160, False)])
    def test_a_place_within_so_many_metres_is_the_site(self, cast, east_m, found):
        place = offset_m(HEAD_OFFICE, east_m=east_m, north_m=0)
        site = selectors.get_site_near(cast.rider, place, within_m=150)
        assert (site is not None and site.name == "Head office") is found

    def test_of_two_sites_the_nearer_is_meant(self, cast):
        towards = offset_m(WORKSHOP, east_m=100, north_m=0)
        site = selectors.get_site_near(cast.rider, towards, within_m=100_000)
        assert site.name == "Workshop"

    def test_another_organizations_site_is_no_public_place(self, cast):
        assert selectors.get_site_near(cast.outsider, HEAD_OFFICE, within_m=150) is None


@pytest.mark.parametrize("email", ["a@copper.example", "A@Copper.EXAMPLE"])
def test_a_domain_is_found_in_any_spelling(cast, email):
    assert selectors.organization_for_email(email) == cast.organization


@pytest.mark.parametrize("email", ["a@copper.example.org", "copper.example@evil.example", "", "@"])
def test_a_look_alike_is_not_the_domain(cast, email):
    assert selectors.organization_for_email(email) is None


def test_an_address_in_words_is_found_near_the_organization(cast, gazetteer):
    place = selectors.find_named_place(cast.rider, "Avenida Francisco de Aguirre")
    assert crow_fly_m(place, HEAD_OFFICE) < 3_000
    assert selectors.find_named_place(cast.outsider, "Avenida Francisco de Aguirre") is not None
    assert selectors.find_named_place(cast.rider, "xyzzy nowhere") is None


def test_the_demo_lists_who_may_sign_in(cast, now):
    cast.rider.left_at = now
    cast.rider.save()
    cast.colleague.user.is_active = False
    cast.colleague.user.save()
    members = list(selectors.list_demo_members())
    assert [member.display_name for member in members] == [
        "Otto Outsider",
        "Dora Driver",
        "Mona Manager",
        "Olga Operator",
    ]


@pytest.mark.parametrize(
    ("role", "may"),
    [(MemberRole.MEMBER, False), (MemberRole.MANAGER, True), (MemberRole.OWNER, True)],
)
def test_managers_and_owners_steer_the_organization(role, may):
    assert permissions.is_manager(Member(role=role)) is may


def test_colleagues_share_an_organization(cast):
    assert permissions.is_colleague(cast.driver, cast.rider)
    assert not permissions.is_colleague(cast.driver, cast.outsider)
