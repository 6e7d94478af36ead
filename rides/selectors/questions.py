"""What riders are asked after their driver has changed a ride."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts.models import Member
from rides.models import Booking, ChangeQuestion


def questions_of(bookings: Iterable[Booking], *, now: datetime) -> dict[UUID, ChangeQuestion]:
    """Return what is being asked about bookings, by booking; one query."""
    asked = ChangeQuestion.objects.asked().filter(answer_by__gt=now)
    return {one.booking_id: one for one in asked.filter(booking__in=[b.pk for b in bookings])}


def list_questions(member: Member, *, now: datetime, limit: int = 20) -> list[ChangeQuestion]:
    """List what a member is being asked, soonest first."""
    asked = ChangeQuestion.objects.asked().filter(booking__rider=member, answer_by__gt=now)
    people = asked.select_related("booking__ride__driver", "booking__ride__organization")
    return list(people.order_by("answer_by")[:limit])
