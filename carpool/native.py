"""Native code: where GeoDjango finds GDAL and GEOS, and where numba keeps what it compiled.

GDAL and GEOS come from the wheels of pyogrio and shapely.

Debian 12 has GDAL 3.6, which cannot be kept from opening files and network addresses named in a
spatial reference (Django's check gis.W001 asks for 3.9). The wheels bring newer libraries at pinned
versions, alike on every machine.
"""

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path


def gis_libraries() -> tuple[str | None, str | None]:
    """Give the paths of libgdal and libgeos_c, and tell GDAL where its data are.

    ``GDAL_LIBRARY_PATH`` and ``GEOS_LIBRARY_PATH`` in the environment win. ``None`` (a wheel built
    without bundled libraries) lets Django search the system.
    """
    pyogrio, shapely = _package("pyogrio"), _package("shapely")
    gdal = os.environ.get("GDAL_LIBRARY_PATH") or _bundled(pyogrio, "libgdal*")
    geos = os.environ.get("GEOS_LIBRARY_PATH") or _bundled(shapely, "libgeos_c*")
    if gdal and gdal.startswith(str(pyogrio.parent)):
        os.environ.setdefault("GDAL_DATA", str(pyogrio / "gdal_data"))
        os.environ.setdefault("PROJ_DATA", str(pyogrio / "proj_data"))
    return gdal, geos


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{name} is not installed; requirements.txt has it")
    return Path(spec.origin).parent


def _bundled(package: Path, pattern: str) -> str | None:
    found = sorted((package.parent / f"{package.name}.libs").glob(pattern))
    return str(found[0]) if found else None


def kernel_cache(var: Path, sources: Path) -> Path:
    """Give a folder for compiled kernels that is new whenever an engine's source has changed.

    numba looks only at the file in which a kernel stands, not at those that it calls into: after
    an upgrade it would go on running the old callee.
    """
    digest = hashlib.sha256()
    for path in sorted(sources.glob("*/engine/*.py")):
        digest.update(path.read_bytes())
    return var / "numba" / digest.hexdigest()[:16]
