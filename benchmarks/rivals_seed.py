"""The seed's method as it was published: an ellipse and 60° in PostGIS, then a route per candidate.

The rule is :mod:`matching.engine.seed_rule`; the filter of ``RideDao.search`` runs in the database.
What NetMobiel sends to a route planner over HTTP is answered here by our own labels, in the
process, in microseconds: the most favourable stand-in there is. Its schema has no index on the
polygon; here it gets GiST(ellipse), and then the better GiST(departure, ellipse).
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from benchmarks.commutes import Trip
from benchmarks.rivals import Answer
from maps.engine import RoadNetwork
from maps.engine.geodesy import METRES_PER_DEGREE, Floats, Longs, crow_fly_m
from matching.engine.seed_rule import (
    DEFAULT_DETOUR_M,
    MOST_DEGREES_APART,
    NOMINAL_SPEED_MPS,
    SeedRequest,
    SeedRides,
    SeedRule,
    bearing_degrees,
    bearings_degrees,
)
from matching.engine.segment import Supply

CORNERS = 32
CHUNK = 25_000
POLYGON_WITH_SRID, WGS84 = 0x20000003, 4326
COLUMNS = {
    "id": ("integer", ">i4"),
    "start_node": ("integer", ">i4"),
    "end_node": ("integer", ">i4"),
    "departure": ("bigint", ">i8"),
    "arrival": ("bigint", ">i8"),
    "bearing": ("double precision", ">f8"),
    "seats": ("integer", ">i4"),
    "bookings": ("integer", ">i4"),
}
# One session's own: nobody else sees it, and it is gone when the session ends, however it ends.
TABLE = "create temporary table ride ({}, ellipse geometry(Polygon, 4326))".format(
    ", ".join(f"{name} {kind}" for name, (kind, _dtype) in COLUMNS.items())
)
FILTER = """
select id, start_node, end_node, departure from ride
where ST_Contains(ellipse, ST_SetSRID(ST_MakePoint(%(from_lon)s, %(from_lat)s), 4326))
  and ST_Contains(ellipse, ST_SetSRID(ST_MakePoint(%(to_lon)s, %(to_lat)s), 4326))
  and abs(bearing - %(bearing)s) < %(most_apart)s
  and departure < %(latest)s::bigint and arrival >= %(earliest)s::bigint
  and departure >= %(no_sooner)s::bigint
  and seats >= %(seats)s and bookings < 1
