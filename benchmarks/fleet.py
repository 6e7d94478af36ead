"""Split a day's rides over workers, and see how they bear the peak: arithmetic and simulation.

Regions are as unequal as cities are. A worker is one process on one core. A region that needs less
than half a worker is one shard; a larger one is split by service day, and a day that keeps a worker
too busy is held by several. Shards go to workers by first fit, the most demanding first. Then the
busiest worker's peak hour is simulated: requests arrive at random, are served in the order they
came, and take the time that a search of such a shard was measured to take.

Source: Zipf's law of city sizes in Mandelbrot's form; first-fit decreasing, Johnson (1973).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
GIB = 2**30
MOST_EVENTS = 200_000
"""Of the peak hour, in the simulation."""


@dataclass(frozen=True)
class World:
    """What is assumed, not measured."""

    rides_per_day: int = 100_000_000
    regions: int = 5_000
    zipf_shift: float = 10.0
    days_held: int = 14
    searches_per_ride: float = 3.0
    changes_per_ride: float = 4.0
    peak_hour_share: float = 0.12
    today_share: float = 0.4
    tomorrow_share: float = 0.3
    rides_per_vertex: float = 1.0
    fewest_vertices: int = 5_000
    most_vertices: int = 300_000
    workers_per_machine: int = 4
    worker_gib: float = 4.0
    memory_used_at_most: float = 0.7
    core_used_at_most: float = 0.5

    def region_sizes(self, every: int = 1) -> Floats:
        """Return the rides a day of each region, the largest first; of every so-manieth only."""
        share = 1 / (np.arange(1, self.regions + 1) + self.zipf_shift)
        sizes = self.rides_per_day * share / share.sum()
        return np.asarray(sizes[every // 2 :: every], np.float64)

    def peak_per_s(self, rides_per_day: Floats, per_ride: float) -> Floats:
        """Return how often a second something happens in the peak hour."""
        return rides_per_day * per_ride * self.peak_hour_share / 3600

    def day_shares(self) -> Floats:
        """Return which share of the searches is for today, tomorrow, and each day after."""
        rest = (1 - self.today_share - self.tomorrow_share) / (self.days_held - 2)
        return np.array([self.today_share, self.tomorrow_share, *[rest] * (self.days_held - 2)])


@dataclass(frozen=True)
class Measured:
    """What a shard costs, as measured in one run."""

    city: str
    vertices: int
    network_bytes: int
    shards: list[dict[str, Any]]
    read_s_per_million: float
    hop_ms: float

    @property
    def bytes_per_ride(self) -> float:
        """Memory of a ride in a large shard."""
        return float(self.shards[-1]["bytes_per_ride"])

    @property
    def change_ms(self) -> float:
        """What replacing a ride costs in the largest shard."""
        return float(self.shards[-1]["change_ms"])

    @property
    def refill_s_per_million(self) -> float:
        """Seconds until a million rides are back: reading and building."""
        return self.read_s_per_million + float(self.shards[-1]["build_s_per_million"])

    def search_core_ms(self, rides: Floats) -> Floats:
        """Return the mean time of a core for a search among so many rides a day.

        Between the sizes measured on a line of logarithms, beyond them as the last two lead.
        """
        sizes = np.log([shard["rides"] for shard in self.shards])
        means = np.log([np.mean(shard["core_ms"]) for shard in self.shards])
        slope = (means[-1] - means[-2]) / (sizes[-1] - sizes[-2])
        beyond = np.maximum(np.log(rides) - sizes[-1], 0)
        return np.asarray(np.exp(np.interp(np.log(rides), sizes, means) + slope * beyond))

    def draw_core_ms(self, rides: Floats, rng: np.random.Generator) -> Floats:
        """Draw times of a core for searches among so many rides a day, as they were measured."""
        logs = np.log([shard["rides"] for shard in self.shards])
        nearest = np.abs(np.log(rides)[:, None] - logs).argmin(axis=1)
        drawn = np.empty(len(rides))
        for number, shard in enumerate(self.shards):
            here = nearest == number
            spread = np.array(shard["core_ms"]) / np.mean(shard["core_ms"])
            drawn[here] = rng.choice(spread, int(here.sum()))
        return drawn * self.search_core_ms(rides)

    def facts(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        shards = [
            shard | {"core_ms": round(float(np.mean(shard["core_ms"])), 4)} for shard in self.shards
        ]
        return {
            "city": self.city,
            "vertices": self.vertices,
            "network_bytes": self.network_bytes,
            "read_s_per_million": self.read_s_per_million,
            "hop_ms": self.hop_ms,
            "shards": shards,
        }


@dataclass(frozen=True)
class Shards:
    """Parts of the supply that stay together, one row each, float64[n].

    Attributes:
    ----------
    rides_per_day, days
        Of the region; how many service days are here.
    memory
        Bytes, the network's included.
    searches, changes
        Per second of the peak hour.
    busy
        Which share of a core that takes.
    """

    rides_per_day: Floats
    days: Floats
    memory: Floats
    searches: Floats
    changes: Floats
    busy: Floats


@dataclass(frozen=True)
class Fleet:
    """A fleet, and how it bears the peak hour and a loss."""

    rides_per_day: int
    regions: int
    largest_region: int
    shards: int
    rides_gib: float
    networks_gib: float
    searches_per_s: int
    cores_busy: float
    workers: int
    machines: int
    most_rides_on_a_worker: int
    memory_used: float
    core_used_mean: float
    core_used_most: float
    median_ms: list[float]
    busiest_ms: list[float]
    refill_s: float


def plan_fleet(world: World, measured: Measured, rng: np.random.Generator, every: int = 1) -> Fleet:
    """Return the workers that a world takes (or every so-manieth region of it), and their fate."""
    sizes = world.region_sizes(every)
    shards = cut(world, measured, sizes)
    room, patience = world.worker_gib * GIB * world.memory_used_at_most, world.core_used_at_most
    where = first_fit(np.column_stack([shards.memory / room, shards.busy / patience]))
    workers = int(where.max()) + 1
    rides = np.bincount(where, shards.rides_per_day * shards.days, workers)
    memory = np.bincount(where, shards.memory, workers)
    busy = np.bincount(where, shards.busy, workers)
    median, busiest = (
        simulate(measured, shards, np.flatnonzero(where == worker), rng)
        for worker in (busy.argsort()[workers // 2], busy.argmax())
    )
    held = float((shards.rides_per_day * shards.days).sum()) * measured.bytes_per_ride
    return Fleet(
        rides_per_day=round(float(sizes.sum())),
        regions=len(sizes),
        largest_region=round(float(sizes[0])),
        shards=len(where),
        rides_gib=round(held / GIB, 1),
        networks_gib=round((float(shards.memory.sum()) - held) / GIB, 1),
        searches_per_s=round(float(shards.searches.sum())),
        cores_busy=round(float(busy.sum()), 1),
        workers=workers,
        machines=-(-workers // world.workers_per_machine),
        most_rides_on_a_worker=round(float(rides.max())),
        memory_used=round(float(memory.mean()) / (world.worker_gib * GIB), 3),
        core_used_mean=round(float(busy.mean()), 3),
        core_used_most=round(float(busy.max()), 3),
        median_ms=median,
        busiest_ms=busiest,
        refill_s=round(float(rides.max()) / 1e6 * measured.refill_s_per_million, 1),
    )


def cut(world: World, measured: Measured, sizes: Floats) -> Shards:
    """Return the shards of regions: whole, or by day, or several copies of a day."""
    days = world.days_held
    whole = shards_of(world, measured, sizes, np.full(len(sizes), float(days)), 1.0)
    room = world.worker_gib * GIB * world.memory_used_at_most
    need = np.maximum(whole.memory / room, whole.busy / world.core_used_at_most)
    parts = [rows_of(whole, np.flatnonzero(need <= 0.5))]
    large, one = sizes[need > 0.5], np.ones(int((need > 0.5).sum()))
    for share in world.day_shares():
        day = shards_of(world, measured, large, one, float(share))
        copies = np.ceil(day.busy / world.core_used_at_most)
        shared = shards_of(world, measured, large, one, float(share) / np.maximum(copies, 1))
        parts.append(rows_of(shared, np.repeat(np.arange(len(large)), copies.astype(int))))
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return Shards(*(np.concatenate(column) for column in columns))


def shards_of(
    world: World, measured: Measured, sizes: Floats, days: Floats, share: float | Floats
) -> Shards:
    """Return one shard for each region, which answers a share of its searches."""
    vertices = np.clip(sizes / world.rides_per_vertex, world.fewest_vertices, world.most_vertices)
    network = vertices * measured.network_bytes / measured.vertices
    searches = world.peak_per_s(sizes, world.searches_per_ride) * share
    changes = world.peak_per_s(sizes, world.changes_per_ride) * days / world.days_held
    busy_ms = searches * measured.search_core_ms(sizes) + changes * measured.change_ms
    return Shards(
        rides_per_day=sizes,
        days=days,
        memory=sizes * days * measured.bytes_per_ride + network,
        searches=searches,
        changes=changes,
        busy=busy_ms / 1000,
    )


def rows_of(shards: Shards, rows: npt.NDArray[np.intp]) -> Shards:
    """Return some of the shards."""
    return Shards(*(column[rows] for column in vars(shards).values()))


def first_fit(needs: Floats) -> npt.NDArray[np.intp]:
    """Return the worker of each shard: the first with room in everything, the neediest shard first.

    Parameters
    ----------
    needs : float64[n, resources]
        Shares of what a worker has; what needs more than all of it gets a worker of its own.
    """
    used = np.zeros((len(needs), needs.shape[1]))
    where = np.zeros(len(needs), np.intp)
    opened = 0
    for row in np.argsort(-needs.max(axis=1), kind="stable"):
        fits = (used[:opened] + needs[row] <= 1).all(axis=1)
        worker = int(fits.argmax()) if fits.any() else opened
        opened = max(opened, worker + 1)
        used[worker] += needs[row]
        where[row] = worker
    return where


def simulate(
    measured: Measured, shards: Shards, rows: npt.NDArray[np.intp], rng: np.random.Generator
) -> list[float]:
    """Return how long searches at one worker take in the peak hour, waiting included, in ms.

    p50, p95 and p99.

    Lindley's recursion: who comes waits for what the one before still had to wait and to take, less
    the time that has passed since.
    """
    rates = np.concatenate([shards.searches[rows], shards.changes[rows]])
    kinds = rng.choice(len(rates), MOST_EVENTS, p=rates / rates.sum())
    is_search = kinds < len(rows)
    took = np.full(MOST_EVENTS, measured.change_ms)
    sizes = shards.rides_per_day[rows][kinds[is_search]]
    took[is_search] = measured.draw_core_ms(sizes, rng)
    gaps = rng.exponential(1000 / rates.sum(), MOST_EVENTS)
    behind = np.concatenate([[0.0], np.cumsum(took[:-1] - gaps[1:])])
    waits = behind - np.minimum.accumulate(behind)
    searches_ms = (waits + took)[is_search]
    return [round(float(np.quantile(searches_ms, share)), 3) for share in (0.5, 0.95, 0.99)]
