"""An organization's sites: where its people work, and how far each reaches."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import SiteNameTaken
from accounts.models import Member, Site
from accounts.permissions import Act
from accounts.selectors import require
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, crow_fly_m, to_point
from maps.selectors import region_at


@transaction.atomic
def save_site(
    *,
    by: Member,
    site: Site | None = None,
    name: str,
    address: str,
    location: LonLat,
    radius_m: int,
    entrance: LonLat | None,
) -> Site:
    """Add a site to a manager's organization, or change one.

    Raises:
        ManagersOnly: the member does not steer the organization.
        OutsideMap: no region contains a place (names it).
        InvalidInput: a value does not fit, or the entrance is out of reach (names it).
        SiteNameTaken: the organization has one of that name.
    """
    require(by, Act.CHANGE_SITES)
    region_at(location, field="location")
    if entrance is not None and crow_fly_m(location, entrance) > radius_m:
        raise InvalidInput(
            _("The entrance is farther away than the site reaches."), field="entrance"
        )
    site = site or Site(organization=by.organization)
    site.name, site.address, site.radius_m = name.strip(), address, radius_m
    site.location, site.entrance = to_point(location), entrance and to_point(entrance)
    try:
        site.clean_fields(exclude=["organization"])
    except ValidationError as error:
        raise InvalidInput(fields=error.message_dict) from error
    others = Site.objects.select_for_update().filter(organization=by.organization_id)
    if others.filter(name__iexact=site.name).exclude(pk=site.pk).exists():
        raise SiteNameTaken(field="name")
    site.save()
    return site


def remove_site(*, by: Member, site: Site) -> None:
    """Take a site off the list. Rides keep what they say; plans ask for another workplace.

    Raises:
        ManagersOnly: the member does not steer the organization.
    """
    require(by, Act.CHANGE_SITES)
    site.delete()
