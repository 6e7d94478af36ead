"""Driving from one point to another."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.utils.translation import gettext as _

from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import LonLat
from maps.engine.lengths import Lengths, measure, open_lengths
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


def drive_lengths_m(
    region: Region, sources: npt.NDArray[np.int32], targets: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Return how long the fastest ways between vertices are, float64[sources, targets].

    Raises:
        MapNotReady: the network's files are absent or damaged here.
    """
    network = load_network(region)
    pairs = np.repeat(sources, len(targets)), np.tile(targets, len(sources))
    _times, tenths = measure(*pairs, network.labels, _lengths(region.network_version))
    return tenths.reshape(len(sources), len(targets)) / 10


@lru_cache(maxsize=8)
def _lengths(network_version: str) -> Lengths:
    return open_lengths(Path(settings.NETWORKS_DIR) / network_version)