order by departure
limit %(limit)s
"""
INDEXES = {
    "GiST(ellipse)": "create index ride_index on ride using gist (ellipse)",
    "GiST(departure, ellipse)": "create index ride_index on ride using gist (departure, ellipse)",
}
ROUTED = {"first 5 routed": 5, "all routed": None}
DEFAULT = "as published, 10 km"
RULES = {
    DEFAULT: SeedRule(),
    "as published, own detour at 25 km/h": SeedRule(),
    "mended: wraps, half margin, several bookings": SeedRule(
        half_margin=True, wraps=True, most_bookings=1000
    ),
}


def seed_rides(network: RoadNetwork, supply: Supply, *, own_detour: bool) -> SeedRides:
    """Return rides as the rule knows them.

    A driver's promise here is in minutes: ``own_detour`` turns it into metres at the rule's nominal
    25 km/h; else every driver accepts the rule's default of 10 km.
    """
    rides, lon, lat = supply.rides, network.lon, network.lat
    first, last = rides.start[:-1], rides.start[1:] - 1
    arrival_ms = planned_arrival_ms(supply)
    spare_ms = rides.latest_ms[last] - arrival_ms
    detour_m = spare_ms / 1000 * NOMINAL_SPEED_MPS
    return SeedRides(
        origin=(lon[supply.node[first]], lat[supply.node[first]]),
        destination=(lon[supply.node[last]], lat[supply.node[last]]),
        departure_ms=rides.departure_ms,
        arrival_ms=arrival_ms,
        detour_m=detour_m if own_detour else np.full(len(first), DEFAULT_DETOUR_M),
        seats_left=rides.seats_offered - np.maximum.reduceat(rides.seats_after, first),
        bookings=((last - first - 1) // 2).astype(np.int32),
    )


def planned_arrival_ms(supply: Supply) -> Longs:
    """Return when each ride arrives as planned, if nobody makes it wait."""
    rides = supply.rides
    spent = rides.leg_ms.astype(np.int64) + rides.boarding_ms
    return np.asarray(rides.departure_ms + np.add.reduceat(spent, rides.start[:-1]), np.int64)


def seed_request(network: RoadNetwork, trip: Trip) -> SeedRequest:
    """Return a request as the rule knows it: door to door."""
    window = trip.request.window
    return SeedRequest(
        pickup=network.location(trip.home),
        dropoff=network.location(trip.work),
        earliest_ms=int((window.ready_ms - window.walk_to_ms).min()),
        latest_ms=int((window.due_ms + window.walk_from_ms).max()),
        seats=window.seats,
    )


class SeedInPostgis:
    """The published method on one index of the table that :func:`seed_rivals` fills."""

    def __init__(
        self,
        database: psycopg.Connection[Any],
        network: RoadNetwork,
        supply: Supply,
        most_routed: int | None,
        name: str,
    ) -> None:
        self.name = name
        self._database, self._network, self._most_routed = database, network, most_routed
        rides = supply.rides
        self._until_ms = rides.latest_ms[rides.start[1:] - 1]
        self._longest_ms = int((planned_arrival_ms(supply) - rides.departure_ms).max())

    def search(self, trip: Trip) -> Answer:
        """Return the rides that pass the filter and whose route keeps the driver's promise."""
        start = time.perf_counter()
        asked = seed_request(self._network, trip)
        rows = self._filter(asked)
        filtered = time.perf_counter()
        keys = [row[0] for row in rows if self._keeps_promise(row, asked, trip)]
        routed = time.perf_counter()
        return Answer(
            keys=np.array(keys, np.int64),
            candidates=len(rows),
            routed=len(rows),
            ms={"filter": 1000 * (filtered - start), "route": 1000 * (routed - filtered)},
        )

    def _filter(self, asked: SeedRequest) -> list[tuple[int, ...]]:
        parameters = {
            "from_lon": asked.pickup.lon,
            "from_lat": asked.pickup.lat,
            "to_lon": asked.dropoff.lon,
            "to_lat": asked.dropoff.lat,
            "bearing": bearing_degrees(asked.pickup, asked.dropoff),
            "most_apart": MOST_DEGREES_APART,
            "earliest": asked.earliest_ms,
            "latest": asked.latest_ms,
            # Says nothing new, but lets an index on departures be cut at both ends.
            "no_sooner": asked.earliest_ms - self._longest_ms,
            "seats": asked.seats,
            "limit": self._most_routed,
        }
        return self._database.execute(FILTER, parameters).fetchall()

    def _keeps_promise(self, row: tuple[int, ...], asked: SeedRequest, trip: Trip) -> bool:
        """Route one candidate over both doors and see when everybody arrives."""
        ride, start, end, departure_ms = row
        stand_ms = trip.request.window.boarding_ms
        times = self._network.durations_ms(
            [start, trip.home, trip.work], [trip.home, trip.work, end]
        )
        to_pickup, direct, onward = times.diagonal().tolist()
        aboard_ms = max(departure_ms + to_pickup, asked.earliest_ms) + stand_ms
        out_ms = aboard_ms + direct
        arrives_ms = out_ms + stand_ms + onward
        return bool(out_ms <= asked.latest_ms and arrives_ms <= self._until_ms[ride])


def seed_rivals(
    database: psycopg.Connection[Any], network: RoadNetwork, supply: Supply, facts: dict[str, Any]
) -> Iterator[SeedInPostgis]:
    """Load the rides, and yield the method on each index; take the next only when done with one."""
    start = time.perf_counter()
    load(database, network, supply)
    facts["load_s"] = round(time.perf_counter() - start, 1)
    for index, statement in INDEXES.items():
        start = time.perf_counter()
        database.execute("drop index if exists ride_index")
        database.execute(statement)
        facts[f"{index}_s"] = round(time.perf_counter() - start, 1)
        for routed, most in ROUTED.items():
            yield SeedInPostgis(database, network, supply, most, f"(b) PostGIS {index}, {routed}")


