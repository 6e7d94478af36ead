"""Ask an outside address server instead of our own list: Nominatim or Photon, through geopy."""

from typing import Any, Final

from maps.engine.errors import EngineError
from maps.engine.gazetteer import Entry
from maps.engine.geodesy import LonLat

TIMEOUT_S: Final = 4.0
USER_AGENT: Final = "carpool"

Box = tuple[float, float, float, float]

_KINDS: Final = {
    "highway": "street",
    "building": "house",
    "place": "settlement",
    "house": "house",
    "street": "street",
    "city": "settlement",
    "district": "settlement",
    "locality": "settlement",
}


class GeocoderFailed(EngineError):
    """The server does not answer, answers nonsense, or is not named properly."""


def geocode(server: str, text: str, *, box: Box | None, language: str, limit: int) -> list[Entry]:
    """Return what an outside server finds.

    Parameters
    ----------
    server : str
        "nominatim:HOST" or "photon:HOST"; HOST may begin with "http://" and carry a port.
    text : str
    box : (west, south, east, north) or None
        Only places inside are wanted.
    language : str
        Of the labels, as "en".
    limit : int

    Raises
    ------
    GeocoderFailed
    """
    from geopy.exc import GeopyError  # only installations that use a server need geopy

    kind, _, host = server.partition(":")
    try:
        ask = {"nominatim": _nominatim, "photon": _photon}[kind]
    except KeyError as problem:
        raise GeocoderFailed(f"unknown geocoder {kind!r}") from problem
    try:
        return ask(host, text, box, language, limit)
    except (GeopyError, ValueError, KeyError) as problem:
        raise GeocoderFailed(str(problem)) from problem


def _options(host: str) -> dict[str, Any]:
    scheme, mark, rest = host.rpartition("://")
    return {
        "domain": rest,
        "scheme": scheme if mark else "https",
        "timeout": TIMEOUT_S,
        "user_agent": USER_AGENT,
    }


def _corners(box: Box | None) -> list[tuple[float, float]] | None:
    """Return south-west and north-east as geopy wants them: latitude first."""
    return [(box[1], box[0]), (box[3], box[2])] if box else None


def _nominatim(host: str, text: str, box: Box | None, language: str, limit: int) -> list[Entry]:
    from geopy.geocoders import Nominatim

    found = Nominatim(**_options(host)).geocode(
        text,
        exactly_one=False,
        limit=limit,
        language=language,
        viewbox=_corners(box),
        bounded=box is not None,
    )
    entries = []
    for place in found or []:
        label, _, context = place.address.partition(", ")
        kind = _KINDS.get(place.raw.get("class", ""), "place")
        where = LonLat(place.longitude, place.latitude)
        entries.append(Entry(kind, label, context, 0, where))
    return entries


def _photon(host: str, text: str, box: Box | None, language: str, limit: int) -> list[Entry]:
    from geopy.geocoders import Photon

    found = Photon(**_options(host)).geocode(
        text, exactly_one=False, limit=limit, language=language, bbox=_corners(box)
    )
    entries = []
    for place in found or []:
        facts = place.raw.get("properties", {})
        street = " ".join(filter(None, [facts.get("street"), facts.get("housenumber")]))
        label = facts.get("name") or street or place.address
        context = ", ".join(filter(None, [facts.get("district"), facts.get("city")]))
        kind = _KINDS.get(facts.get("type", ""), "place")
        where = LonLat(place.longitude, place.latitude)
        entries.append(Entry(kind, label, context, 0, where))
    return entries
