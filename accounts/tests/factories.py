"""People for tests. Places lie on streets of the demo city."""

from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.contrib.gis.geos import Point
from factory.django import DjangoModelFactory

from accounts.models import Car, EmailDomain, Member, Organization, Site, User
from carpool.kernel.geo import LonLat

# Along the coast, from north to south and then west: A, B, C lie on one way.
HEAD_OFFICE = LonLat(-71.25094, -29.90747)
WORKSHOP = LonLat(-71.28881, -29.94895)
PORT = LonLat(-71.33849, -29.95400)
# Residential streets near A and B.
HOME_NORTH = LonLat(-71.2575, -29.9185)
HOME_SOUTH = LonLat(-71.2760, -29.9380)
AT_SEA = LonLat(-71.3300, -29.9000)
ELSEWHERE = LonLat(-70.6500, -33.4400)


class OrganizationFactory(DjangoModelFactory[Organization]):
    """An organization with an e-mail domain of its own."""

    class Meta:
        model = Organization
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Organization {n}")
    slug = factory.Sequence(lambda n: f"organization-{n}")

    @factory.post_generation
    def domain(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        EmailDomain.objects.create(organization=self, domain=f"{self.slug}.example")


class UserFactory(DjangoModelFactory[User]):
    """A user with a proven address."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@nowhere.example")

    @factory.post_generation
    def address(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class MemberFactory(DjangoModelFactory[Member]):
    """A member; ``car=True`` gives them a car with three seats."""

    class Meta:
        model = Member
        skip_postgeneration_save = True

    organization = factory.SubFactory(OrganizationFactory)
    display_name = factory.Sequence(lambda n: f"Person {n}")
    user = factory.SubFactory(
        UserFactory,
        email=factory.LazyAttributeSequence(
            lambda o, n: f"person{n}@{o.factory_parent.organization.slug}.example"
        ),
    )

    @factory.post_generation
    def car(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        if extracted:
            CarFactory(member=self)


class CarFactory(DjangoModelFactory[Car]):
    """A car with three seats for riders."""

    class Meta:
        model = Car

    member = factory.SubFactory(MemberFactory)
    make, model, colour, seats = "Toyota", "Yaris", "White", 3
    plate = factory.Sequence(lambda n: f"AB-CD-{n:02}")


def add_sites(organization: Organization) -> None:
    """Give an organization its three workplaces."""
    for name, place in (("Head office", HEAD_OFFICE), ("Workshop", WORKSHOP), ("Port", PORT)):
        Site.objects.create(organization=organization, name=name, location=Point(*place, srid=4326))
