"""Driving from one point to another."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat
from maps.models import Region
from maps.selectors.regions import load_network, region_at, snap


@dataclass(frozen=True)
class Drive:
    """A drive between two points: whole seconds (rounded up), metres, and places on the way."""

    region: Region
    duration_s: int
    distance_m: float
    geometry: list[LonLat]


def drive_between(
    origin: LonLat, destination: LonLat, *, fields: tuple[str, str] = ("origin", "destination")
) -> Drive:
    """Return the fastest drive between two points of one region.

    Raises:
        OutsideMap: a point lies in no region; names its field.
        OffNetwork: a point has no road near; names its field.
        InvalidInput: the points lie in different regions.
    """
    region = region_at(origin, field=fields[0])
    if region_at(destination, field=fields[1]) != region:
        raise InvalidInput(_("Start and destination lie on different maps."), field=fields[1])
    network = load_network(region)
    start = snap(network, origin, field=fields[0])
    end = snap(network, destination, field=fields[1])
    route = network.route([start.node, end.node])
    return Drive(
        region,
        -(-route.duration_ms // 1000),
        route.distance_m,
        [LonLat(lon, lat) for lon, lat in route.geometry.tolist()],
    )
