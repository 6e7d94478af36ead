"""What a search costs as a whole: over HTTP, with the database's final check and the answer's JSON.

A database with as many rides as asked for, two Daphne processes, and clients on the same machine.
The floor is ``/livez``, an answer of the same servers that does no work. Freshness is the time from
an offer's answer by one process to the ride's being found by the other.
"""

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commutes import WALK_M, Trip, draw_requests, draw_rides, population
from benchmarks.company import RIDES_PER_DRIVER, fill_database, scratch_database
from maps.engine import RoadNetwork, WalkNetwork

CITY = Path("data/la-serena-coquimbo.osm.pbf")
ZONES = Path("data/la-serena-coquimbo-zones.geojson")
RESULTS = Path("var/benchmarks/service.json")
CLIENTS = 8


def main() -> None:
    """Fill, measure, print; exit with 1 when an answer is not 200."""
    options = read_options()
    url = scratch_database(options.database)
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    facts: dict[str, Any] = {"rides": options.rides, "clients": CLIENTS, "servers": 2}
    trips, first = prepare(url, options, facts)
    rows = measure(trips, first, options, facts)
    report(rows, facts)
    sys.exit(1 if facts["answers other than 200"] else 0)


def read_options() -> argparse.Namespace:
    """Return what to run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--rides", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=15, help="of load")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def prepare(
    url: str, options: argparse.Namespace, facts: dict[str, Any]
) -> tuple[list[Trip], datetime]:
    """Import the city and fill it; return requests and the first day."""
    from django.conf import settings
    from django.core.management import call_command

    from carpool.kernel import clock
    from maps.models import Region
    from maps.services import import_file

    began = time.perf_counter()
    call_command("migrate", verbosity=0)
    import_file(path=CITY, now=clock.now(), name="City", slug="city")
    region = Region.objects.get()
    folder = Path(settings.NETWORKS_DIR) / region.network_version
    network, walks = RoadNetwork(folder), WalkNetwork(folder)
    rng = np.random.default_rng(options.seed)
    mass = population(network, ZONES)
    drivers = draw_rides(network, mass, options.rides // RIDES_PER_DRIVER, rng)
    plain = url.replace("postgis://", "postgresql://", 1)
    first = fill_database(plain, network, drivers, str(region.pk))
    facts["seconds to fill the database"] = round(time.perf_counter() - began, 1)
    return draw_requests(network, walks, mass, options.requests, rng), first


def measure(
    trips: Sequence[Trip], first: datetime, options: argparse.Namespace, facts: dict[str, Any]
) -> dict[str, list[float]]:
    """Return milliseconds for each thing that was measured."""
    from accounts.models import Member
    from carpool.tests.servers import running_servers, session_of
    from maps.models import Region
    from maps.selectors import load_network

    network = load_network(Region.objects.get())
    bodies = [to_body(network, trip, first) for trip in trips]
    seekers = Member.objects.filter(user__email__startswith="seeker").select_related("user")
    sessions = [session_of(member) for member in seekers[:CLIENTS]]
    driver = Member.objects.get(user__email="driver0-0@example.com")
    with running_servers(2) as servers:
        links = [Link(server.port, sessions[n % CLIENTS]) for n, server in enumerate(servers)]
        facts["seconds until rides are in memory"] = wait_until_filled(links, bodies, options.rides)
        rows = {
            "floor: GET /livez": [timed(links[0].get, "/livez") for _ in range(len(bodies))],
            "search, one client": [timed(links[0].search, body) for body in bodies],
        }
        load = under_load([server.port for server in servers], sessions, bodies, options.seconds)
        rows[f"search, {CLIENTS} clients"] = load
        facts["searches per second, 2 servers"] = round(len(load) / options.seconds, 1)
        facts["offers per answer, mean"] = round(float(np.mean(Link.offers)), 1)
        facts["KiB per answer, mean"] = round(float(np.mean(Link.sizes)) / 1024, 1)
        rows["freshness: offered here, found there"] = freshness(
            Link(servers[0].port, session_of(driver)),
            Link(servers[1].port, sessions[0]),
            bodies[0],
            str(driver.cars.get().pk),
        )
    facts["answers other than 200"] = Link.failed
    return rows


class Link:
    """A kept connection of somebody who is signed in."""

    failed = 0
    offers: list[int] = []
    sizes: list[int] = []

    def __init__(self, port: int, session: str) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        token = "c" * 32
        self._headers = {
            "Content-Type": "application/json",
            "Cookie": f"sessionid={session}; csrftoken={token}",
            "X-CSRFToken": token,
        }

    def get(self, path: str) -> bytes:
        """Return an answer's body."""
        self._link.request("GET", path)
        return self._link.getresponse().read()

    def post(self, path: str, body: dict[str, Any], key: str = "") -> Any:
        """Post JSON and return the answer."""
        headers = {**self._headers, "Idempotency-Key": key}
        self._link.request("POST", path, json.dumps(body), headers)
        answer = self._link.getresponse()
        text = answer.read()
        Link.failed += answer.status not in {200, 201}
        Link.sizes.append(len(text))
        return json.loads(text)

    def search(self, body: dict[str, Any]) -> Any:
        """Return the result of a search."""
        found = self.post("/api/v1/searches", body)
        Link.offers.append(len(found.get("offers", [])))
        return found


