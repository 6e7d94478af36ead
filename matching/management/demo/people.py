"""Invented people and organizations of the demo city."""

import random
from dataclasses import dataclass

from accounts import services as accounts
from accounts.models import Member, MemberRole, Organization, PlaceKind
from carpool.kernel.geo import LonLat
from maps.models import Region
from maps.selectors import describe_place
from matching.management.demo.homes import Homes

CARS = (
    ("Toyota", "Yaris", 3),
    ("Suzuki", "Swift", 3),
    ("Kia", "Rio", 3),
    ("Hyundai", "Accent", 4),
    ("Chevrolet", "Spin", 4),
    ("Nissan", "Kicks", 3),
)
COLOURS = ("White", "Grey", "Red", "Blue", "Silver", "Black")
FIRST_NAMES = (
    "Ana Benjamín Camila Diego Elena Felipe Gabriela Hugo Isidora Joaquín Karla Lucas Martina "
    "Nicolás Olga Pablo Renata Sebastián Tamara Vicente Ximena Yasna Andrés Bárbara Cristóbal "
    "Daniela Esteban Fernanda Gonzalo Ignacia Jorge Laura Matías Natalia Óscar Paula Ricardo Sofía"
).split()
LAST_NAMES = (
    "Rojas Soto Díaz Muñoz Park Araya Castillo Contreras Cortés Espinoza Flores Fuentes González "
    "Gutiérrez Herrera Kim López Morales Núñez Olivares Pérez Pizarro Ramírez Reyes Rivera Silva "
    "Tapia Torres Valenzuela Vega Vergara Zepeda"
).split()


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A workplace of the demo."""

    name: str
    address: str
    location: LonLat


COPPER_SITES = (
    DemoSite("Head office", "Centro, La Serena", LonLat(-71.25094, -29.90747)),
    DemoSite("Port terminal", "Aldunate / Bilbao, Coquimbo", LonLat(-71.33849, -29.95400)),
    DemoSite("Peñuelas workshop", "Peñuelas Norte, Coquimbo", LonLat(-71.28881, -29.94895)),
)
CAMPUS_SITES = (
    DemoSite("Campus gate", "Avenida Juan Cisternas, La Serena", LonLat(-71.24399, -29.91392)),
)


def found_organization(
    *, name: str, slug: str, domain: str, sites: tuple[DemoSite, ...]
) -> Organization:
    """Return a demo organization with its sites, made if there is none."""
    organization = accounts.found_organization(
        name=name, slug=slug, time_zone="America/Santiago", currency="CLP", domain=domain
    )
    for site in sites:
        accounts.add_site(
            organization=organization,
            name=site.name,
            address=site.address,
            location=site.location,
        )
    return organization


class Settler:
    """Gives invented people a home, a workplace and perhaps a car; the same seed, the same town."""

    def __init__(self, region: Region, homes: Homes, *, seed: int) -> None:
        """Prepare to settle people in a region."""
        self._region = region
        self._homes = homes
        self._random = random.Random(seed)  # noqa: S311 (nothing secret is drawn)

    def settle(
        self,
        organization: Organization,
        *,
        name: str,
        email: str,
        site: DemoSite,
        drives: bool,
        role: str = MemberRole.MEMBER,
        is_operator: bool = False,
    ) -> Member:
        """Return the person, made with everything they own if they are new."""
        home = self._homes.draw(far_from=site.location)
        make, model, seats = self._random.choice(CARS)
        colour, plate = self._random.choice(COLOURS), self._plate()
        member, is_new = accounts.register_member(
            organization=organization,
            email=email,
            display_name=name,
            role=role,
            is_operator=is_operator,
        )
        if not is_new:
            return member
        street = describe_place(self._region, home)
        accounts.save_place(member=member, kind=PlaceKind.HOME, label=street, location=home)
        accounts.save_place(
            member=member, kind=PlaceKind.WORK, label=site.name, location=site.location
        )
        if drives:
            accounts.save_car(
                member=member, make=make, model=model, colour=colour, plate=plate, seats=seats
            )
        return member

    def _plate(self) -> str:
        """Return a plate in Chile's present pattern: four consonants and two digits."""
        letters = "".join(self._random.choices("BCDFGHJKLPRSTVWXYZ", k=4))
        return f"{letters[:2]}-{letters[2:]}-{self._random.randint(10, 99)}"


def person_name(number: int) -> str:
    """Return a name; the first thousand or so are different."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[(number * 7 + number // len(FIRST_NAMES)) % len(LAST_NAMES)]
    return f"{first} {last}"
