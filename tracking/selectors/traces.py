"""Reads about traces."""

import math
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from accounts.models import ConsentPurpose, Member
from rides.models import Booking, BookingState
from rides.models.bookings import UNCERTAIN_STATES
from tracking import engine
from tracking.models import Trace
from tracking.permissions import TAKEN_FOR
from tracking.selectors.consents import agrees


def find_open_trace(member: Member, ride_id: UUID, *, now: datetime) -> Trace | None:
    """Return a member's trace of a ride that they may go on with, in one query.

    They still drive or have a confirmed seat, still agree to something, and it is not too late.
    None says only that somebody has to look closer.
    """
    seats = Booking.objects.filter(ride=OuterRef("ride"), rider=OuterRef("member")).exclude(
        state__in=[*UNCERTAIN_STATES, BookingState.CANCELLED]
    )
    aboard = Q(ride__driver=F("member")) | Exists(seats)
    agreed = Q(*(agrees(one, who="member") for one in ConsentPurpose), _connector=Q.OR)
    traces = Trace.objects.of(member).filter(aboard, agreed, ride=ride_id, ride__cancelled_at=None)
    trace = traces.select_related("ride__organization").first()
    return None if trace is None or now > trace.ride.ends_at + TAKEN_FOR else trace


def get_trace(member: Member, ride_id: UUID) -> Trace | None:
    """Return a member's own trace of a ride, if they have shared anything."""
    return Trace.objects.of(member).filter(ride=ride_id).first()


def load_trace(trace: Trace) -> engine.Trace | None:
    """Return what a phone recorded, for the engine; None when nothing is (any more)."""
    rows = trace.positions.filter(day=trace.day).order_by("sequence")
    columns = list(zip(*rows.values_list(*_COLUMNS), strict=True))
    if not columns:
        return None
    at, places, accuracy, speed, is_mock = columns
    return engine.Trace.of(
        [moment.timestamp() for moment in at],
        [place.x for place in places],
        [place.y for place in places],
        accuracy_m=_numbers(accuracy),
        speed_mps=_numbers(speed),
        is_mock=is_mock,
    )


_COLUMNS = ("recorded_at", "location", "accuracy_m", "speed_mps", "is_mock")


def _numbers(column: tuple[float | None, ...]) -> list[float]:
    return [math.nan if value is None else value for value in column]
