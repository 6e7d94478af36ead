"""How quickly positions are stored: through the service, against a bare COPY of the same rows.

The service does all that it does while people drive: looks up whose trace it is, compares times,
flags steps, keeps each position once, looks for the next stop, and commits each batch. COPY only
writes, to a table with the same columns and key, batch by batch with as many commits; and once more
in one piece, which is the floor of all. Prints a table and JSON; exits with 1 when the service
takes more than three times as long as COPY.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from benchmarks.own_postgres import OwnPostgres

MOST_RATIO = 3.0
FLOOR = """
CREATE TABLE floor_position (LIKE tracking_position INCLUDING ALL);
"""
HERE = (-71.2519, -29.9027)


def main() -> None:
    """Measure, print; exit with 1 when it is slower than was asked for."""
    options = read_options()
    os.environ["LOG_LEVEL"] = "CRITICAL"
    with OwnPostgres() as postgres:
        os.environ["DATABASE_URL"] = url = postgres.make_database("bench")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        facts = measure(url.replace("postgis", "postgresql", 1), options.positions, options.batch)
    print(f"{'':28}{'positions/s':>14}{'ratio':>8}")
    for name in ("service", "copy_in_batches", "copy_in_one_piece"):
        per_s = facts[f"{name}_per_s"]
        ratio = facts["copy_in_batches_per_s"] / per_s
        print(f"{name.replace('_', ' '):28}{per_s:14,.0f}{ratio:8.2f}")
    print(json.dumps(facts))
    sys.exit(0 if facts["ratio"] <= MOST_RATIO else 1)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=500, help="how many are sent at once")
    return parser.parse_args()


def measure(url: str, positions: int, batch: int) -> dict[str, Any]:
    """Return positions per second of the service and of COPY, and the ratio of the two."""
    from tracking.services import Fix, record_positions

    departure_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    later = departure_at + timedelta(hours=2)
    rides = [make_ride(number, departure_at) for number in range(4)]
    batches: list[tuple[Any, list[Fix]]] = []
    for number in range(positions // batch):
        ride = rides[number % len(rides)]
        first = number // len(rides) * batch
        batches.append((ride, [_fix(first + n, departure_at) for n in range(batch)]))
    ride, warm = batches.pop(0)
    record_positions(ride_id=ride.pk, by=ride.driver, fixes=warm, now=later)

    def store() -> None:
        for ride, fixes in batches:
            record_positions(ride_id=ride.pk, by=ride.driver, fixes=fixes, now=later)

    count = len(batches) * batch
    service_s = _seconds(store)
    copied = copy_again(url, batch)
    facts = {
        "positions": count,
        "batch": batch,
        "service_per_s": count / service_s,
        "copy_in_batches_per_s": copied["batches"],
        "copy_in_one_piece_per_s": copied["one_piece"],
    }
    facts["ratio"] = round(copied["batches"] / facts["service_per_s"], 2)
    facts["ratio_to_one_piece"] = round(copied["one_piece"] / facts["service_per_s"], 2)
    return facts


def _fix(number: int, departure_at: datetime) -> Any:
    """Four times a second, two metres and a half apart: as dense as any phone sends."""
    from carpool.kernel.geo import LonLat
    from tracking.services import Fix

    return Fix(
        sequence=number,
        recorded_at=departure_at + timedelta(seconds=number / 4),
        place=LonLat(HERE[0] + number * 2e-5, HERE[1] + number * 1e-5),
        accuracy_m=4.0 + number % 7,
        speed_mps=11.0,
    )


def make_ride(number: int, departure_at: datetime) -> Any:
    """Return a ride of somebody who shares their position."""
    from django.contrib.gis.geos import LineString, Point, Polygon

    from accounts.models import Car, ConsentPurpose, Member, Organization, User
    from maps.models import Region
    from rides.models import Ride
    from tracking.services import share_position

    organization, _new = Organization.objects.get_or_create(slug="bench", name="Bench")
    region, _new = Region.objects.get_or_create(slug="bench", name="Bench")
    user = User.objects.create(email=f"{number}@bench.example")
    driver = Member.objects.create(user=user, organization=organization, display_name="Driver")
    car = Car.objects.create(
        member=driver, make="Kia", model="Rio", colour="Red", plate=str(number), seats=4
    )
    here, there = Point(*HERE, srid=4326), Point(HERE[0] + 0.2, HERE[1] + 0.1, srid=4326)
    arrival_at = departure_at + timedelta(hours=5)
    ride = Ride.objects.create(
        organization=organization, region=region, driver=driver, car=car, origin=here,
        origin_label="A", origin_area="A", origin_public=True, destination=there,
        destination_label="B", destination_area="B", destination_public=True,
        departure_at=departure_at, arrival_at=arrival_at, arrive_latest_at=arrival_at,
        solo_duration_s=18_000, solo_distance_m=25_000, distance_m=25_000, seats_offered=3,
        detour_s=0, route=LineString(here, there, srid=4326),
        reach=Polygon.from_bbox((-72, -31, -70, -29)),
    )  # fmt: skip
    share_position(ride_id=ride.pk, by=driver, purposes=list(ConsentPurpose), now=departure_at)
    return ride


def copy_again(url: str, batch: int) -> dict[str, float]:
    """Copy the rows that were stored into a bare table, and return how many a second that makes."""
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(FLOOR)
        with link.cursor().copy("COPY (SELECT * FROM tracking_position) TO STDOUT") as out:
            rows = [bytes(row) for row in out]
        parts = [b"".join(rows[n : n + batch]) for n in range(0, len(rows), batch)]

        def copy_parts(parts: list[bytes]) -> None:
            for part in parts:
                with link.cursor().copy("COPY floor_position FROM STDIN") as into:
                    into.write(part)

        found = {}
        for name, chosen in (("batches", parts), ("one_piece", [b"".join(rows)])):
            link.execute("TRUNCATE floor_position")
            took = _seconds(lambda chosen=chosen: copy_parts(chosen))  # type: ignore[misc]
            found[name] = len(rows) / took
        return found


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
