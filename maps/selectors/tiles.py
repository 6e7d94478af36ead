"""Vector tiles of the basemap, made by PostGIS and kept in the cache.

Layers: ``areas`` (class, name), ``waterways`` (class, name), ``roads`` (class, name, oneway,
level) and ``labels`` (class, name). Classes: see ``engine.osm_features``; a road's class is its
OSM ``highway`` value, or "rail".

Source: Mapbox Vector Tile specification 2.1; OGC Web Mercator tile scheme.
"""

import gzip
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.db import connection

from maps.errors import RegionNotFound
from maps.models import Region

MAX_ZOOM: Final = 16
CACHE_S: Final = 7 * 24 * 3600
REGION_CACHE_S: Final = 60

FORMAT: Final = 1
"""Part of the cache key: raise it when the SQL below changes."""

# Shapes are simplified to half a pixel of the 512 that a tile covers on screen. Below zoom 14 the
# ways of one street become one line, so that its name fits; from there on they stay apart, because
# a one-way street keeps its direction.
_SQL: Final = """
WITH frame AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.0625), 4326) AS around,
           40075016.7 / 2 ^ %(z)s / 1024 AS pixel
), found AS MATERIALIZED (
    SELECT layer, kind AS class, name, one_way, level, geometry
    FROM maps_mapfeature, frame
    WHERE region_id = %(region)s AND min_zoom <= %(z)s AND geometry && frame.around
), line AS (
    SELECT layer, class, name, one_way, level, geometry FROM found
    WHERE layer = 'roads' AND %(z)s >= 14
  UNION ALL
    SELECT layer, class, name, false, level, ST_LineMerge(ST_Collect(geometry)) FROM found
    WHERE layer = 'waterways' OR layer = 'roads' AND %(z)s < 14
    GROUP BY layer, class, name, level
), area AS (
    SELECT class, nullif(name, '') AS name,
           ST_AsMVTGeom(ST_Simplify(ST_Transform(geometry, 3857), pixel), tile, 4096, 128) AS geom
    FROM found, frame WHERE layer = 'areas' ORDER BY ST_Area(geometry) DESC
), road AS (
    SELECT class, nullif(name, '') AS name, nullif(one_way, false) AS oneway,
           nullif(level, 0) AS level,
           ST_AsMVTGeom(ST_Simplify(ST_Transform(geometry, 3857), pixel), tile, 4096, 128) AS geom
    FROM line, frame WHERE layer = 'roads'
), water AS (
    SELECT class, nullif(name, '') AS name,
           ST_AsMVTGeom(ST_Simplify(ST_Transform(geometry, 3857), pixel), tile, 4096, 128) AS geom
    FROM line, frame WHERE layer = 'waterways'
), label AS (
    SELECT class, name, ST_AsMVTGeom(ST_Transform(geometry, 3857), tile, 4096, 128) AS geom
    FROM found, frame WHERE layer = 'labels'
)
SELECT (SELECT ST_AsMVT(area, 'areas') FROM area WHERE geom IS NOT NULL)
    || (SELECT ST_AsMVT(water, 'waterways') FROM water WHERE geom IS NOT NULL)
    || (SELECT ST_AsMVT(road, 'roads') FROM road WHERE geom IS NOT NULL)
    || (SELECT ST_AsMVT(label, 'labels') FROM label WHERE geom IS NOT NULL)
"""


@dataclass(frozen=True)
class _Facts:
    """What a tile request needs to know of its region; cached for a minute."""

    id: str
    version: str


def get_tile(slug: str, z: int, x: int, y: int) -> bytes:
    """Return a gzipped vector tile, b"" where there is nothing.

    Raises:
        RegionNotFound: no usable region has that short name.
    """
    region = _facts(slug)
    key = f"tile:{FORMAT}:{region.version}:{region.id}:{z}:{x}:{y}"
    tile: bytes | None = cache.get(key)
    if tile is None:
        tile = _make(region.id, z, x, y)
        cache.set(key, tile, CACHE_S)
    return tile


def _facts(slug: str) -> _Facts:
    key = f"tile-region:{slug}"
    facts: _Facts | None = cache.get(key)
    if facts is None:
        region = Region.objects.usable().filter(slug=slug).first()
        if region is None:
            raise RegionNotFound
        facts = _Facts(str(region.pk), region.network_version)
        cache.set(key, facts, REGION_CACHE_S)
    return facts


def _make(region_id: str, z: int, x: int, y: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"region": region_id, "z": z, "x": x, "y": y})
        row = cursor.fetchone()
    raw = bytes(row[0])
    # mtime=0: the same tile is the same bytes, whoever made it and when.
    return gzip.compress(raw, 6, mtime=0) if raw else b""
