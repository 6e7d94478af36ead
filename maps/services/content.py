"""Fill the tables that search and basemap read, in bulk."""

from collections.abc import Iterable

import shapely
from django.db import connection
from shapely.geometry.base import BaseGeometry

from carpool.kernel.geo import SRID
from maps.engine import RoadNetwork
from maps.engine.basemap import draw
from maps.engine.gazetteer import list_entries
from maps.engine.osm_file import OsmExtract, Progress
from maps.engine.text import LONGEST, fold
from maps.models import Address, MapFeature, Region

ADDRESS_COLUMNS = ("region_id", "kind", "label", "context", "rank", "search", "location")
FEATURE_COLUMNS = (
    "region_id",
    "layer",
    "kind",
    "name",
    "one_way",
    "level",
    "min_zoom",
    "geometry",
)


def replace_content(
    region: Region, extract: OsmExtract, network: RoadNetwork, progress: Progress
) -> None:
    """Replace the addresses and map features of a region; the caller holds the transaction."""
    Address.objects.filter(region=region).delete()
    MapFeature.objects.filter(region=region).delete()
    progress(0.0, "addresses")
    entries = list_entries(extract, network)
    _copy(
        Address._meta.db_table,
        ADDRESS_COLUMNS,
        (
            (
                region.pk,
                entry.kind,
                entry.label[:LONGEST],
                " · ".join(filter(None, [entry.context, region.name]))[:LONGEST],
                entry.rank,
                fold(f"{entry.label} {entry.also}"),
                _ewkb(shapely.Point(entry.location)),
            )
            for entry in entries
        ),
    )
    progress(0.3, "basemap")
    _copy(
        MapFeature._meta.db_table,
        FEATURE_COLUMNS,
        (
            (
                region.pk,
                drawn.layer,
                drawn.kind,
                drawn.name[:LONGEST],
                drawn.one_way,
                drawn.level,
                drawn.min_zoom,
                _ewkb(drawn.geometry),
            )
            for drawn in draw(extract)
        ),
    )
    progress(1.0, "basemap")


def _copy(table: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """Insert rows with COPY, ten times as fast as INSERT for a city's 100,000 rows."""
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    sql = f"COPY {connection.ops.quote_name(table)} ({names}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


def _ewkb(geometry: BaseGeometry) -> str:
    return str(shapely.to_wkb(shapely.set_srid(geometry, SRID), hex=True, include_srid=True))
