"""Say what an OpenStreetMap object is for address search and for the basemap.

Source: OpenStreetMap wiki, "Map features"; the classes are ours, few enough to style.
"""

from typing import Final

from maps.engine.osm_tags import Tags

# (key, values or None for any) -> class of area on the basemap; the first match wins.
_AREA_CLASSES: Final = (
    ("natural", {"water", "bay", "strait"}, "water"),
    ("waterway", {"riverbank", "dock", "basin"}, "water"),
    ("landuse", {"reservoir", "basin"}, "water"),
    ("leisure", {"swimming_pool"}, "water"),
    ("building", None, "building"),
    ("leisure", {"park", "garden", "golf_course", "nature_reserve", "dog_park"}, "green"),
    ("leisure", {"pitch", "playground", "sports_centre", "stadium", "track"}, "sport"),
    ("landuse", {"grass", "meadow", "village_green", "recreation_ground", "orchard"}, "green"),
    ("landuse", {"vineyard", "allotments", "cemetery", "farmland", "greenfield"}, "green"),
    ("landuse", {"forest"}, "wood"),
    ("natural", {"wood", "scrub", "heath"}, "wood"),
    ("natural", {"grassland", "wetland"}, "green"),
    ("natural", {"beach", "sand"}, "sand"),
    ("amenity", {"school", "university", "college", "kindergarten", "hospital"}, "campus"),
    ("amenity", {"parking"}, "parking"),
    ("landuse", {"residential"}, "residential"),
    ("landuse", {"commercial", "retail"}, "commercial"),
    ("landuse", {"industrial", "port", "railway"}, "industrial"),
    ("aeroway", {"aerodrome", "runway", "taxiway", "apron"}, "industrial"),
    ("highway", {"pedestrian"}, "residential"),
)

_LINE_CLASSES: Final = (
    ("waterway", {"river", "canal"}, "river"),
    ("waterway", {"stream", "drain", "ditch"}, "stream"),
    ("railway", {"rail", "light_rail", "tram", "subway", "narrow_gauge"}, "rail"),
    ("natural", {"coastline"}, "coast"),
)

SETTLEMENTS: Final = {
    "city": 1,
    "town": 2,
    "suburb": 3,
    "village": 3,
    "quarter": 4,
    "neighbourhood": 5,
    "hamlet": 5,
    "locality": 6,
    "isolated_dwelling": 6,
}

_STOPS: Final = (
    ("highway", {"bus_stop"}),
    ("public_transport", {"station", "stop_position", "platform"}),
    ("railway", {"station", "halt", "tram_stop", "subway_entrance"}),
    ("amenity", {"bus_station", "ferry_terminal"}),
    ("aeroway", {"aerodrome", "terminal"}),
)

_PLACE_KEYS: Final = ("amenity", "shop", "tourism", "leisure", "office", "historic", "healthcare")
_NOT_PLACES: Final = frozenset("bench waste_basket parking_space vending_machine yes".split())


def area_class(tags: Tags) -> str | None:
    """Return the class of a closed way or multipolygon, or None when it is not drawn."""
    return _first(_AREA_CLASSES, tags)


def line_class(tags: Tags) -> str | None:
    """Return the class of a line that is no road, or None when it is not drawn."""
    return _first(_LINE_CLASSES, tags)


def place_kind(tags: Tags) -> str | None:
    """Return how a named object is found in search: settlement, stop, parking or place."""
    if not (tags.get("name") or tags.get("name:en")):
        return None
    if tags.get("place") in SETTLEMENTS:
        return "settlement"
    if any(tags.get(key) in values for key, values in _STOPS):
        return "stop"
    if tags.get("amenity") == "parking":
        return "parking"
    for key in _PLACE_KEYS:
        if key in tags and tags[key] not in _NOT_PLACES:
            return "place"
    named_building = "building" in tags or tags.get("landuse") in {"commercial", "industrial"}
    return "place" if named_building else None


def house_number(tags: Tags) -> tuple[str, str, str] | None:
    """Return (street, number, town) of an object with a street address, or None."""
    street = tags.get("addr:street") or tags.get("addr:place")
    number = tags.get("addr:housenumber")
    if not street or not number:
        return None
    town = tags.get("addr:city") or tags.get("addr:suburb") or ""
    return street, number, town


def _first(table: tuple[tuple[str, set[str] | None, str], ...], tags: Tags) -> str | None:
    for key, values, found in table:
        value = tags.get(key)
        if value is None or value == "no":
            continue
        if values is None or value in values:
            return found
    return None
