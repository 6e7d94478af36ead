"""A member's cars and places, and the places that their organization shows."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.errors import CarNotFound, PlaceNotFound
from accounts.models import Car, Member, Place, Site
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from maps.selectors import search_addresses


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
    """Return the organization's nearest site in whose fence a place lies: a place that is public.

    However far a fence reaches, only so many metres around its middle or gate are public: a home
    across the road stays private.
    """
    near = [
        (crow_fly_m(from_point(site.meeting_point), place), site)
        for site in list_sites(member)
        if site.is_at(place, within_m=within_m)
    ]
    return min(near, key=lambda pair: pair[0], default=(0.0, None))[1]


def find_named_place(member: Member, text: str) -> LonLat | None:
    """Return where the best hit for an address lies, as near to the organization as can be."""
    site = list_sites(member).first()
    near = from_point(site.location) if site else None
    hits = search_addresses(None, text, near=near, limit=1)
    return hits[0].location if hits else None