def load(database: psycopg.Connection[Any], network: RoadNetwork, supply: Supply) -> None:
    """Fill the table; all of it stays in memory, which favours the database."""
    rides = seed_rides(network, supply, own_detour=True)
    first, last = supply.rides.start[:-1], supply.rides.start[1:] - 1
    columns: dict[str, npt.NDArray[Any]] = {
        "id": np.arange(len(rides)),
        "start_node": supply.node[first],
        "end_node": supply.node[last],
        "departure": rides.departure_ms,
        "arrival": rides.arrival_ms,
        "bearing": bearings_degrees(*rides.origin, *rides.destination),
        "seats": rides.seats_left,
        "bookings": rides.bookings,
    }
    database.execute("set temp_buffers = '2GB'")
    database.execute("set maintenance_work_mem = '512MB'")
    database.execute("set jit = off")
    database.execute("drop table if exists pg_temp.ride")
    database.execute(TABLE)
    axes = SeedRule().major_axis_m(rides)
    with database.cursor().copy("copy ride from stdin (format binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for begin in range(0, len(rides), CHUNK):
            rows = slice(begin, begin + CHUNK)
            chunk = {name: column[rows] for name, column in columns.items()}
            a, b = ([part[rows] for part in end] for end in (rides.origin, rides.destination))
            copy.write(binary_rows(chunk, ellipses((*a, *b), axes[rows])))
        copy.write(b"\xff\xff")
    database.execute("analyze ride")


def ellipses(ends: tuple[Floats, ...], major_axis_m: Floats) -> Floats:
    """Return closed rings of 32 corners on each ellipse, float64[n, 33, 2].

    Drawn in a plane around the middle of the ride, where the original draws in UTM.
    """
    lon_a, lat_a, lon_b, lat_b = ends
    lon, lat = (lon_a + lon_b) / 2, (lat_a + lat_b) / 2
    metres_east = METRES_PER_DEGREE * np.cos(np.radians(lat))
    towards = np.arctan2((lat_b - lat_a) * METRES_PER_DEGREE, (lon_b - lon_a) * metres_east)
    long_m = major_axis_m / 2
    short_m = np.sqrt(np.maximum(long_m**2 - (crow_fly_m(*ends) / 2) ** 2, 0))
    angle = np.append(np.arange(CORNERS), 0) * 2 * np.pi / CORNERS
    along, across = long_m[:, None] * np.cos(angle), short_m[:, None] * np.sin(angle)
    cos, sin = np.cos(towards)[:, None], np.sin(towards)[:, None]
    rings = np.empty((len(lon), CORNERS + 1, 2))
    rings[:, :, 0] = lon[:, None] + (along * cos - across * sin) / metres_east[:, None]
    rings[:, :, 1] = lat[:, None] + (along * sin + across * cos) / METRES_PER_DEGREE
    return rings


def binary_rows(columns: dict[str, npt.NDArray[Any]], rings: Floats) -> bytes:
    """Return rows as PostgreSQL's binary COPY takes them; the geometry is EWKB.

    Source: PostgreSQL's manual, COPY, "Binary Format"; PostGIS's manual, "EWKB".
    """
    head: list[Any] = [("fields", ">i2")]
    for name in columns:
        head += [(f"{name} size", ">i4"), (name, COLUMNS[name][1])]
    ewkb: list[Any] = [("order", "u1"), ("type", "<u4"), ("srid", "<u4")]
    ewkb += [("rings", "<u4"), ("points", "<u4"), ("ring", "<f8", rings.shape[1:])]
    kind = np.dtype([*head, ("ellipse size", ">i4"), ("ellipse", ewkb)])
    rows = np.zeros(len(rings), kind)
    rows["fields"] = len(columns) + 1
    for name, column in columns.items():
        rows[f"{name} size"] = rows[name].dtype.itemsize
        rows[name] = column
    shape = rows["ellipse"]
    rows["ellipse size"] = shape.dtype.itemsize
    shape["order"], shape["type"], shape["srid"] = 1, POLYGON_WITH_SRID, WGS84
    shape["rings"], shape["points"], shape["ring"] = 1, rings.shape[1], rings
    return rows.tobytes()


def what_the_rule_loses(
    network: RoadNetwork, supply: Supply, trips: list[Trip], served: list[set[int]]
) -> dict[str, dict[str, int]]:
    """Count, over requests, what the rule does to the rides that serve; ``served`` are their keys.

    "lost by" a part: it alone would have lost them.
    """
    tallies = {}
    for name, rule in RULES.items():
        rides = seed_rides(network, supply, own_detour=name != DEFAULT)
        tally: dict[str, int] = {"rides that serve": 0, "lost": 0, "kept in vain": 0}
        for trip, serving in zip(trips, served, strict=True):
            parts = rule.parts(rides, seed_request(network, trip))
            kept = np.logical_and.reduce(list(parts.values()))
            useful = np.isin(supply.key, list(serving))
            tally["rides that serve"] += len(serving)
            tally["lost"] += int((useful & ~kept).sum())
            tally["kept in vain"] += int((~useful & kept).sum())
            for part, passes in parts.items():
                lost = int((useful & ~passes).sum())
                tally[f"lost by {part}"] = tally.get(f"lost by {part}", 0) + lost
        tallies[name] = tally
    return tallies
