"""Fetch a named place from OpenStreetMap's servers, with OSMnx, into an .osm.pbf file.

OSMnx finds the place's outline (Nominatim) and asks for roads and features inside (Overpass). Its
``cache_only_mode`` keeps the raw answers; they are put together to one file, so that a place and
a file are imported by the same steps.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from maps.engine.errors import EngineError

FEATURE_TAGS: dict[str, bool | str | list[str]] = {
    "addr:housenumber": True,
    "amenity": True,
    "building": True,
    "landuse": True,
    "leisure": True,
    "natural": ["water", "wood", "beach", "coastline", "sand", "scrub"],
    "place": True,
    "public_transport": True,
    "railway": True,
    "shop": True,
    "tourism": True,
    "waterway": True,
}

TIMEOUT_S = 180


class DownloadFailed(EngineError):
    """A server does not answer, or does not know the place."""


def download_place(
    place: str, path: Path, *, overpass_url: str = "", nominatim_url: str = ""
) -> None:
    """Write what OpenStreetMap knows inside a place's outline to ``path``.

    Parameters
    ----------
    place : str
        As Nominatim understands it: "La Serena, Chile".
    path : Path
        Replaced only when everything has arrived.
    overpass_url, nominatim_url : str
        Servers other than OSMnx's defaults.

    Raises
    ------
    DownloadFailed

    Notes
    -----
    One request to Nominatim and one or more to Overpass per 2,500 km².
    """
    import requests

    with tempfile.TemporaryDirectory() as folder:
        try:
            _ask(place, Path(folder), overpass_url, nominatim_url)
        except requests.RequestException as problem:
            raise DownloadFailed(
                "OpenStreetMap's servers cannot be reached; give an .osm.pbf file instead"
            ) from problem
        except (ValueError, TypeError) as problem:  # OSMnx: nothing found, or no area
            raise DownloadFailed(str(problem)) from problem
        answers = (json.loads(file.read_text()) for file in Path(folder).glob("*.json"))
        write_pbf(_elements(answers), path)


@contextmanager
def _osmnx_settings(**wanted: Any) -> Iterator[None]:
    """Change OSMnx's settings, which are global, for a while."""
    from osmnx import settings

    before = {name: getattr(settings, name) for name in wanted}
    for name, value in wanted.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _ask(place: str, folder: Path, overpass_url: str, nominatim_url: str) -> None:
    wanted: dict[str, Any] = {
        "use_cache": True,
        "cache_folder": folder,
        "cache_only_mode": True,
        "requests_timeout": TIMEOUT_S,
    }
    if overpass_url:
        # The rate limit is read from a status page that only the public servers have.
        wanted |= {"overpass_url": overpass_url, "overpass_rate_limit": False}
    if nominatim_url:
        wanted["nominatim_url"] = nominatim_url
    with _osmnx_settings(**wanted):
        _fetch(place)


def _fetch(place: str) -> None:
    import osmnx as ox

    outline = ox.geocode_to_gdf(place).union_all()
    # cache_only_mode ends each of them with InterruptedError once the answers are kept.
    with suppress(InterruptedError):
        ox.graph_from_polygon(outline, network_type="all", simplify=False, retain_all=True)
    with suppress(InterruptedError):
        ox.features_from_polygon(outline, FEATURE_TAGS)


def _elements(answers: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for answer in answers:
        if isinstance(answer, dict):
            yield from answer.get("elements", [])


def write_pbf(elements: Iterable[dict[str, Any]], path: Path) -> None:
    """Write Overpass elements as a file, each object once, sorted as OSM tools expect.

    Raises
    ------
    DownloadFailed
        There are none.
    """
    import osmium
    from osmium.osm import mutable

    found: dict[str, dict[int, dict[str, Any]]] = {"node": {}, "way": {}, "relation": {}}
    for element in elements:
        of_kind = found.get(element["type"], {})
        known = of_kind.get(element["id"], {})
        if len(element.get("tags", {})) >= len(known.get("tags", {})):
            of_kind[element["id"]] = element
    if not found["node"]:
        raise DownloadFailed("OpenStreetMap holds nothing there")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft.osm.pbf")
    draft.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(draft)) as writer:
        for _id, node in sorted(found["node"].items()):
            place = (node["lon"], node["lat"])
            writer.add_node(mutable.Node(id=node["id"], location=place, tags=node.get("tags", {})))
        for _id, way in sorted(found["way"].items()):
            writer.add_way(
                mutable.Way(id=way["id"], nodes=way.get("nodes", []), tags=way.get("tags", {}))
            )
        for _id, relation in sorted(found["relation"].items()):
            members = [(m["type"][0], m["ref"], m["role"]) for m in relation.get("members", [])]
            tags = relation.get("tags", {})
            writer.add_relation(mutable.Relation(id=relation["id"], members=members, tags=tags))
    draft.replace(path)
