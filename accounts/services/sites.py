"""An organization's sites: where its people work, and how far each reaches."""

from collections.abc import Sequence

from django.contrib.gis.geos import Polygon
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import SiteNameTaken
from accounts.models import Member, Site
from accounts.permissions import Act
from accounts.selectors import require
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat, area_m2, crow_fly_m, to_point, to_polygon
from maps.selectors import region_at

LEAST_CORNERS, MOST_CORNERS = 3, 60
# From a gatehouse to what the widest circle covers.
LEAST_AREA_M2, MOST_AREA_M2 = 400.0, 12_000_000.0
FARTHEST_M = 3_000.0


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
    fence: Sequence[LonLat] | None = None,
) -> Site:
    """Add a site to a manager's organization, or change one.

    ``fence``: the corners of an outline, in order, which holds instead of the circle.

    Raises:
        ManagersOnly: the member does not steer the organization.
        OutsideMap: no region contains a place (names it).
        InvalidInput: a value does not fit, or the entrance is out of reach (names it).
        SiteNameTaken: the organization has one of that name.
    """
    require(by, Act.CHANGE_SITES)
    region_at(location, field="location")
    site = site or Site(organization=by.organization)
    site.name, site.address, site.radius_m = name.strip(), address, radius_m
    site.location, site.entrance = to_point(location), entrance and to_point(entrance)
    site.fence = _outline(fence, location) if fence else None
    if entrance is not None and not site.holds(entrance):
        raise InvalidInput(
            _("The entrance is farther away than the site reaches."), field="entrance"
        )
    try:
        site.clean_fields(exclude=["organization"])
    except ValidationError as error:
        raise InvalidInput(fields=error.message_dict) from error
    others = Site.objects.select_for_update().filter(organization=by.organization_id)
    if others.filter(name__iexact=site.name).exclude(pk=site.pk).exists():
        raise SiteNameTaken(field="name")
    site.save()
    return site


def _outline(corners: Sequence[LonLat], middle: LonLat) -> Polygon:
    """Return the polygon of an outline that makes sense: simple, of a site's size, around it."""
    if not LEAST_CORNERS <= len(corners) <= MOST_CORNERS:
        raise InvalidInput(_("An outline has 3 to 60 corners."), field="fence")
    if any(crow_fly_m(middle, corner) > FARTHEST_M for corner in corners):
        raise InvalidInput(_("A corner is more than 3 km away from the site."), field="fence")
    polygon = to_polygon(corners)
    if not polygon.valid:
        raise InvalidInput(_("The outline crosses itself."), field="fence")
    if not LEAST_AREA_M2 <= area_m2(polygon) <= MOST_AREA_M2:
        raise InvalidInput(_("An outline covers 400 m² to 12 km²."), field="fence")
    if not polygon.covers(to_point(middle)):
        raise InvalidInput(_("The site's middle lies outside its outline."), field="fence")
    return polygon


def remove_site(*, by: Member, site: Site) -> None:
    """Take a site off the list. Rides keep what they say; plans ask for another workplace.

    Raises:
        ManagersOnly: the member does not steer the organization.
    """
    require(by, Act.CHANGE_SITES)
    site.delete()
