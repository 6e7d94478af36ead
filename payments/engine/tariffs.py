"""What a taximeter will show, from a dated tariff and the way that will be driven.

The meter begins at the base fare, which covers the first metres. From there each *begun* step of
distance costs, and each *completed* step of slow time (slower than ``step_m / step_s``) costs the
same. Each is charged at the moment it falls due, with the surcharge of that moment: so a ride that
crosses 22:00 pays the day's price before and the night's after, to the step. The base takes the
surcharge of the start and is rounded, as the printed tariffs do; so is the sum.

    fare = round(base · f) + Σ begun distance steps · step · f + Σ completed slow steps · step · f

Source: notices of Korean cities on mid-size taxis; anchors in ``tests/test_tariffs.py``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from payments.engine.rules import RoomRules
from payments.engine.split import percent_of, round_up


class TariffUnknown(ValueError):
    """No tariff is known for that place, vehicle and moment, or not all of it: none is guessed."""


class Stacking(StrEnum):
    """What two surcharges at once come to."""

    SUM = "sum"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class NightBand:
    """Hours of local time with a surcharge, half-open; an end before the start is the next day."""

    start: time
    end: time
    percent: int

    def holds(self, wall: time) -> bool:
        """Tell whether a wall-clock time lies in it."""
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


@dataclass(frozen=True, slots=True)
class Tariff:
    """One dated row: what one kind of taxi costs in one region.

    Attributes
    ----------
    base, step : int
        Minor units; the base covers ``base_m`` metres, a step ``step_m`` metres or ``step_s`` slow
        seconds.
    outside_percent : int or None
        Surcharge outside the region; None: not known, and a way that leads outside is refused.
    most_percent : int or None
        What surcharges together never exceed.
    round_to : int
        Base and sum are rounded to multiples, halves up.
    """

    region: str
    vehicle: str
    currency: str
    zone: str
    valid_from: datetime
    valid_to: datetime | None
    base: int
    base_m: int
    step: int
    step_m: int
    step_s: int
    bands: tuple[NightBand, ...]
    source: str
    checked_on: date
    outside_percent: int | None = None
    stacking: Stacking = Stacking.SUM
    most_percent: int | None = None
    round_to: int = 100
    call_fee: int = 0
    is_invented: bool = False

    def percent_at(self, moment: datetime, *, is_outside: bool = False) -> int:
        """Return the surcharge of a moment, in percent.

        Raises
        ------
        TariffUnknown
            Outside the region, and what that costs is not known.
        """
        wall = moment.astimezone(ZoneInfo(self.zone)).time()
        found = [band.percent for band in self.bands if band.holds(wall)]
        if is_outside:
            if self.outside_percent is None:
                raise TariffUnknown(f"What {self.region} costs outside is not known.")
            found.append(self.outside_percent)
        percent = sum(found) if self.stacking is Stacking.SUM else max(found, default=0)
        return percent if self.most_percent is None else min(percent, self.most_percent)

    def rounded(self, hundredths: int) -> int:
        """Round hundredths of a minor unit to a multiple of ``round_to``, halves up."""
        grain = 100 * self.round_to
        return (hundredths + grain // 2) // grain * self.round_to

    def is_slow(self, distance_m: int, duration_s: int) -> bool:
        """Tell whether the meter counts time, too: below ``step_m / step_s``."""
        return distance_m * self.step_s < duration_s * self.step_m


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the way that is driven at one speed; of no metres: waiting."""

    distance_m: int
    duration_s: int
    is_outside: bool = False

    def __post_init__(self) -> None:
        if min(self.distance_m, self.duration_s) < 0:
            raise ValueError("A stretch has neither negative metres nor seconds.")


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What the meter shows, and why.

    Attributes
    ----------
    base : int
        With the surcharge of the start, rounded.
    distance_steps, slow_steps : tuple of (percent, steps)
        How many steps fell due under which surcharge, in the order they were met.
    fees : int
        Call fee and tolls, passed on as they are.
    total : int
        What is to be paid.
    """

    base: int
    distance_steps: tuple[tuple[int, int], ...]
    slow_steps: tuple[tuple[int, int], ...]
    fees: int
    total: int


@dataclass(frozen=True, slots=True)
class FareEstimate:
    """A range to show; ``high`` is what riders prepay parts of (F_high of R2)."""

    currency: str
    low: int
    likely: int
    high: int
    reading: MeterReading


def find_tariff(book: Iterable[Tariff], *, region: str, vehicle: str, at: datetime) -> Tariff:
    """Return the one row that is valid.

    Raises
    ------
    TariffUnknown
        None is, or more than one: a wrong price is worse than none.
    """
    found = [
        row
        for row in book
        if (row.region, row.vehicle) == (region, vehicle)
        and row.valid_from <= at
        and (row.valid_to is None or at < row.valid_to)
    ]
    if len(found) != 1:
        raise TariffUnknown(f"{len(found)} tariffs for {vehicle} in {region} at {at:%Y-%m-%d}.")
    return found[0]


def read_meter(
    tariff: Tariff, way: Sequence[Stretch], *, starts_at: datetime, tolls: int = 0
) -> MeterReading:
    """Drive the way in thought and return what the meter shows; O(steps).

    Raises
    ------
    TariffUnknown
        The way leads outside, and what that costs is not known.
    """
    at_start = bool(way) and way[0].is_outside
    first = tariff.percent_at(starts_at, is_outside=at_start)
    base = tariff.rounded(tariff.base * (100 + first))
    distance = _counted(_distance_steps(tariff, way, starts_at))
    slow = _counted(_slow_steps(tariff, way, starts_at))
    metered = sum(tariff.step * (100 + percent) * steps for percent, steps in distance + slow)
    fees = tariff.call_fee + tolls
    return MeterReading(base, distance, slow, fees, tariff.rounded(base * 100 + metered) + fees)


def estimate_fare(
    tariff: Tariff,
    way: Sequence[Stretch],
    *,
    starts_at: datetime,
    rules: RoomRules,
    tolls: int = 0,
) -> FareEstimate:
    """Return the range that is shown before anybody commits to anything.

    Raises
    ------
    TariffUnknown
        See :func:`read_meter`.
    """
    reading = read_meter(tariff, way, starts_at=starts_at, tolls=tolls)
    low = percent_of(reading.total, 100 - rules.low_percent) // rules.round_to * rules.round_to
    return FareEstimate(
        tariff.currency, low, reading.total, highest_fare(reading.total, rules), reading
    )


def highest_fare(likely: int, rules: RoomRules) -> int:
    """Return F_high, the upper end that is prepaid (R2), rounded up to ``round_to``."""
    return round_up(likely * (100 + rules.high_percent), 100 * rules.round_to) // 100


def _distance_steps(tariff: Tariff, way: Sequence[Stretch], start: datetime) -> Iterator[int]:
    """Yield the surcharge at which each step of distance is begun."""
    driven_m, elapsed_s, due_m = 0, 0, tariff.base_m
    for part in way:
        while due_m < driven_m + part.distance_m:
            into_s = part.duration_s * (due_m - driven_m) // part.distance_m
            moment = start + timedelta(seconds=elapsed_s + into_s)
            yield tariff.percent_at(moment, is_outside=part.is_outside)
            due_m += tariff.step_m
        driven_m += part.distance_m
        elapsed_s += part.duration_s


def _slow_steps(tariff: Tariff, way: Sequence[Stretch], start: datetime) -> Iterator[int]:
    """Yield the surcharge at which each step of slow time is completed."""
    slow_s, elapsed_s, due_s = 0, 0, tariff.step_s
    for part in way:
        if tariff.is_slow(part.distance_m, part.duration_s):
            while due_s <= slow_s + part.duration_s:
                moment = start + timedelta(seconds=elapsed_s + due_s - slow_s)
                yield tariff.percent_at(moment, is_outside=part.is_outside)
                due_s += tariff.step_s
            slow_s += part.duration_s
        elapsed_s += part.duration_s


def _counted(percents: Iterable[int]) -> tuple[tuple[int, int], ...]:
    counts: dict[int, int] = {}
    for percent in percents:
        counts[percent] = counts.get(percent, 0) + 1
    return tuple(counts.items())
