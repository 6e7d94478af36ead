"""What was asked of people lately, so that the next assignment is fair."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from matching.models import Outcome, RunCommuter
from rides.models import Booking, BookingState

LOOKS_BACK = timedelta(weeks=4)


@dataclass(slots=True)
class History:
    """How often a member drove others, rode along, and was left over since they last shared."""

    drove: int = 0
    rode: int = 0
    left_over: int = 0


def recent_history(members: Collection[UUID], *, now: datetime) -> dict[object, History]:
    """Return what members did in the last four weeks, in three queries."""
    history: dict[object, History] = {pk: History() for pk in members}
    lately = Booking.objects.exclude(state=BookingState.CANCELLED).filter(
        pickup_at__gte=now - LOOKS_BACK, pickup_at__lt=now
    )
    drove = lately.filter(ride__driver__in=members).values_list("ride__driver")
    for member_id, rides in drove.annotate(Count("ride", distinct=True)).order_by():
        history[member_id].drove = rides
    rode = lately.filter(rider__in=members).values_list("rider")
    for member_id, bookings in rode.annotate(Count("pk")).order_by():
        history[member_id].rode = bookings
    outcomes = (
        RunCommuter.objects.filter(member__in=members, run__created_at__gte=now - LOOKS_BACK)
        .exclude(outcome=Outcome.PENDING)
        .order_by("run__service_date", "run__created_at")
        .values_list("member_id", "outcome")
    )
    for member_id, outcome in outcomes:
        left_over = outcome in {Outcome.ALONE, Outcome.LEFT_OUT}
        history[member_id].left_over = history[member_id].left_over + 1 if left_over else 0
    return history
