"""The watcher: what the clock alone decides.

Due rows are found by ``next_check_at``; each is locked and brought up to date in a transaction of
its own. Two watchers share the work (``skip_locked``), and one that comes a week late finds the
right state in one step.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Organization
from rides.models import (
    Booking,
    BookingState,
    ChangeQuestion,
    RequestState,
    Review,
    Ride,
    RideRequest,
    Room,
    RoomSeat,
)
from rides.models.bookings import UNCERTAIN_STATES
from rides.models.rides import RideQuerySet
from rides.services.bookings import release_booking
from rides.services.change_answers import lapse_question
from rides.services.kerb import wait_on
from rides.services.mergers import expire_mergers
from rides.services.request_offers import end_request
from rides.services.reviews import announce_review
from rides.services.room_progress import look_at_room
from rides.services.rooms import release_seat
from rides.services.transitions import move_booking, refresh_ride
from rides.services.validation import settle

logger = logging.getLogger(__name__)


def watch(*, now: datetime, limit: int = 1000, organization: Organization | None = None) -> int:
    """Bring due bookings, rides, requests and rooms up to date; return how many were looked at.

    With an organization, only its own: a simulated day has a clock of its own.
    """
    bookings = Booking.objects.due(now).order_by("next_check_at")
    rides = Ride.objects.due(now).order_by("next_check_at")
    questions = ChangeQuestion.objects.due(now).order_by("answer_by")
    requests = RideRequest.objects.filter(state=RequestState.OPEN, latest_arrival_at__lte=now)
    seats = RoomSeat.objects.overdue(now).order_by("held_until")
    rooms = Room.objects.due(now).order_by("next_check_at")
    reviews = Review.objects.to_announce(now).order_by("opens_at")
    if organization is not None:
        seats = seats.filter(room__organization=organization)
        rooms = rooms.filter(organization=organization)
        reviews = reviews.filter(booking__ride__organization=organization)
        bookings = bookings.filter(ride__organization=organization)
        rides = rides.filter(organization=organization)
        questions = questions.filter(booking__ride__organization=organization)
        requests = requests.filter(rider__organization=organization)
    looked_at = 0
    for pk, ride_pk in questions.values_list("pk", "booking__ride")[:limit]:
        looked_at += _carefully(lambda: _look_at_question(pk, ride_pk, now), pk)  # noqa: B023
    for pk, ride_pk in bookings.values_list("pk", "ride_id")[:limit]:
        looked_at += _carefully(lambda: _look_at_booking(pk, ride_pk, now), pk)  # noqa: B023
    for pk in rides.values_list("pk", flat=True)[:limit]:
        looked_at += _carefully(lambda: _look_at_ride(pk, now), pk)  # noqa: B023
    for pk in requests.values_list("pk", flat=True)[:limit]:
        looked_at += _carefully(lambda: _look_at_request(pk, now), pk)  # noqa: B023
    for pk in seats.values_list("pk", flat=True)[:limit]:
        looked_at += _carefully(lambda: release_seat(seat_id=pk, now=now), pk)  # noqa: B023
    for pk in rooms.values_list("pk", flat=True)[:limit]:
        looked_at += _carefully(lambda: _look_at_room(pk, now), pk)  # noqa: B023
    for pk in reviews.values_list("pk", flat=True)[:limit]:
        looked_at += _carefully(lambda: announce_review(review_id=pk, now=now), pk)  # noqa: B023
    looked_at += expire_mergers(now=now)
    return looked_at


def _carefully(look: Callable[[], bool], pk: object) -> bool:
    """One row that cannot be brought up to date must not stop the others."""
    try:
        with transaction.atomic():
            return look()
    except Exception:
        logger.exception("The watcher could not bring %s up to date", pk)
        return False


def _locked_rides() -> RideQuerySet:
    """Rides that no other watcher holds, with the organization whose rules time them."""
    rides = Ride.objects.select_related("organization")
    return rides.select_for_update(no_key=True, skip_locked=True, of=("self",))


def _look_at_question(pk: UUID, ride_pk: UUID, now: datetime) -> bool:
    ride = _locked_rides().filter(pk=ride_pk).first()
    if ride is None:
        return False
    question = ChangeQuestion.objects.due(now).filter(pk=pk).select_related("booking").first()
    if question is None:
        return False
    question.booking.ride = ride
    lapse_question(question, now=now)
    return True


def _look_at_booking(pk: UUID, ride_pk: UUID, now: datetime) -> bool:
    ride = _locked_rides().filter(pk=ride_pk).first()
    if ride is None:
        return False
    booking = Booking.objects.select_for_update(no_key=True).due(now).filter(pk=pk).first()
    if booking is None:
        return False
    booking.ride = ride
    if booking.state in UNCERTAIN_STATES:
        release_booking(booking, by=None, reason="", now=now)
    elif booking.state == BookingState.COMPLETED_PENDING_VALIDATION:
        settle(booking, now=now, actor=None)
    return True


def _look_at_ride(pk: UUID, now: datetime) -> bool:
    ride = _locked_rides().due(now).filter(pk=pk).first()
    if ride is None:
        return False
    if ride.is_at_kerb:
        wait_on(ride, now=now)
        return True
    if now >= ride.validating_at:
        _ask_both_sides(ride, now)
    refresh_ride(ride, now=now)
    return True


def _ask_both_sides(ride: Ride, now: datetime) -> None:
    for booking in ride.bookings.select_for_update(no_key=True).filter(
        state=BookingState.CONFIRMED
    ):
        booking.ride = ride
        booking.next_check_at = ride.decided_at
        move_booking(
            booking,
            BookingState.COMPLETED_PENDING_VALIDATION,
            now=now,
            actor=None,
            fields=["next_check_at"],
        )
        settle(booking, now=now, actor=None)


def _look_at_room(pk: UUID, now: datetime) -> bool:
    rooms = Room.objects.select_related("organization", "region").due(now).filter(pk=pk)
    room = rooms.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if room is None:
        return False
    look_at_room(room, now=now)
    return True


def _look_at_request(pk: UUID, now: datetime) -> bool:
    request = (
        RideRequest.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(pk=pk, state=RequestState.OPEN)
        .first()
    )
    if request is None:
        return False
    end_request(request, RequestState.EXPIRED, now=now)
    return True
