"""A ride that phones follow: fixes along its own route."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from accounts.models import ConsentPurpose, Member
from carpool.kernel.geo import LonLat, lengths_m, points_of
from rides.models import Ride
from tracking.services import Fix, record_positions, share_position

BOTH = tuple(ConsentPurpose)


def share(member: Member, ride: Ride, *, now: datetime) -> None:
    """Agree to everything."""
    share_position(ride_id=ride.pk, by=member, purposes=BOTH, now=now)


def fixes_along(
    ride: Ride, *, every_s: float = 5.0, start: datetime | None = None, first: int = 1
) -> list[Fix]:
    """What a phone in the car records: the ride's route at its planned pace."""
    points = points_of(ride.route)
    along = np.concatenate([[0.0], np.cumsum(lengths_m(points))])
    duration_s = (ride.arrival_at - ride.departure_at).total_seconds()
    seconds = np.arange(0.0, duration_s, every_s)
    metres = seconds / duration_s * along[-1]
    lon, lat = np.interp(metres, along, points[:, 0]), np.interp(metres, along, points[:, 1])
    begin = start or ride.departure_at
    return [
        Fix(
            sequence=first + n,
            recorded_at=begin + timedelta(seconds=float(at)),
            place=LonLat(float(x), float(y)),
            accuracy_m=4.0 + n % 3,
        )
        for n, (at, x, y) in enumerate(zip(seconds, lon, lat, strict=True))
    ]


def send(member: Member, ride: Ride, fixes: list[Fix], *, now: datetime, **more: Any) -> None:
    """Send fixes in batches, as a phone does."""
    for begin in range(0, len(fixes), 500):
        record_positions(
            ride_id=ride.pk, by=member, fixes=fixes[begin : begin + 500], now=now, **more
        )
