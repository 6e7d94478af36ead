"""Import a map: read, compile, and put it into use in one step, or leave everything as it was."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from carpool.kernel import outbox
from carpool.kernel.errors import InvalidInput
from carpool.kernel.geo import SRID
from maps.engine import EngineError, RoadNetwork, compiler, store
from maps.engine.download import download_place
from maps.engine.osm_file import Progress, read_osm, silent
from maps.errors import MapImportFailed
from maps.events import MapImported
from maps.models import Region
from maps.services.content import replace_content

# Shares of the whole import, as measured on a city of 50,000 vertices.
READ, COMPILED, LISTED = 0.05, 0.80, 0.90


@dataclass(frozen=True)
class ImportResult:
    """The region, and whether anything had to be done."""

    region: Region
    is_new: bool


def import_map(
    *,
    source: str,
    now: datetime,
    name: str = "",
    slug: str = "",
    progress: Progress = silent,
) -> ImportResult:
    """Import a file when ``source`` is the path of one, else the place of that name.

    Raises:
        MapImportFailed: as :func:`import_file` and :func:`import_place`.
    """
    path = Path(source)
    if path.exists() or source.endswith((".pbf", ".osm", ".osm.gz")):
        return import_file(path=path, now=now, name=name, slug=slug, progress=progress)
    return import_place(place=source, now=now, name=name, slug=slug, progress=progress)


def import_file(
    *,
    path: Path,
    now: datetime,
    name: str = "",
    slug: str = "",
    progress: Progress = silent,
) -> ImportResult:
    """Import an OSM file as a region, or renew that region.

    The same content under the same rules is not compiled again. Until everything is ready the
    previous version stays in use; when anything fails, nothing of the new one remains.

    Raises:
        MapImportFailed: the file is missing, unreadable, truncated, or holds no road network.
    """
    name = name or _readable(path)
    slug = _slug(slug or name)
    try:
        version = compiler.version_of(path)
    except OSError as problem:
        raise MapImportFailed(
            _("The file %(path)s cannot be read: %(problem)s")
            % {"path": path, "problem": problem.strerror},
            field="path",
        ) from problem
    region, is_first = Region.objects.get_or_create(slug=slug, defaults={"name": name})
    if region.network_version == version and store.is_complete(_folder(version)):
        progress(1.0, _("already compiled"))
        return ImportResult(_renamed(region, name), is_new=False)
    try:
        _import(region, path, version, name=name, now=now, progress=_recorded(region, progress))
    except EngineError as problem:
        detail = _("The map %(path)s could not be imported: %(problem)s") % {
            "path": path.name,
            "problem": problem,
        }
        _give_up(region, detail, is_first=is_first)
        raise MapImportFailed(detail, field="path") from problem
    except BaseException as problem:  # interrupted or out of memory: leave no half-done region
        _give_up(region, f"{type(problem).__name__}: {problem}", is_first=is_first)
        raise
    return ImportResult(region, is_new=True)


def import_place(
    *,
    place: str,
    now: datetime,
    name: str = "",
    slug: str = "",
    progress: Progress = silent,
) -> ImportResult:
    """Download what OpenStreetMap knows of a named place and import it.

    The download is kept beside the networks, so that the version in use can be made again.

    Raises:
        MapImportFailed: the place is unknown, the servers cannot be reached, or as above.
    """
    name = name or place.split(",", maxsplit=1)[0]
    slug = _slug(slug or name)
    path = Path(settings.VAR_DIR) / "extracts" / f"{slug}.osm.pbf"
    progress(0.0, _("downloading"))
    try:
        download_place(
            place,
            path,
            overpass_url=settings.OVERPASS_URL,
            nominatim_url=settings.NOMINATIM_URL,
        )
    except EngineError as problem:
        raise MapImportFailed(
            _("“%(place)s” could not be downloaded: %(problem)s")
            % {"place": place, "problem": problem},
            field="place",
        ) from problem
    return import_file(path=path, now=now, name=name, slug=slug, progress=progress)


def _import(
    region: Region, path: Path, version: str, *, name: str, now: datetime, progress: Progress
) -> None:
    folder = _folder(version)
    extract = read_osm(path, _part(progress, 0.0, READ, _("reading")))
    if not store.is_complete(folder):
        step = _part(progress, READ, COMPILED, _("compiling"))
        compiler.compile_network(extract, version, folder, step)
    network = RoadNetwork(folder)
    progress(COMPILED, _("listing addresses and drawing the map"))
    with transaction.atomic():
        locked = Region.objects.select_for_update().get(pk=region.pk)
        replace_content(locked, extract, network, _part(progress, COMPILED, LISTED, ""))
        progress(LISTED, _("putting the map into use"))
        _put_into_use(locked, network, name=name, source=str(path), now=now)
    region.refresh_from_db()
    progress(1.0, _("ready"))


def _put_into_use(
    region: Region, network: RoadNetwork, *, name: str, source: str, now: datetime
) -> None:
    places = np.column_stack([network.lon, network.lat])
    boundary = compiler.hull(places)
    middle = places[np.argmin(np.abs(places - np.median(places, axis=0)).sum(axis=1))]
    region.name = name
    region.boundary = MultiPolygon(
        [Polygon(list(part.exterior.coords)) for part in boundary.geoms], srid=SRID
    )
    region.centre = Point(float(middle[0]), float(middle[1]), srid=SRID)
    region.network_version = network.version
    region.source = source
    region.status = Region.Status.READY
    region.progress = 100
    region.error = ""
    region.imported_at = now
    region.save()
    outbox.publish(MapImported(region_id=region.pk, network_version=network.version), now=now)


def _recorded(region: Region, progress: Progress) -> Progress:
    """Keep the percentage in the region too, so that the admin shows it; once per per cent."""
    waiting = Region.objects.filter(pk=region.pk, network_version="")
    waiting.update(status=Region.Status.IMPORTING)
    shown = -1

    def record(share: float, what: str) -> None:
        nonlocal shown
        progress(share, what)
        per_cent = int(share * 100)
        if per_cent != shown and not connection.in_atomic_block:
            shown = per_cent
            Region.objects.filter(pk=region.pk).update(progress=per_cent)

    return record


def _part(progress: Progress, start: float, end: float, what: str) -> Progress:
    """Map the progress of one step into its share of the whole."""
    return lambda share, detail: progress(
        start + share * (end - start), f"{what}: {detail}" if what else detail
    )


def _give_up(region: Region, error: str, *, is_first: bool) -> None:
    """Leave the region as it was before, with the reason; a new one goes away again."""
    if is_first:
        region.delete()
        return
    changes: dict[str, object] = {"error": error, "progress": 100 if region.network_version else 0}
    if not region.network_version:
        changes["status"] = Region.Status.FAILED
    Region.objects.filter(pk=region.pk).update(**changes)


def _renamed(region: Region, name: str) -> Region:
    if region.name != name:
        region.name = name
        region.save(update_fields=["name"])
    return region


def _folder(version: str) -> Path:
    return Path(settings.NETWORKS_DIR) / version


def _slug(text: str) -> str:
    slug = slugify(text)[:50].strip("-")
    if not slug:
        raise InvalidInput(_("Give a short name in Latin letters with --slug."), field="slug")
    return slug


def _readable(path: Path) -> str:
    """Return a name for people from a file's name: la-serena.osm.pbf is La Serena."""
    stem = path.name.split(".")[0]
    return stem.replace("-", " ").replace("_", " ").title()
