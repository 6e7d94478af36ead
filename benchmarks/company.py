"""A company of many drivers in a database of its own: real rows behind as many rides as one likes.

A tenth of the rides is drawn as :mod:`benchmarks.commutes` draws them; each driver offers theirs on
ten of the fourteen days. Their ways are real, so answers are as large as they are in use. Foreign
keys are not checked while rows are copied, and the rule that nobody is in two rides at a time is
taken off for it, as both would take minutes; everything else is as migrations make it.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import shapely

from maps.engine import RoadNetwork
from matching.engine.insertion import NO_EARLIEST
from matching.engine.segment import Supply

RIDES_PER_DRIVER = 10
ORGANIZATION = "00000000-0000-4000-8000-000000000001"
TABLES = """
CREATE TEMP TABLE commute (n int, departure bigint, arrival bigint, latest bigint, seats int,
    solo_s int, solo_m int, home text, work text, route text, reach text);
CREATE TEMP TABLE call (n int, position int, kind text, booking int, place text, leg_ms int,
    earliest bigint, planned bigint, latest bigint, taken int);
CREATE FUNCTION pg_temp.at(ms bigint, k int, origin bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE AS $$ SELECT to_timestamp((origin + ms % 86400000
        + ((ms / 86400000 + k) % 14) * 86400000) / 1000.0) $$;
CREATE FUNCTION pg_temp.known(kind text, n int, k int) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT md5(kind || n || ' ' || k)::uuid $$;
"""
PEOPLE = """
INSERT INTO accounts_organization (id, name, slug, colour, time_zone, currency, language,
    week_start, own_policies, logo_version, partner_ids, former_partner_ids)
VALUES ('{org}', 'Large company', 'large', '#0f766e', 'UTC', 'EUR', 'en', 1, '{{}}', '', '{{}}',
    '{{}}');
CREATE TEMP TABLE person AS
    SELECT row_number() OVER () AS id, kind, n, k FROM (
        SELECT 'driver' AS kind, n, 0 AS k FROM commute UNION ALL
        SELECT DISTINCT 'rider', n, booking FROM call WHERE booking IS NOT NULL UNION ALL
        SELECT 'seeker', n, 0 FROM generate_series(0, 99) n) p;
INSERT INTO accounts_user (id, password, is_superuser, email, is_staff, is_active)
    OVERRIDING SYSTEM VALUE
    SELECT id, '', false, kind || n || '-' || k || '@example.com', false, true FROM person;
INSERT INTO accounts_member (id, user_id, organization_id, display_name, role, phone, language,
    gender, same_gender_only)
    SELECT pg_temp.known(kind, n, k), id, '{org}', 'Person ' || id, 'member', '', 'en', '', false
    FROM person;
INSERT INTO accounts_car (id, member_id, make, model, colour, plate, seats)
    SELECT pg_temp.known('car', n, 0), pg_temp.known('driver', n, 0), 'Kia', 'Ceed', 'blue',
        'AB' || n, 4 FROM commute;
"""
RIDES = """
INSERT INTO rides_ride (id, organization_id, region_id, driver_id, car_id, origin, origin_label,
    origin_area, origin_public, destination, destination_label, destination_area,
    destination_public, departure_at, arrival_at, arrive_latest_at, solo_duration_s,
    solo_distance_m, distance_m, seats_offered, detour_s, booking_mode, note, route, reach, state,
    cancel_reason)
SELECT pg_temp.known('ride', n, k), '{org}', '{region}', pg_temp.known('driver', n, 0),
    pg_temp.known('car', n, 0), ST_GeomFromText(home, 4326), 'Home', 'North side', false,
    ST_GeomFromText(work, 4326), 'Work', 'Port', false, pg_temp.at(departure, k, {origin}),
    pg_temp.at(departure, k, {origin}) + (arrival - departure) * interval '1 ms',
    pg_temp.at(departure, k, {origin}) + (latest - departure) * interval '1 ms',
    solo_s, solo_m, solo_m, seats, 600, 'instant', '',
    ST_SetSRID(route::geometry, 4326), ST_SetSRID(reach::geometry, 4326), 'scheduled', ''
FROM commute, generate_series(0, {most}) k;
INSERT INTO rides_booking (id, ride_id, rider_id, seats, state, origin, origin_label, destination,
    destination_label, earliest_departure_at, latest_arrival_at, walk_to_m, walk_from_m, pickup_at,
    dropoff_at, detour_s, shared_distance_m, cancel_reason, outcome)
SELECT pg_temp.known('booking ' || k || ' ', i.n, i.booking), pg_temp.known('ride', i.n, k),
    pg_temp.known('rider', i.n, i.booking), 1, 'confirmed', ST_GeomFromText(i.place, 4326), 'A',
    ST_GeomFromText(o.place, 4326), 'B', r.departure_at, r.arrive_latest_at, 100, 100,
    r.departure_at + (i.planned - c.departure) * interval '1 ms',
    r.departure_at + (o.planned - c.departure) * interval '1 ms', 60, 5000, '', ''
FROM generate_series(0, {most}) k, call i JOIN call o ON o.n = i.n AND o.booking = i.booking
    AND o.kind = 'dropoff' JOIN commute c ON c.n = i.n, rides_ride r
WHERE i.kind = 'pickup' AND r.id = pg_temp.known('ride', i.n, k);
INSERT INTO rides_stop (ride_id, position, kind, booking_id, location, label, earliest_at,
    planned_at, latest_at, seats_after, leg_distance_m, leg_duration_ms)
SELECT r.id, s.position, s.kind,
    CASE WHEN booking IS NOT NULL THEN pg_temp.known('booking ' || k || ' ', s.n, booking) END,
    ST_GeomFromText(s.place, 4326), 'Corner',
    CASE WHEN earliest IS NOT NULL
        THEN r.departure_at + (earliest - c.departure) * interval '1 ms' END,
    r.departure_at + (s.planned - c.departure) * interval '1 ms',
    r.departure_at + (s.latest - c.departure) * interval '1 ms', s.taken, 1000, s.leg_ms
FROM generate_series(0, {most}) k, call s JOIN commute c ON c.n = s.n, rides_ride r
WHERE r.id = pg_temp.known('ride', s.n, k);
"""


def fill_database(url: str, network: RoadNetwork, drivers: Supply, region: str) -> datetime:
    """Write ten rides for each of some drawn ones; return the first of their fourteen days."""
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    values = {
        "org": ORGANIZATION,
        "region": region,
        "origin": int(first.timestamp() * 1000),
        "most": RIDES_PER_DRIVER - 1,
    }
    with psycopg.connect(url) as link, link.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        for table, rule in (
            ("rides_ride", "driver_is_in_one_ride_at_a_time"),
            ("rides_booking", "rider_is_in_one_ride_at_a_time"),
        ):
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {rule}")
        cursor.execute(TABLES)
        calls = list(_calls(network, drivers))
        _copy(cursor, "commute", _commutes(network, drivers, calls))
        _copy(cursor, "call", (row for rows in calls for row in rows))
        cursor.execute("ANALYZE commute; ANALYZE call")
        cursor.execute((PEOPLE + RIDES).format(**values))
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("VACUUM ANALYZE")
    return first


def _copy(cursor: "psycopg.Cursor[Any]", table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _calls(network: RoadNetwork, drivers: Supply) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the stops of each ride; who gets in first gets out first."""
    rides = drivers.rides
    lon, lat = network.lon[drivers.node].tolist(), network.lat[drivers.node].tolist()
    leg, stand = rides.leg_ms.tolist(), rides.boarding_ms.tolist()
    earliest, latest = rides.earliest_ms.tolist(), rides.latest_ms.tolist()
    taken, departure = rides.seats_after.tolist(), rides.departure_ms.tolist()
    for n, (a, b) in enumerate(
        zip(rides.start[:-1].tolist(), rides.start[1:].tolist(), strict=True)
    ):
        riders, at, rows = (b - a - 2) // 2, departure[n], []
        for k in range(a, b):
            place, at = k - a, at + leg[k]
            kind, booking = "pickup", (place - 1) % max(riders, 1)
            if place in {0, b - a - 1}:
                kind, booking = ("destination" if place else "origin"), None
            elif place > riders:
                kind = "dropoff"
            waits = None if earliest[k] == int(NO_EARLIEST) else earliest[k]
            point = f"POINT({lon[k]:.7f} {lat[k]:.7f})"
            rows.append((n, place, kind, booking, point, leg[k], waits, at, latest[k], taken[k]))
            at += stand[k]
        yield rows


def _commutes(
    network: RoadNetwork, drivers: Supply, calls: list[list[tuple[Any, ...]]]
) -> Iterator[tuple[Any, ...]]:
    rides = drivers.rides
    for n, (a, b) in enumerate(zip(rides.start[:-1], rides.start[1:], strict=True)):
        way = network.route([int(node) for node in drivers.node[a:b]])
        line = shapely.LineString(np.round(way.geometry, 6)).simplify(2e-5)
        first, last = calls[n][0], calls[n][-1]
        yield (
            n, int(rides.departure_ms[n]), last[7], last[8], int(rides.seats_offered[n]),
            math.ceil(way.duration_ms / 1000), round(way.distance_m), first[4], last[4],
            line.wkb_hex, line.envelope.buffer(0.01).wkb_hex,
        )  # fmt: skip


def scratch_database(url: str, name: str = "carpool_bench") -> str:
    """Make an empty database beside the given one and return its address."""
    plain = url.replace("postgis://", "postgresql://", 1)
    with psycopg.connect(plain, autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        link.execute(f"CREATE DATABASE {name}")
    address, mark, options = url.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{options}"
