"""Joining, founding, cars and places."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts import services
from accounts.errors import CarPlateTaken, EmailDomainTaken
from accounts.models import (
    EmailDomain,
    Member,
    MemberRole,
    Organization,
    Place,
    PlaceKind,
    Site,
    User,
)
from accounts.selectors import get_member
from accounts.tests.factories import (
    ELSEWHERE,
    HEAD_OFFICE,
    HOME_NORTH,
    HOME_SOUTH,
    CarFactory,
    OrganizationFactory,
    UserFactory,
)
from carpool.kernel.errors import InvalidInput
from maps.errors import OutsideMap

CAR = {"make": "Kia", "model": "Rio", "colour": "Red", "plate": "KX-RT-42", "seats": 4}


class TestJoining:
    """An address in an organization's domain makes its owner a member."""

    @pytest.mark.parametrize("email", ["ana.rojas@copper.example", "Ana.Rojas@COPPER.Example"])
    def test_the_domain_decides_and_the_address_gives_a_first_name(self, cast, email):
        user = UserFactory(email=email.lower())
        member = services.join_by_email(user=user, email=email)
        assert member.organization == cast.organization
        assert (member.display_name, member.role) == ("Ana Rojas", MemberRole.MEMBER)

    @pytest.mark.parametrize(
        "email", ["ana@nowhere.example", "ana@sub.copper.example", "ana@notcopper.example"]
    )
    def test_a_domain_that_is_nobodys_joins_nothing(self, cast, email):
        assert services.join_by_email(user=UserFactory(email=email), email=email) is None
        assert not Member.objects.filter(user__email=email).exists()

    def test_joining_twice_changes_nothing(self, cast):
        cast.manager.display_name = "Mona the Manager"
        cast.manager.save()
        again = services.join_by_email(user=cast.manager.user, email=cast.manager.user.email)
        assert again == cast.manager
        assert (again.display_name, again.role) == ("Mona the Manager", MemberRole.MANAGER)

    def test_somebody_who_left_stays_out(self, cast, now):
        cast.rider.left_at = now
        cast.rider.save()
        services.join_by_email(user=cast.rider.user, email=cast.rider.user.email)
        assert get_member(cast.rider.user) is None

    def test_a_very_long_address_still_makes_a_name(self, cast):
        email = "a" * 64 + "@copper.example"
        member = services.ensure_member(
            user=UserFactory(email=email), organization=cast.organization
        )
        assert 0 < len(member.display_name) <= 80

    def test_the_database_knows_one_membership_each(self, cast):
        with pytest.raises(IntegrityError):
            Member.objects.create(
                user=cast.rider.user, organization=cast.organization, display_name="Twin"
            )


class TestRegistering:
    """An organization enters its people."""

    def test_a_new_person_can_sign_in_by_code_only(self, cast):
        member, is_new = services.register_member(
            organization=cast.organization, email="Neo@Copper.example", display_name="Neo"
        )
        assert is_new
        assert member.user.email == "neo@copper.example"
        assert not member.user.has_usable_password()
        assert not member.user.is_staff
        address = member.user.emailaddress_set.get()
        assert (address.verified, address.primary) == (True, True)

    def test_a_known_person_is_found_not_made_anew(self, cast):
        member, is_new = services.register_member(
            organization=cast.organization,
            email=cast.rider.user.email.upper(),
            display_name="Somebody else",
        )
        assert (member, is_new) == (cast.rider, False)
        assert member.display_name == "Rita Rider"
        assert User.objects.filter(email__iexact=cast.rider.user.email).count() == 1

    def test_an_operator_may_use_the_admin(self, cast):
        member, _is_new = services.register_member(
            organization=cast.organization,
            email="op@copper.example",
            display_name="Op",
            role=MemberRole.OWNER,
            is_operator=True,
        )
        assert member.user.is_staff
        assert member.user.is_superuser
        assert member.role == MemberRole.OWNER


class TestFounding:
    """An organization and its domain."""

    def found(self, **changes):
        plain = {
            "name": "Vineyard",
            "slug": "vineyard",
            "time_zone": "America/Santiago",
            "currency": "CLP",
            "domain": "vineyard.example",
        }
        return services.found_organization(**plain | changes)

    def test_it_is_founded_once(self, db):
        organization = self.found()
        assert self.found() == organization
        assert organization.zone.key == "America/Santiago"
        assert [row.domain for row in organization.email_domains.all()] == ["vineyard.example"]

    def test_a_domain_of_somebody_else_founds_nothing(self, cast):
        with pytest.raises(EmailDomainTaken) as caught:
            self.found(domain="Copper.example")
        assert list(caught.value.fields) == ["domain"]
        assert not Organization.objects.filter(slug="vineyard").exists()

    def test_a_second_domain_can_be_claimed_in_any_spelling(self, cast):
        row = services.claim_email_domain(organization=cast.organization, domain=" Mine.EXAMPLE ")
        assert row.domain == "mine.example"
        again = services.claim_email_domain(organization=cast.organization, domain="mine.example")
        assert again == row
        assert EmailDomain.objects.filter(organization=cast.organization).count() == 2

    def test_a_site_of_the_same_name_is_moved(self, cast):
        place = {"organization": cast.organization, "name": "Depot", "address": "Calle 1"}
        first = services.add_site(**place, location=HOME_NORTH)
        moved = services.add_site(**place | {"address": "Calle 2"}, location=HOME_SOUTH)
        assert moved.pk == first.pk
        assert (moved.address, moved.location.coords) == ("Calle 2", HOME_SOUTH)
        assert Site.objects.filter(name="Depot").count() == 1


