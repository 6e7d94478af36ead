"""Places that anybody may know of: where a shared taxi stops instead of at somebody's door."""

from accounts.models import Member
from accounts.selectors import list_sites
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from maps.selectors import describe_place, load_network, meeting_points, region_at

# Who names a site means its meeting point, to the metre.
_SAME_M = 2.0


def public_place(member: Member, place: LonLat, *, field: str) -> tuple[LonLat, str]:
    """Return the nearest public place where a car can stop, and what it is called.

    A site's own meeting point stays as it is. Anything else, a home among them, becomes the corner
    or stretch of street nearest on foot.

    Raises:
        OutsideMap, OffNetwork: no car comes near; names ``field``.
    """
    for site in list_sites(member):
        meeting = from_point(site.meeting_point)
        if crow_fly_m(place, meeting) <= _SAME_M:
            return meeting, site.name
    region = region_at(place, field=field)
    walk_m = member.organization.policy.default_walk_m
    points = meeting_points(region, place, walk_m=walk_m, limit=1, field=field)
    public = LonLat(*load_network(region).location(int(points.nodes[0])))
    return public, describe_place(region, public)
