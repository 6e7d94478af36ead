"""What becomes of the rides and bookings of somebody on whom nobody may count any more."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Member
from carpool.kernel.errors import DomainError
from rides.models import Booking, RequestState, Ride, RideRequest, Room, RoomEnd, RoomSeat
from rides.services.bookings import cancel_booking
from rides.services.calling_off import cancel_ride
from rides.services.recurring import end_recurring_rides_of
from rides.services.requests import close_request
from rides.services.room_progress import cancel_room
from rides.services.rooms import leave_room


def withdraw_member(*, member_id: UUID, has_left: bool = False, now: datetime) -> int:
    """Cancel what lies ahead of a member, so that everybody else is told; return how much it was.

    What has begun goes on: who is in the car stays in it. Why is theirs, unless they left.
    """
    member = Member.objects.filter(pk=member_id).select_related("organization").first()
    if member is None:
        return 0
    end_recurring_rides_of(member, now=now)
    with override(member.organization.language):
        reason = _("Has left the organization.") if has_left else ""
    own = Ride.objects.filter(driver=member)
    rides = own.bookable(now) | own.at_the_kerb()
    booked = Booking.objects.filter(rider=member).active()
    at_kerb = booked.filter(ride__in=Ride.objects.at_the_kerb())
    bookings = booked.filter(pickup_at__gt=now) | at_kerb
    wishes = RideRequest.objects.filter(rider=member, state=RequestState.OPEN)
    rooms = Room.objects.filter(departed_at=None, cancelled_at=None, departure_at__gt=now)
    seats = RoomSeat.objects.occupying().filter(rider=member, room__in=rooms)
    shared = seats.exclude(room__host=member).values_list("room", flat=True)
    deeds: list[Callable[[], object]] = [
        *(
            partial(cancel_ride, ride_id=pk, by=member, reason=reason, now=now)
            for pk in _ids(rides)
        ),
        *(
            partial(cancel_booking, booking_id=pk, by=member, reason=reason, now=now)
            for pk in _ids(bookings)
        ),
        *(partial(close_request, request_id=pk, by=member, now=now) for pk in _ids(wishes)),
        *(
            partial(cancel_room, room_id=pk, by=member, reason=RoomEnd.HOST_GONE, now=now)
            for pk in _ids(rooms.filter(host=member))
        ),
        *(partial(leave_room, room_id=pk, by=member, now=now) for pk in list(shared)),
    ]
    return sum(_attempt(deed) for deed in deeds)


def _ids(rows: QuerySet[Any]) -> list[UUID]:
    return list(rows.values_list("pk", flat=True))


def _attempt(deed: Callable[[], object]) -> bool:
    """Run one cancellation; what has left or ended in the meantime is left alone."""
    try:
        with transaction.atomic():
            deed()
    except DomainError:
        return False
    return True