def to_body(network: RoadNetwork, trip: Trip, first: datetime) -> dict[str, Any]:
    """Return a drawn request as the API takes it."""
    window = trip.request.window
    earliest = first + timedelta(milliseconds=int((window.ready_ms - window.walk_to_ms)[0]))
    latest = first + timedelta(milliseconds=int((window.due_ms + window.walk_from_ms)[0]))
    ends = {}
    for name, node in (("origin", trip.home), ("destination", trip.work)):
        place = network.location(node)
        ends[name] = {"location": {"lon": place[0], "lat": place[1]}, "label": name}
    return {
        **ends,
        "earliest_departure_at": earliest.isoformat(),
        "latest_arrival_at": latest.isoformat(),
        "seats": 1,
        "walk_m": WALK_M,
        "arrive": window.anchored_at_arrival,
    }


def wait_until_filled(
    links: Sequence[Link], bodies: Sequence[dict[str, Any]], rides: int
) -> list[float]:
    """Search with each server until answers come from memory; return the seconds since now."""
    began, seconds = time.perf_counter(), []
    for link in links:
        while timed(link.search, bodies[0]) + timed(link.search, bodies[1]) > 400 + rides / 2000:
            if time.perf_counter() - began > 300:
                break
            time.sleep(0.5)
        for body in bodies[:20]:
            link.search(body)
        seconds.append(round(time.perf_counter() - began, 1))
    return seconds


def under_load(
    ports: Sequence[int], sessions: Sequence[str], bodies: Sequence[dict[str, Any]], seconds: float
) -> list[float]:
    """Let clients search one after the other for some seconds; return how long each search took."""
    until = time.perf_counter() + seconds

    def work(n: int) -> list[float]:
        link, took, at = Link(ports[n % len(ports)], sessions[n]), [], n
        while time.perf_counter() < until:
            took.append(timed(link.search, bodies[at % len(bodies)]))
            at += CLIENTS
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [one for took in pool.map(work, range(CLIENTS)) for one in took]


def freshness(here: Link, there: Link, body: dict[str, Any], car: str) -> list[float]:
    """Offer rides here on days far ahead, and search there until each is found."""
    took = []
    for n in range(30):
        departure = datetime.now(UTC) + timedelta(days=25 + n)
        offer = {
            "origin": body["origin"],
            "destination": body["destination"],
            "departure_at": departure.isoformat(),
            "car": car,
            "seats": 3,
            "detour_s": 600,
        }
        ride = here.post("/api/v1/rides", offer, key=f"fresh-{n}")
        committed = time.perf_counter()
        wish = {
            **body,
            "earliest_departure_at": (departure - timedelta(minutes=20)).isoformat(),
            "latest_arrival_at": (departure + timedelta(hours=3)).isoformat(),
        }
        while ride["id"] not in [o["ride"]["id"] for o in there.search(wish).get("offers", [])]:
            if time.perf_counter() - committed > 30:
                break
        took.append((time.perf_counter() - committed) * 1000)
    return took


def timed(call: Callable[..., Any], *arguments: Any) -> float:
    """Return the milliseconds that a call took."""
    start = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - start) * 1000


def report(rows: dict[str, list[float]], facts: dict[str, Any]) -> None:
    """Print a table and write JSON."""
    table = {
        name: {
            f"{label}_ms": round(float(np.quantile(took, q)), 1)
            for label, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        }
        for name, took in rows.items()
    }
    print(f"{'':<42}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}")
    for name, row in table.items():
        print(f"{name:<42}" + "".join(f"{value:>10}" for value in row.values()))
    for name, fact in facts.items():
        print(f"{name}: {json.dumps(fact)}")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"facts": facts, "rows": table}, indent=1))
    print(f"JSON: {RESULTS}")


if __name__ == "__main__":
    main()
