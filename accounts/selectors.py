"""Reads about people; each begins with the person who asks."""

from uuid import UUID

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from accounts.errors import CarNotFound, NoMembership, PlaceNotFound
from accounts.models import Car, EmailDomain, Member, Organization, Place, Site, User
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from maps.selectors import search_addresses


def get_member(user: User) -> Member | None:
    """Return the member that a signed-in user acts as: their first active membership."""
    return (
        Member.objects.active()
        .select_related("organization", "user")
        .filter(user=user)
        .order_by("joined_at")
        .first()
    )


def require_member(user: User) -> Member:
    """Return the user's member.

    Raises:
        NoMembership: the user belongs to no organization.
    """
    member = get_member(user)
    if member is None:
        raise NoMembership(
            _("Ask your organization to invite you, or sign in with your work address.")
        )
    return member


def organization_for_email(email: str) -> Organization | None:
    """Return the organization that owns the address's domain."""
    domain = email.rpartition("@")[2].lower()
    match = EmailDomain.objects.select_related("organization").filter(domain=domain).first()
    return match.organization if match else None


def list_cars(member: Member) -> QuerySet[Car]:
    """List a member's own cars that are still in use."""
    return Car.objects.filter(member=member, removed_at=None)


def get_car_for(member: Member, car_id: UUID, *, lock: bool = False) -> Car:
    """Return one of the member's own cars.

    Raises:
        CarNotFound: it is not theirs, or was removed.
    """
    cars = list_cars(member)
    if lock:
        cars = cars.select_for_update()
    car = cars.filter(pk=car_id).first()
    if car is None:
        raise CarNotFound(field="car")
    return car


def list_places(member: Member) -> QuerySet[Place]:
    """List a member's own saved places."""
    return Place.objects.filter(member=member)


def get_place_for(member: Member, place_id: UUID) -> Place:
    """Return one of the member's own places.

    Raises:
        PlaceNotFound: it is not theirs.
    """
    place = list_places(member).filter(pk=place_id).first()
    if place is None:
        raise PlaceNotFound
    return place


def list_sites(member: Member) -> QuerySet[Site]:
    """List the sites of the member's organization."""
    return Site.objects.filter(organization=member.organization_id)


def get_site_near(member: Member, place: LonLat, *, within_m: float) -> Site | None:
    """Return the organization's nearest site within so many metres: a place that is public."""
    near = [(crow_fly_m(from_point(site.location), place), site) for site in list_sites(member)]
    distance_m, site = min(near, key=lambda pair: pair[0], default=(float("inf"), None))
    return site if distance_m <= within_m else None


def find_named_place(member: Member, text: str) -> LonLat | None:
    """Return where the best hit for an address lies, as near to the organization as can be."""
    site = list_sites(member).first()
    near = from_point(site.location) if site else None
    hits = search_addresses(None, text, near=near, limit=1)
    return hits[0].location if hits else None


def list_demo_members(*, per_organization: int = 24) -> QuerySet[Member]:
    """List the first people of each organization, for the demo's "sign in as" page."""
    number = Window(RowNumber(), partition_by="organization", order_by=["joined_at", "id"])
    return (
        Member.objects.active()
        .select_related("organization", "user")
        .annotate(number=number)
        .filter(number__lte=per_organization)
        .order_by("organization__name", "display_name")
    )
