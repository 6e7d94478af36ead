"""Looking at where the car is: each look at somebody else's position is written down."""

from datetime import datetime
from uuid import UUID

from accounts.models import Member, PositionSource
from accounts.services import log_position_read
from tracking.selectors.live import Car, get_car


def look_at_car(*, ride_id: UUID, by: Member, now: datetime) -> Car:
    """Return where the car is, and write down for its driver that somebody looked.

    Raises:
        RideNotFound, PositionHidden: it is not for this member, or not now.
    """
    car = get_car(by, ride_id, now=now)
    if car.place is not None and car.driver_id != by.pk:
        source = PositionSource.LIVE_MAP
        log_position_read(member_id=car.driver_id, reader=by, source=source, now=now)
    return car