class TestCars:
    """One's own cars."""

    def test_a_plate_is_kept_in_capitals(self, cast):
        car = services.save_car(member=cast.rider, **CAR | {"plate": " kx-rt-42 "})
        assert car.plate == "KX-RT-42"

    def test_the_same_plate_twice_is_refused_and_nothing_is_added(self, cast):
        services.save_car(member=cast.rider, **CAR)
        with pytest.raises(CarPlateTaken) as caught:
            services.save_car(member=cast.rider, **CAR | {"plate": "kx-rt-42"})
        assert list(caught.value.fields) == ["plate"]
        assert cast.rider.cars.count() == 1

    def test_two_people_may_drive_the_same_car(self, cast):
        services.save_car(member=cast.rider, **CAR)
        assert services.save_car(member=cast.colleague, **CAR).member == cast.colleague

    def test_a_removed_car_gives_its_plate_free(self, cast, now):
        car = services.save_car(member=cast.rider, **CAR)
        services.remove_car(car=car, now=now)
        car.refresh_from_db()
        assert car.removed_at == now
        assert services.save_car(member=cast.rider, **CAR).pk != car.pk

    def test_a_change_that_is_refused_leaves_the_car_as_it_was(self, cast):
        CarFactory(member=cast.rider, plate="AA-AA-11")
        car = CarFactory(member=cast.rider, plate="BB-BB-22")
        with pytest.raises(CarPlateTaken):
            services.save_car(member=cast.rider, car=car, **CAR | {"plate": "AA-AA-11"})
        car.refresh_from_db()
        assert (car.plate, car.make) == ("BB-BB-22", "Toyota")

    def test_a_plate_that_grows_too_long_in_capitals_is_refused(self, cast):
        with pytest.raises(InvalidInput) as caught:
            services.save_car(member=cast.rider, **CAR | {"plate": "ß" * 16})
        assert list(caught.value.fields) == ["plate"]

    @pytest.mark.parametrize("seats", [0, 9, 99, -1])
    def test_impossible_seats_are_refused(self, cast, seats):
        with pytest.raises(InvalidInput) as caught:
            services.save_car(member=cast.rider, **CAR | {"seats": seats})
        assert list(caught.value.fields) == ["seats"]
        assert not cast.rider.cars.exists()

    @pytest.mark.parametrize("seats", [0, 9])
    def test_the_database_refuses_impossible_cars(self, cast, seats):
        with pytest.raises(IntegrityError):
            CarFactory(member=cast.rider, seats=seats)


class TestPlaces:
    """Home, work, and others."""

    @pytest.mark.parametrize("kind", [PlaceKind.HOME, PlaceKind.WORK])
    def test_there_is_one_home_and_one_work(self, cast, kind):
        first = services.save_place(
            member=cast.rider, kind=kind, label="Calle 1", location=HOME_NORTH
        )
        moved = services.save_place(
            member=cast.rider, kind=kind, label="Calle 2", location=HOME_SOUTH
        )
        assert moved.pk == first.pk
        assert (moved.label, moved.location.coords) == ("Calle 2", HOME_SOUTH)
        with pytest.raises(IntegrityError):
            Place.objects.create(
                member=cast.rider, kind=kind, label="Second", location=first.location
            )

    def test_there_may_be_many_others(self, cast):
        for label in ("Gym", "Gym"):
            services.save_place(
                member=cast.rider, kind=PlaceKind.OTHER, label=label, location=HEAD_OFFICE
            )
        assert cast.rider.places.count() == 2

    def test_a_forgotten_place_is_gone(self, cast):
        place = services.save_place(
            member=cast.rider, kind=PlaceKind.HOME, label="Calle 1", location=HOME_NORTH
        )
        services.remove_place(place=place)
        assert not cast.rider.places.exists()

    def test_two_homes_of_two_people_are_two(self, cast):
        for member in (cast.rider, cast.driver):
            services.save_place(
                member=member, kind=PlaceKind.HOME, label="Calle 1", location=HOME_NORTH
            )
        assert Place.objects.filter(kind=PlaceKind.HOME).count() == 2


def test_a_profile_is_saved_by_its_own_columns_only(cast):
    Member.objects.filter(pk=cast.rider.pk).update(role=MemberRole.OWNER)
    services.update_profile(
        member=cast.rider, display_name="Rita Río", phone="+56 9 1111 2222", language="ko"
    )
    cast.rider.refresh_from_db()
    assert cast.rider.role == MemberRole.OWNER, "a stale copy must not write old columns back"
    assert (cast.rider.display_name, cast.rider.language) == ("Rita Río", "ko")


class TestUsers:
    """Sign-in identities."""

    def test_addresses_differ_by_more_than_capitals(self, cast):
        with pytest.raises(IntegrityError):
            User.objects.create(email=cast.rider.user.email.upper())

    def test_a_user_is_made_from_a_tidy_address_without_a_password(self, db):
        user = User.objects.create_user("  Ana@Nowhere.example ")
        assert user.email == str(user) == "ana@nowhere.example"
        assert not user.has_usable_password()
        assert not user.is_staff

    def test_an_operator_may_have_a_password(self, db):
        user = User.objects.create_superuser("op@nowhere.example", "a long secret")
        assert user.check_password("a long secret")
        assert user.is_staff
        assert user.is_superuser


def test_an_organization_reads_its_clocks_in_a_zone_that_exists(db):
    organization = OrganizationFactory(time_zone="America/Atlantis")
    with pytest.raises(ValidationError) as caught:
        organization.full_clean()
    assert list(caught.value.message_dict) == ["time_zone"]


def test_a_place_outside_the_map_is_refused_and_named(cast):
    with pytest.raises(OutsideMap) as caught:
        services.save_place(member=cast.rider, kind="home", label="Santiago", location=ELSEWHERE)
    assert list(caught.value.fields) == ["location"]
    assert not cast.rider.places.exists()
