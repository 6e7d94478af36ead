"""Two memberships of one person become one: their rides, seats, requests and links."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from rides.errors import RidesOverlap, TravelledTogether
from rides.models import (
    Booking,
    BookingState,
    BookingTransition,
    Deed,
    RecurringRide,
    Review,
    Ride,
    RideRequest,
    RideShare,
    RideTransition,
    Room,
    RoomSeat,
    RoomTransition,
    SeatState,
    SeatTransition,
    Threshold,
)

Span = tuple[datetime, datetime]


def unite_rides(kept_id: UUID, gone_id: UUID, _now: datetime) -> None:
    """Give the one who stays the rides and seats of the one who goes.

    Raises:
        TravelledTogether: they were, or will be, in one car.
        RidesOverlap: they were, or will be, in two cars at once.
    """
    both = [kept_id, gone_id]
    # Whoever books or cancels locks the ride first, and so do we: by id, as everybody does.
    list(
        Ride.objects.select_for_update(no_key=True, of=("self",))
        .filter(driver__in=both)
        .order_by("pk")
    )
    rooms = RoomSeat.objects.filter(rider__in=both).values("room")
    list(
        Room.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=rooms)
        .order_by("pk")
    )
    kept, gone = _seats(kept_id), _seats(gone_id)
    if kept.keys() & gone.keys():
        raise TravelledTogether
    if any(a[0] < b[1] and b[0] < a[1] for a in kept.values() for b in gone.values()):
        raise RidesOverlap
    try:
        with transaction.atomic():
            Ride.objects.filter(driver=gone_id).update(driver=kept_id)
            # Both keep what was waived; two first ones of a month would be one waiver used twice.
            waived = Booking.objects.filter(rider=gone_id, waived_nth__isnull=False)
            waived.update(waived_nth=F("waived_nth") + 100)
            Booking.objects.filter(rider=gone_id).update(rider=kept_id)
            RoomSeat.objects.filter(rider=gone_id).update(rider=kept_id)
    except IntegrityError as error:  # somebody booked in this very moment
        raise RidesOverlap from error
    Booking.objects.filter(cancelled_by=gone_id).update(cancelled_by=kept_id)
    Room.objects.filter(host=gone_id).update(host=kept_id)
    Room.objects.filter(next_host=gone_id).update(next_host=kept_id)
    for kind in (RideTransition, BookingTransition, RoomTransition, SeatTransition):
        kind._default_manager.filter(actor=gone_id).update(actor=kept_id)
    RideRequest.objects.filter(rider=gone_id).update(rider=kept_id)
    RecurringRide.objects.filter(driver=gone_id).update(driver=kept_id)
    RideShare.objects.filter(member=gone_id).update(member=kept_id)
    Threshold.objects.filter(member=gone_id).update(member=kept_id)
    known = Deed.objects.filter(member=kept_id, booking__isnull=False).values("booking")
    Deed.objects.filter(member=gone_id).exclude(booking__in=known).update(member=kept_id)
    Review.objects.filter(author=gone_id).update(author=kept_id)
    Review.objects.filter(subject=gone_id).update(subject=kept_id)


def _seats(member_id: UUID) -> dict[UUID, Span]:
    """Return when somebody sits in which car, as driver or rider; cancelled is as if never."""
    driven = Ride.objects.filter(driver=member_id, cancelled_at=None)
    ridden = Booking.objects.filter(rider=member_id).exclude(state=BookingState.CANCELLED)
    shared = RoomSeat.objects.filter(rider=member_id).exclude(state=SeatState.RELEASED)
    return {
        pk: (start, end)
        for rows in (
            driven.values_list(*_RIDE),
            ridden.values_list(*_BOOKING),
            shared.values_list(*_SEAT),
        )
        for pk, start, end in rows
    }


_RIDE = ("pk", "departure_at", "arrival_at")
_BOOKING = ("ride", "pickup_at", "dropoff_at")
_SEAT = ("room", "aboard_from", "aboard_until")
