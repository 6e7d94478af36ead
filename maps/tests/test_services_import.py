"""Importing maps: put into use as a whole, or not at all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import from_point
from carpool.kernel.models import OutboxEvent
from maps import selectors, services
from maps.errors import MapImportFailed
from maps.models import Address, MapFeature, Region
from maps.services import content, importing
from maps.tasks import import_map
from maps.tests.conftest import DEMO
from maps.tests.factories import Town, grid_town, rich_town
from maps.tests.servers import serve
from maps.tests.test_engine_download import PLACE, overpass

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_maps")]


@pytest.fixture(autouse=True)
def networks(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    settings.NETWORKS_DIR = tmp_path / "networks"
    settings.VAR_DIR = tmp_path
    return settings.NETWORKS_DIR


@pytest.fixture
def town_file(tmp_path: Path) -> Path:
    return rich_town().write(tmp_path / "grid-town.osm.pbf")


def snapshot(region: Region) -> dict[str, Any]:
    region.refresh_from_db()
    return {
        "row": {k: v for k, v in vars(region).items() if k not in {"_state", "error"}},
        "addresses": sorted(Address.objects.filter(region=region).values_list("label", "id")),
        "features": sorted(MapFeature.objects.filter(region=region).values_list("id", flat=True)),
    }


def test_a_file_becomes_a_region_that_is_ready(town_file: Path, networks: Path) -> None:
    shares: list[float] = []
    result = services.import_file(
        path=town_file, now=NOW, progress=lambda share, _what: shares.append(share)
    )
    region = result.region
    assert result.is_new
    assert (region.name, region.slug, region.status) == ("Grid Town", "grid-town", "ready")
    assert (region.progress, region.error, region.imported_at) == (100, "", NOW)
    assert region.boundary is not None
    assert region.centre is not None
    assert region.boundary.covers(region.centre)
    assert (networks / region.network_version).is_dir()
    assert Address.objects.filter(region=region, kind="corner").count() == 25
    assert MapFeature.objects.filter(region=region, layer="roads").count() == 12
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    event = OutboxEvent.objects.get()
    assert event.name == "maps.MapImported"
    assert event.payload["network_version"] == region.network_version


def test_importing_the_same_again_does_nothing(town_file: Path) -> None:
    first = services.import_file(path=town_file, now=NOW)
    before = snapshot(first.region)
    again = services.import_file(path=town_file, now=NOW)
    assert not again.is_new
    assert snapshot(first.region) == before
    assert OutboxEvent.objects.count() == 1


def test_a_new_name_for_the_same_map_is_taken(town_file: Path) -> None:
    services.import_file(path=town_file, now=NOW, slug="town")
    again = services.import_file(path=town_file, now=NOW, slug="town", name="Our Town")
    assert not again.is_new
    assert Region.objects.get(slug="town").name == "Our Town"


def test_a_lost_network_is_compiled_again(town_file: Path, networks: Path) -> None:
    import shutil

    region = services.import_file(path=town_file, now=NOW).region
    shutil.rmtree(networks / region.network_version)
    assert "run manage.py import_map again" in selectors.map_health()
    assert services.import_file(path=town_file, now=NOW).is_new
    assert selectors.map_health() == "ok"


def test_new_content_replaces_the_old(town_file: Path, tmp_path: Path) -> None:
    region = services.import_file(path=town_file, now=NOW, slug="town").region
    old = region.network_version
    smaller = grid_town(4).write(tmp_path / "smaller.osm.pbf")
    result = services.import_file(path=smaller, now=NOW, slug="town")
    assert result.region.pk == region.pk
    assert result.region.network_version != old
    assert Address.objects.filter(region=region, kind="corner").count() == 16
    assert not Address.objects.filter(region=region, kind="house").exists()


@pytest.mark.parametrize(
    "content_of", [lambda: b"", lambda: b"no map", lambda: DEMO.read_bytes()[:200_000]]
)
def test_an_unreadable_file_leaves_nothing_behind(
    tmp_path: Path, networks: Path, content_of: Any
) -> None:
    path = tmp_path / "bad.osm.pbf"
    path.write_bytes(content_of())
    with pytest.raises(MapImportFailed) as failure:
        services.import_file(path=path, now=NOW)
    assert "bad.osm.pbf" in failure.value.detail
    assert failure.value.fields.keys() == {"path"}
    assert not Region.objects.exists()
    assert not OutboxEvent.objects.exists()
    assert not networks.exists() or not list(networks.iterdir())


def test_a_failed_renewal_keeps_the_previous_version_in_use(
    town_file: Path, tmp_path: Path
) -> None:
    region = services.import_file(path=town_file, now=NOW, slug="town").region
    before = snapshot(region)
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(DEMO.read_bytes()[:200_000])
    with pytest.raises(MapImportFailed):
        services.import_file(path=bad, now=NOW, slug="town")
    assert snapshot(region) == before
    assert "bad.osm.pbf" in Region.objects.get(slug="town").error
    assert selectors.region_at(from_point(region.centre)) == region


def test_a_failure_while_writing_keeps_the_previous_version_in_use(
    town_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = services.import_file(path=town_file, now=NOW, slug="town").region
    before = snapshot(region)
    smaller = grid_town(4).write(tmp_path / "smaller.osm.pbf")

    def fail(*args: Any) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(content, "draw", fail)
    with pytest.raises(MemoryError):
        services.import_file(path=smaller, now=NOW, slug="town")
    assert snapshot(region) == before
    assert Region.objects.get(slug="town").error == "MemoryError: no room"


def test_a_waiting_region_is_marked_as_failed(tmp_path: Path) -> None:
    Region.objects.create(slug="town", name="Town", source="x")
    with pytest.raises(MapImportFailed):
        services.import_file(path=tmp_path / "absent.osm.pbf", now=NOW, slug="town")
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(b"no map")
    with pytest.raises(MapImportFailed):
        services.import_file(path=bad, now=NOW, slug="town")
    region = Region.objects.get(slug="town")
    assert (region.status, region.progress) == ("failed", 0)
    assert "bad.osm.pbf" in region.error


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapImportFailed, match=r"absent\.osm\.pbf cannot be read"):
        services.import_file(path=tmp_path / "absent.osm.pbf", now=NOW)
    assert not Region.objects.exists()


def test_a_map_without_roads_is_refused(tmp_path: Path) -> None:
    town = Town()
    town.node(1, 0, 0, amenity="school", name="Lonely")
    with pytest.raises(MapImportFailed, match="no roads"):
        services.import_file(path=town.write(tmp_path / "t.osm.pbf"), now=NOW)


def test_a_name_without_latin_letters_needs_a_slug(town_file: Path) -> None:
    with pytest.raises(InvalidInput) as wrong:
        services.import_file(path=town_file, now=NOW, name="서울")
    assert wrong.value.fields.keys() == {"slug"}
    assert services.import_file(path=town_file, now=NOW, name="서울", slug="seoul").is_new


def test_clipped_extracts_can_be_imported(tmp_path: Path) -> None:
    town = grid_town()
    town.way([5, 9_999, 1], highway="residential", name="Clipped")
    path = town.write(tmp_path / "clipped.osm.pbf")
    assert services.import_file(path=path, now=NOW).region.status == "ready"


@pytest.mark.django_db(transaction=True)
def test_the_region_shows_how_far_its_import_is(town_file: Path) -> None:
    Region.objects.create(slug="town", name="Town")
    seen: list[tuple[str, int]] = []

    def look(share: float, _what: str) -> None:
        seen.append(Region.objects.values_list("status", "progress").get(slug="town"))

    services.import_file(path=town_file, now=NOW, slug="town", progress=look)
    assert ("importing", 5) in seen
    assert max(progress for _, progress in seen if progress < 100) >= 70
    status = [status for status, _ in seen]
    assert status[0] == "importing"
    assert Region.objects.get(slug="town").status == "ready"


def test_a_place_is_imported_by_its_name(settings: Settings, tmp_path: Path) -> None:
    town = rich_town()
    town.relations = town.relations[:1]
    with serve({"/search": [PLACE], "/api/interpreter": overpass(town)}) as server:
        settings.OVERPASS_URL = f"http://{server.host}/api"
        settings.NOMINATIM_URL = f"http://{server.host}/"
        result = services.import_map(source="Gridtown, Nowhere", now=NOW)
    assert (result.region.name, result.region.slug) == ("Gridtown", "gridtown")
    assert Path(result.region.source) == tmp_path / "extracts" / "gridtown.osm.pbf"
    again = services.import_map(source=result.region.source, now=NOW)
    assert not again.is_new


def test_an_unknown_place_is_said_so(settings: Settings) -> None:
    with serve({"/search": []}) as server:
        settings.NOMINATIM_URL = f"http://{server.host}/"
        with pytest.raises(MapImportFailed, match="Atlantis"):
            services.import_map(source="Atlantis", now=NOW)
    assert not Region.objects.exists()


def test_the_command_shows_progress_and_the_version(town_file: Path) -> None:
    out, err = StringIO(), StringIO()
    call_command("import_map", str(town_file), name="Grid", stdout=out, stderr=err)
    version = Region.objects.get().network_version
    assert f"version {version}" in out.getvalue()
    assert "reading" in err.getvalue()
    assert "100% ready" in err.getvalue()
    call_command("import_map", str(town_file), name="Grid", stdout=out, stderr=err)
    assert "already compiled" in out.getvalue()


def test_the_command_draws_a_bar_on_a_terminal(
    town_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    out, err = StringIO(), StringIO()
    call_command("import_map", str(town_file), stdout=out, stderr=err)
    assert "\r" in err.getvalue()
    assert "█" in err.getvalue()


def test_the_command_fails_with_the_reason(tmp_path: Path) -> None:
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(b"no map")
    with pytest.raises(CommandError, match=r"bad\.osm\.pbf"):
        call_command("import_map", str(bad), stdout=StringIO(), stderr=StringIO())


def test_a_worker_imports_too(town_file: Path) -> None:
    version = import_map(str(town_file), "Grid", "grid")
    assert Region.objects.get(slug="grid").network_version == version


def test_text_longer_than_a_column_is_cut(tmp_path: Path) -> None:
    town = grid_town()
    town.node(901, 5, 0)
    town.way([5, 901], highway="residential", name="Long " * 100)
    services.import_file(path=town.write(tmp_path / "t.osm.pbf"), now=NOW)
    assert max(len(label) for label in Address.objects.values_list("label", flat=True)) == 255


def test_the_shares_of_the_steps_rise() -> None:
    assert 0 < importing.READ < importing.COMPILED < importing.LISTED < 1
