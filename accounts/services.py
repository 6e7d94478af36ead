"""Writes about people."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import CarPlateTaken, EmailDomainTaken
from accounts.models import (
    Car,
    EmailDomain,
    Member,
    MemberRole,
    Organization,
    Place,
    PlaceKind,
    Site,
    User,
)
from accounts.selectors import organization_for_email
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, to_point
from maps.selectors import region_at


@transaction.atomic
def join_by_email(*, user: User, email: str) -> Member | None:
    """Make the owner of a *proven* address a member of the organization of its domain.

    Returns the membership, new or old, or None when the domain belongs to nobody. Somebody who
    left stays out: only a manager lets them in again.
    """
    organization = organization_for_email(email)
    if organization is None:
        return None
    return ensure_member(user=user, organization=organization)


def ensure_member(
    *,
    user: User,
    organization: Organization,
    display_name: str = "",
    role: str = MemberRole.MEMBER,
) -> Member:
    """Return the membership of a user in an organization, made if there is none."""
    name = display_name or user.email.partition("@")[0].replace(".", " ").title()
    member, _created = Member.objects.get_or_create(
        user=user,
        organization=organization,
        defaults={"display_name": name[:80], "role": role},
    )
    return member


@transaction.atomic
def register_member(
    *,
    organization: Organization,
    email: str,
    display_name: str,
    role: str = MemberRole.MEMBER,
    is_operator: bool = False,
) -> tuple[Member, bool]:
    """Enter a person whose address the organization vouches for; they sign in by code.

    Returns the member, and whether they are new.
    """
    user = User.objects.filter(email=email.lower()).first()
    is_new = user is None
    if user is None:
        user = User.objects.create_user(email, is_staff=is_operator, is_superuser=is_operator)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    member = ensure_member(
        user=user, organization=organization, display_name=display_name, role=role
    )
    return member, is_new


@transaction.atomic
def found_organization(
    *, name: str, slug: str, time_zone: str, currency: str, domain: str
) -> Organization:
    """Return the organization of that slug, founded if there is none.

    Raises:
        EmailDomainTaken: the domain belongs to another organization.
    """
    organization, _created = Organization.objects.get_or_create(
        slug=slug, defaults={"name": name, "time_zone": time_zone, "currency": currency}
    )
    claim_email_domain(organization=organization, domain=domain)
    return organization


@transaction.atomic
def claim_email_domain(*, organization: Organization, domain: str) -> EmailDomain:
    """Give an e-mail domain to an organization.

    Raises:
        EmailDomainTaken: another organization has it.
    """
    row, _created = EmailDomain.objects.get_or_create(
        domain=domain.strip().lower(), defaults={"organization": organization}
    )
    if row.organization_id != organization.pk:
        raise EmailDomainTaken(field="domain")
    return row


def add_site(*, organization: Organization, name: str, address: str, location: LonLat) -> Site:
    """Add a site, or move the one of that name."""
    site, _created = Site.objects.update_or_create(
        organization=organization,
        name=name,
        defaults={"address": address, "location": to_point(location)},
    )
    return site


def update_profile(*, member: Member, display_name: str, phone: str, language: str) -> Member:
    """Change what a member says of themselves."""
    member.display_name, member.phone, member.language = display_name, phone, language
    member.save(update_fields=["display_name", "phone", "language"])
    return member


def save_car(
    *,
    member: Member,
    car: Car | None = None,
    make: str,
    model: str,
    colour: str,
    plate: str,
    seats: int,
) -> Car:
    """Add a car, or change one of the member's own.

    Raises:
        InvalidInput: a value does not fit (names it).
        CarPlateTaken: the member already has a car with that plate.
    """
    car = car or Car(member=member)
    car.make, car.model, car.colour = make, model, colour
    car.plate, car.seats = plate.upper().strip(), seats
    try:
        car.clean_fields(exclude=["member"])
    except ValidationError as error:
        raise InvalidInput(fields=error.message_dict) from error
    try:
        with transaction.atomic():
            car.save()
    except IntegrityError as error:
        raise CarPlateTaken(field="plate") from error
    return car


def remove_car(*, car: Car, now: datetime) -> None:
    """Retire a car. Rides that were made with it keep showing it."""
    car.removed_at = now
    car.save(update_fields=["removed_at"])


def save_place(*, member: Member, kind: str, label: str, location: LonLat) -> Place:
    """Save home or work (there is one of each), or add another place.

    Raises:
        OutsideMap: no region contains the place (names ``location``).
    """
    region_at(location, field="location")
    point = to_point(location)
    if kind == PlaceKind.OTHER:
        return Place.objects.create(member=member, kind=kind, label=label, location=point)
    place, _created = Place.objects.update_or_create(
        member=member, kind=kind, defaults={"label": label, "location": point}
    )
    return place


def remove_place(*, place: Place) -> None:
    """Forget a place."""
    place.delete()
