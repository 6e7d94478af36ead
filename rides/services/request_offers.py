"""Drivers' answers to standing requests: making one, taking it back, and how they end.

Accepting one is booking its ride for the request: that fulfils the request, and whatever fulfils or
ends a request closes the other answers to it, with the reason, in the same transaction.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Member
from rides.errors import AlreadyOffered, NotTheDriver, RideClosed, SeatsExhausted
from rides.models import (
    RequestOffer,
    RequestOfferEnd,
    RequestOfferState,
    RequestState,
    Ride,
    RideRequest,
)
from rides.permissions import is_driver
from rides.selectors import get_request_offer_for, get_ride_for, get_sought_ride_for
from rides.services.transitions import (
    move_request,
    move_request_offer,
    publish_request_offer,
)

# What the end of a request means for the answers to it.
_ENDS = {
    RequestState.FULFILLED: RequestOfferEnd.OTHER_CHOSEN,
    RequestState.CLOSED: RequestOfferEnd.NOT_NEEDED,
    RequestState.EXPIRED: RequestOfferEnd.TOO_LATE,
}


@transaction.atomic
def offer_to_request(*, request_id: UUID, ride_id: UUID, by: Member, now: datetime) -> RequestOffer:
    """Offer a ride of one's own to somebody who looks for one; they are told.

    Raises:
        RideNotFound, NotTheDriver, RideClosed, SeatsExhausted: it is not a ride to offer.
        RequestNotFound: nobody whom the driver may know of looks for it (any more).
        AlreadyOffered: this ride is offered to them.
    """
    ride = get_ride_for(by, ride_id, lock=True)
    if not is_driver(by, ride):
        raise NotTheDriver
    if not ride.is_bookable_at(now):
        raise RideClosed
    request = get_sought_ride_for(by, request_id, now=now, lock=True)
    if request.seats > ride.seats_offered:
        raise SeatsExhausted
    try:
        with transaction.atomic():
            offer = RequestOffer.objects.create(request=request, ride=ride)
    except IntegrityError as error:
        raise AlreadyOffered from error
    publish_request_offer(offer, now=now)
    return offer


@transaction.atomic
def withdraw_request_offer(*, offer_id: UUID, by: Member, now: datetime) -> RequestOffer:
    """Take an answer back, as its driver; the ride stays published.

    Raises:
        RequestOfferNotFound, NotTheDriver: it is not theirs.
        WrongState: it was accepted, or has ended.
    """
    offer = get_request_offer_for(by, offer_id, lock=True)
    if not is_driver(by, offer.ride):
        raise NotTheDriver
    move_request_offer(offer, RequestOfferState.WITHDRAWN, now=now)
    return offer


def end_request(
    request: RideRequest, after: RequestState, *, ride: Ride | None = None, now: datetime
) -> None:
    """End a locked request, and what was offered to it; ``ride`` is the one that was booked.

    Raises:
        WrongState: it has ended already.
    """
    move_request(request, after, now=now)
    for offer in _open(request=request):
        if ride is not None and offer.ride_id == ride.pk:
            move_request_offer(offer, RequestOfferState.ACCEPTED, now=now)
        else:
            move_request_offer(offer, RequestOfferState.CLOSED, _ENDS[after], now=now)


def close_offers_with(ride: Ride, *, now: datetime) -> None:
    """Close the answers that were made with a locked ride that has just been cancelled."""
    for offer in _open(ride=ride):
        move_request_offer(offer, RequestOfferState.CLOSED, RequestOfferEnd.RIDE_GONE, now=now)


def _open(**of: object) -> list[RequestOffer]:
    offers = RequestOffer.objects.waiting().filter(**of).order_by("pk")
    return list(offers.select_for_update(no_key=True, of=("self",)))
