"""Networks for tests: a small grid, and the demo city."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

import maps.engine
from maps.engine import RoadNetwork, WalkNetwork, compiler, store
from maps.engine.osm_file import read_osm
from maps.models import Region
from maps.tests.factories import Town, grid_town

DEMO = Path(__file__).parents[2] / "data" / "la-serena-coquimbo.osm.pbf"


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run every compiled kernel as plain Python, so that its lines can be traced and can raise."""
    for info in pkgutil.iter_modules(maps.engine.__path__, "maps.engine."):
        module = importlib.import_module(info.name)
        for name, value in list(vars(module).items()):
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)
    return


def compile_town(town: Town, folder: Path) -> Path:
    """Write, read and compile a town; return the folder of its networks."""
    path = town.write(folder / "town.osm.pbf")
    networks = folder / "networks"
    compiler.compile_network(read_osm(path), "v1", networks)
    return networks


@pytest.fixture
def no_maps(db: None) -> None:
    """Take away the demo city that other tests of the session may have imported."""
    Region.objects.all().delete()


@pytest.fixture(scope="session")
def grid_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_town(grid_town(), tmp_path_factory.mktemp("grid"))


@pytest.fixture
def grid(grid_folder: Path) -> RoadNetwork:
    return RoadNetwork(grid_folder)


@pytest.fixture
def grid_walks(grid_folder: Path) -> WalkNetwork:
    return WalkNetwork(grid_folder)


@pytest.fixture(scope="session")
def demo_folder() -> Path:
    """The demo city, compiled once and kept between runs: its name is its content."""
    version = compiler.version_of(DEMO)
    folder = Path(settings.NETWORKS_DIR) / version
    if not store.is_complete(folder):
        compiler.compile_network(read_osm(DEMO), version, folder)
    return folder


@pytest.fixture(scope="session")
def demo(demo_folder: Path) -> RoadNetwork:
    return RoadNetwork(demo_folder)


@pytest.fixture(scope="session")
def demo_walks(demo_folder: Path) -> WalkNetwork:
    return WalkNetwork(demo_folder)
