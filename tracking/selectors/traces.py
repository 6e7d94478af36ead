"""Reads about traces."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from accounts.models import ConsentPurpose, Member
from rides.models import Booking, BookingState
from rides.models.bookings import UNCERTAIN_STATES
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
