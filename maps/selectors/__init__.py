"""Everything that is read from maps: regions, networks, places, addresses, tiles."""

from maps.engine import MeetingPoints, RoadNetwork, Snap, Walk, WalkNetwork
from maps.selectors.addresses import AddressHit, search_addresses
from maps.selectors.regions import (
    describe_place,
    get_region,
    list_regions,
    load_cells,
    load_network,
    load_walk_network,
    map_health,
    meeting_points,
    region_at,
    region_of_both,
    snap,
    walk_between,
    walks_from,
)
from maps.selectors.routes import Drive, drive_between
from maps.selectors.tiles import MAX_ZOOM, get_tile

__all__ = [
    "MAX_ZOOM",
    "AddressHit",
    "Drive",
    "MeetingPoints",
    "RoadNetwork",
    "Snap",
    "Walk",
    "WalkNetwork",
    "describe_place",
    "drive_between",
    "get_region",
    "get_tile",
    "list_regions",
    "load_cells",
    "load_network",
    "load_walk_network",
    "map_health",
    "meeting_points",
    "region_at",
    "region_of_both",
    "search_addresses",
    "snap",
    "walk_between",
    "walks_from",
]
