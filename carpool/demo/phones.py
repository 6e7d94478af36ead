"""What the phones in a simulated car record: of who sits in it, and of some who only say so."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from carpool.kernel.geo import LonLat, from_point, lengths_m, points_of
from rides.models import Booking, Ride, Stop
from tracking.engine.labelled import Truth
from tracking.engine.synthetic import Drive, behind, draw_phone, drive, record
from tracking.engine.traces import Trace
from tracking.services import Fix

FRAUDS = (Truth.COPY, Truth.LAG, Truth.MOCK, Truth.FOLLOWER_60)
# Cars are later than planned, though not by more than this: later positions nobody would take.
LATEST = timedelta(minutes=9)
_LAG_S, _HEADWAY_S = 4.0, 60.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a ride's phones recorded, by member, and when the car arrived."""

    fixes: Mapping[UUID, list[Fix]]
    arrived_at: datetime


def record_ride(
    ride: Ride, bookings: Mapping[UUID, tuple[Booking, Truth]], *, seed: int
) -> Recorded:
    """Let a car drive a ride's route, and every phone in it record.

    Args:
        ride: with its stops; it leaves as planned.
        bookings: by rider, what they booked and what they really do.
        seed: the same gives the same, on every machine.
    """
    rng = np.random.default_rng(seed)
    lonlat = points_of(ride.route)
    along = np.concatenate([[0.0], np.cumsum(lengths_m(lonlat))])
    planned_s = (ride.arrival_at - ride.departure_at).total_seconds()
    time_s = along / along[-1] * planned_s * 0.85  # lights and bends cost the rest
    departure_s = ride.departure_at.timestamp()
    car = drive(lonlat, time_s, departure_s=departure_s, rng=rng)
    other = drive(lonlat, time_s, departure_s=departure_s, rng=rng)
    latest_s = (ride.arrival_at + LATEST).timestamp()
    driver = record(car, draw_phone(rng), rng, until_s=min(float(car.time_s[-1]), latest_s))
    fixes = {ride.driver_id: _fixes(driver)}
    for rider_id, (booking, truth) in bookings.items():
        aboard = _aboard(car, ride, booking)
        trace = _trace(truth, car, other, driver, aboard, rng).between(departure_s, latest_s)
        if trace is not None:
            fixes[rider_id] = _fixes(trace)
    end_s = max(float(driver.time_s[-1]), departure_s + 60.0)
    return Recorded(fixes, datetime.fromtimestamp(end_s, UTC))


def _trace(
    truth: Truth, car: Drive, other: Drive, driver: Trace, aboard: tuple[float, float],
    rng: np.random.Generator,
) -> Trace:  # fmt: skip
    if truth is Truth.COPY:
        return driver.between(*aboard) or driver
    if truth is Truth.LAG:
        return (driver.between(*aboard) or driver).shifted(_LAG_S)
    if truth is Truth.FOLLOWER_60:
        own = behind(car, other, headway_s=_HEADWAY_S)
        until = min(aboard[1] + _HEADWAY_S, float(own.time_s[-1]))
        return record(own, draw_phone(rng), rng, from_s=aboard[0], until_s=until)
    trace = record(car, draw_phone(rng), rng, from_s=aboard[0], until_s=aboard[1])
    if truth is Truth.MOCK:
        return replace(trace, is_mock=np.ones(len(trace.time_s), np.bool_))
    return trace


def _aboard(car: Drive, ride: Ride, booking: Booking) -> tuple[float, float]:
    """Return when the car passes where somebody gets in, and where they get out."""
    stops = sorted(
        (stop for stop in ride.stops.all() if stop.booking_id == booking.pk),
        key=lambda stop: stop.position,
    )
    begins = _passed(car, stops[0], 0) if stops else 0
    ends = _passed(car, stops[-1], begins) if len(stops) > 1 else len(car.time_s) - 1
    return float(car.time_s[begins]), float(max(car.time_s[ends], car.time_s[begins] + 30.0))


def _passed(car: Drive, stop: Stop, after: int) -> int:
    place = from_point(stop.location)
    here = car.plane.project(np.array([place.lon]), np.array([place.lat]))
    away = np.hypot(*(car.metres[after:] - here).T)
    return after + int(np.argmin(away))


def _fixes(trace: Trace) -> list[Fix]:
    columns = (trace.time_s, trace.lon, trace.lat, trace.accuracy_m, trace.speed_mps, trace.is_mock)
    return [
        Fix(
            sequence=number,
            recorded_at=datetime.fromtimestamp(at, UTC),
            place=LonLat(lon, lat),
            accuracy_m=accuracy,
            speed_mps=speed,
            is_mock=is_mock,
        )
        for number, (at, lon, lat, accuracy, speed, is_mock) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True), start=1
        )
    ]
