"""Offering a ride to somebody who looks for one, if it passes near them."""

from datetime import datetime
from uuid import UUID

from accounts.models import Member
from matching.selectors import fits_about
from rides.errors import DoesNotPass
from rides.models import RequestOffer
from rides.selectors import get_ride_for, get_sought_ride_for
from rides.services import offer_to_request


def offer_along(*, request_id: UUID, ride_id: UUID, by: Member, now: datetime) -> RequestOffer:
    """Offer a ride of one's own to a standing request; the rider compares and chooses.

    Whether it fits exactly is computed for the rider only. The driver is told whether it passes
    near the cells that they see, in time: anything more would tell where the rider lives.

    Raises:
        RequestNotFound: nobody whom the driver may know of looks for it (any more).
        DoesNotPass: it is not along the ride's way.
        As :func:`rides.services.offer_to_request`.
    """
    request = get_sought_ride_for(by, request_id, now=now)
    ride = get_ride_for(by, ride_id)
    if ride.driver_id == by.pk and not fits_about(by, ride, request):
        raise DoesNotPass
    return offer_to_request(request_id=request_id, ride_id=ride_id, by=by, now=now)
