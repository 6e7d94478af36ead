"""The road networks that batch work computes on."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from maps.engine import NetworkMissing
from maps.errors import MapNotReady
from maps.models import Region
from matching.engine.assignment import Roads, open_roads


def load_roads(region: Region) -> Roads:
    """Return a region's roads; opened once per process and version.

    Raises:
        MapNotReady: its files are absent or damaged here.
    """
    try:
        return _roads(Path(settings.NETWORKS_DIR) / (region.network_version or "none"))
    except NetworkMissing as problem:
        raise MapNotReady from problem


@lru_cache(maxsize=8)
def _roads(folder: Path) -> Roads:
    return open_roads(folder)
