"""A place by name: OSMnx asks the servers, the answers become one file."""

from pathlib import Path
from typing import Any

import pytest

from maps.engine.download import DownloadFailed, download_place, write_pbf
from maps.engine.osm_file import read_osm
from maps.tests.factories import Town, rich_town
from maps.tests.servers import serve

OUTLINE = {
    "type": "Polygon",
    "coordinates": [
        [[-3.01, 39.99], [-2.98, 39.99], [-2.98, 40.02], [-3.01, 40.02], [-3.01, 39.99]]
    ],
}
PLACE = {
    "place_id": 1,
    "osm_type": "relation",
    "osm_id": 7,
    "lat": "40.0",
    "lon": "-3.0",
    "class": "boundary",
    "type": "administrative",
    "importance": 0.5,
    "name": "Gridtown",
    "display_name": "Gridtown, Nowhere",
    "boundingbox": ["39.99", "40.02", "-3.01", "-2.98"],
    "geojson": OUTLINE,
}


def elements(town: Town, *, roads: bool) -> list[dict[str, Any]]:
    """Return what Overpass answers: roads with bare nodes, or everything else with tags."""
    ways = [w for w in town.ways if ("highway" in w[2]) is roads]
    used = {ref for _, refs, _ in ways for ref in refs}
    wanted = used if roads else used | set(town.node_tags)
    found: list[dict[str, Any]] = []
    for number in sorted(wanted):
        lon, lat = town.nodes[number]
        node: dict[str, Any] = {"type": "node", "id": number, "lon": lon, "lat": lat}
        if not roads and number in town.node_tags:
            node["tags"] = dict(town.node_tags[number])
        found.append(node)
    found += [
        {"type": "way", "id": n, "nodes": list(refs), "tags": dict(tags)} for n, refs, tags in ways
    ]
    if not roads:
        names = {"n": "node", "w": "way"}
        found += [
            {
                "type": "relation",
                "id": n,
                "members": [{"type": names[t], "ref": r, "role": role} for t, r, role in members],
                "tags": dict(tags),
            }
            for n, members, tags in town.relations
        ]
    return found


def overpass(town: Town) -> Any:
    def answer(query: dict[str, list[str]]) -> dict[str, Any]:
        roads = 'way["highway"]' in query["data"][0]
        return {"elements": elements(town, roads=roads)}

    return answer


def test_a_place_is_downloaded_into_a_file_like_any_other(tmp_path: Path) -> None:
    town = rich_town()
    town.ways = [way for way in town.ways if 9999 not in way[1]]
    town.relations = town.relations[:1]
    path = tmp_path / "extracts" / "gridtown.osm.pbf"
    answers = {"/search": [PLACE], "/api/interpreter": overpass(town)}
    with serve(answers) as server:
        download_place(
            "Gridtown, Nowhere",
            path,
            overpass_url=f"http://{server.host}/api",
            nominatim_url=f"http://{server.host}/",
        )
    extract = read_osm(path)
    direct = read_osm(town.write(tmp_path / "direct.osm.pbf"))
    assert len(extract.roads) == len(direct.roads)
    assert len(extract.features) == len(direct.features)
    assert sorted(p.label for p in extract.places) == sorted(p.label for p in direct.places)
    assert [p.name for p in path.parent.iterdir()] == ["gridtown.osm.pbf"]


def test_a_place_that_nobody_knows_is_named(tmp_path: Path) -> None:
    with serve({"/search": []}) as server, pytest.raises(DownloadFailed, match="Atlantis"):
        download_place("Atlantis", tmp_path / "a.osm.pbf", nominatim_url=f"http://{server.host}/")
    assert list(tmp_path.iterdir()) == []


def test_servers_that_cannot_be_reached_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="cannot be reached"):
        download_place("Gridtown", tmp_path / "a.osm.pbf", nominatim_url="http://127.0.0.1:9/")


def test_an_empty_answer_writes_no_file(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="nothing there"):
        write_pbf([{"type": "count", "id": 0}], tmp_path / "a.osm.pbf")
    assert list(tmp_path.iterdir()) == []
