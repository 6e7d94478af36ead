"""Read OpenStreetMap tags: who may drive or walk, and what a thing on the map is.

Source: the tag tables of the OpenStreetMap wiki ("Map features", "Key:access"), and the
network filters "drive" and "walk" of OSMnx 2.1 (``osmnx._overpass._get_network_filter``).
"""

from collections.abc import Mapping
from typing import Final

Tags = Mapping[str, str]

NOT_THERE: Final = frozenset(
    "abandoned bus_guideway construction corridor elevator escalator no planned platform "
    "proposed raceway razed rest_area services".split()
)
CARS: Final = frozenset(
    "motorway motorway_link trunk trunk_link primary primary_link secondary secondary_link "
    "tertiary tertiary_link unclassified residential living_street service road".split()
)
NO_CARS: Final = NOT_THERE | frozenset(
    "bridleway busway cycleway footway path pedestrian steps track via_ferrata".split()
)
NO_FEET: Final = NOT_THERE | frozenset("busway cycleway motorway motorway_link via_ferrata".split())
PRIVATE_SERVICE: Final = frozenset(
    "alley driveway emergency_access parking parking_aisle private".split()
)
CLOSED: Final = frozenset({"no", "private"})

# Where a car must not stop for a passenger. Source: EU and Chilean law alike forbid stopping on
# motorways; trunk roads of OSM are their extensions in practice.
NO_STOPPING: Final = frozenset("motorway motorway_link trunk trunk_link".split())

ROAD_CLASSES: Final = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "path",
)

OTHER_NAMES: Final = ("name:en", "int_name", "alt_name", "short_name", "official_name")

TAG_KEYS: Final = (
    *OTHER_NAMES,
    "highway",
    "name",
    "ref",
    "oneway",
    "junction",
    "maxspeed",
    "maxspeed:forward",
    "maxspeed:backward",
    "lanes",
    "access",
    "motor_vehicle",
    "motorcar",
    "foot",
    "service",
    "area",
    "tunnel",
    "bridge",
    "motorroad",
    "vehicle",
)


def may_drive(tags: Tags) -> bool:
    """Say whether a way belongs to the network of cars that anyone may use."""
    highway = tags.get("highway")
    if highway not in CARS or tags.get("area") == "yes":
        return False
    if highway == "service" and tags.get("service") in PRIVATE_SERVICE:
        return False
    # The most specific key decides. Source: OSM wiki, "Key:access", hierarchy of modes.
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:
            return tags[key] not in CLOSED
    return True


def may_walk(tags: Tags) -> bool:
    """Say whether a way belongs to the network of people on foot."""
    highway = tags.get("highway")
    if highway is None or tags.get("area") == "yes" or tags.get("motorroad") == "yes":
        return False
    if highway in NO_FEET and tags.get("foot") not in {"yes", "designated"}:
        return False
    if highway == "service" and tags.get("service") == "private":
        return False
    for key in ("foot", "access"):
        if key in tags:
            return tags[key] not in CLOSED
    return True


def street_name(tags: Tags) -> str:
    """Return the name of a road, else the number that its signs show, else ""."""
    return tags.get("name") or tags.get("ref", "").split(";")[0]


def other_names(tags: Tags) -> str:
    """Return the other names by which people may look for something, joined by spaces."""
    names = {tags[key] for key in OTHER_NAMES if key in tags} - {tags.get("name")}
    return " ".join(sorted(names)).replace(";", " ")


def direction(tags: Tags) -> int:
    """Return 1 when cars may only follow the way, -1 only against it, 0 both.

    Source: OSM wiki, "Key:oneway"; motorways and roundabouts are one-way by implication.
    """
    value = tags.get("oneway", "")
    if value in {"-1", "reverse"}:
        return -1
    if value in {"yes", "true", "1"}:
        return 1
    if value in {"no", "false", "0", "reversible", "alternating"}:
        return 0
    implied = tags.get("highway") in {"motorway", "motorway_link"}
    return int(implied or tags.get("junction") in {"roundabout", "circular"})


def level(tags: Tags) -> int:
    """Return -1 in a tunnel, 1 on a bridge, else 0."""
    if tags.get("tunnel", "no") != "no":
        return -1
    return int(tags.get("bridge", "no") != "no")


def road_class(highway: str) -> str:
    """Return the class of :data:`ROAD_CLASSES` that a ``highway`` value is drawn and timed as."""
    base = highway.removesuffix("_link")
    if base in ROAD_CLASSES:
        return base
    return "path" if base in NO_CARS else "unclassified"
