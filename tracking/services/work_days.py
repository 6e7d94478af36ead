"""The log of working days: written by proven trips, corrected by its member.

A trip that is proven for somebody, and whose last position lies at a workplace, tells that they
were there on that day. A workplace is a site of their organization, drawn outline included, or the
place they saved as their work; how near is the organization's rule. Only one's own phone tells it:
whose phone sent nothing is not logged, though the other one proves the trip. Where they were stands
in no row, only that it was at work.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Member, PlaceKind
from accounts.selectors import list_places, list_sites
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from rides.models import Booking
from tracking.errors import DayNotOpen
from tracking.models import DayKind, Trace, WorkDay

# One may plan so far ahead; what is older than the term is deleted anyway.
AHEAD = timedelta(days=60)


@transaction.atomic
def log_work_days(*, booking_id: UUID) -> list[WorkDay]:
    """Log the day of a proven trip for its driver and its rider. Twice changes nothing."""
    return [
        day
        for booking in _lock(Q(pk=booking_id))
        for member in sorted((booking.ride.driver, booking.rider), key=lambda one: one.pk)
        if (day := _log(member, booking)) is not None
    ]


@transaction.atomic
def look_again_at_day(trace: Trace) -> None:
    """Log a member's day anew, as their phone has sent more of a ride that has arrived.

    A trip can be proven before its last positions are there, and those tell where it ended.
    """
    is_driver = trace.member_id == trace.ride.driver_id
    own = Q(ride=trace.ride_id) if is_driver else Q(ride=trace.ride_id, rider=trace.member_id)
    for booking in _lock(own):
        _log(trace.member, booking)


def _lock(which: Q) -> list[Booking]:
    """Lock bookings, so that none is proven meanwhile, and return those that are."""
    rows = Booking.objects.select_for_update(no_key=True, of=("self",)).filter(which)
    rows = rows.select_related("rider__organization", "ride__driver__organization")
    return [booking for booking in rows.order_by("pk") if booking.proven_at is not None]


def _log(member: Member, booking: Booking) -> WorkDay | None:
    """Write down what a trip tells of its member's day: all that is known of it now, no more."""
    trace = Trace.objects.of(member).filter(ride=booking.ride_id).first()
    if trace is None or trace.location is None or trace.located_at is None:
        return None
    if not is_at_work(member, from_point(trace.location)):
        _take_back(WorkDay.objects.filter(member=member, booking_id=booking.pk))
        return None
    zone = member.organization.zone
    day, _is_new = WorkDay.objects.get_or_create(
        member=member, date=trace.located_at.astimezone(zone).date(),
        defaults={"arrived_at": trace.located_at, "booking_id": booking.pk},
    )  # fmt: skip
    if day.arrived_at is None or day.booking_id == booking.pk:
        day.arrived_at, day.booking_id = trace.located_at, booking.pk
        day.save(update_fields=["arrived_at", "booking_id"])
    return day


def is_at_work(member: Member, place: LonLat) -> bool:
    """Tell whether a place is at a member's work: a site, or what they saved as their work."""
    within_m = member.organization.policy.workplace_m
    for site in list_sites(member):
        ends = (from_point(site.location), from_point(site.meeting_point))
        if site.holds(place) or min(crow_fly_m(end, place) for end in ends) <= within_m:
            return True
    own = list_places(member).filter(kind=PlaceKind.WORK)
    return any(crow_fly_m(from_point(one.location), place) <= within_m for one in own)


@transaction.atomic
def forget_proven_days(*, booking_id: UUID) -> None:
    """Take a trip's days out of the log, as its proof does not hold; what was said stays."""
    if _lock(Q(pk=booking_id)):
        return  # proven anew meanwhile
    _take_back(WorkDay.objects.filter(booking_id=booking_id))


def _take_back(proven: QuerySet[WorkDay]) -> None:
    proven.filter(said="").delete()
    proven.update(arrived_at=None, booking_id=None)


@transaction.atomic
def say_work_day(*, by: Member, day: date, kind: DayKind | None, now: datetime) -> WorkDay | None:
    """Say where one worked, or will; None takes the own entry back, and the fact counts again.

    Raises:
        DayNotOpen: it is too far ahead, or so long ago that it is no longer kept.
    """
    today = now.astimezone(by.organization.zone).date()
    if not first_kept(today) <= day <= today + AHEAD:
        raise DayNotOpen(field="date")
    row = WorkDay.objects.select_for_update(no_key=True).filter(member=by, date=day).first()
    if kind is None:
        return None if row is None else _unsay(row)
    if row is None:
        row, _is_new = WorkDay.objects.get_or_create(
            member=by, date=day, defaults={"said": kind, "said_at": now, "said_by": by}
        )
    row.said, row.said_at, row.said_by = kind, now, by
    row.save(update_fields=["said", "said_at", "said_by"])
    return row


def _unsay(row: WorkDay) -> WorkDay | None:
    if row.arrived_at is None:
        row.delete()
        return None
    row.said, row.said_at, row.said_by = "", None, None
    row.save(update_fields=["said", "said_at", "said_by"])
    return row


def first_kept(today: date) -> date:
    """Return the first day that is still kept."""
    return today - timedelta(days=settings.RETENTION_DAYS["work_day"])


def forget_old_days(*, now: datetime) -> int:
    """Delete days whose term is over; return how many."""
    gone, _by_model = WorkDay.objects.filter(date__lt=first_kept(now.date())).delete()
    return gone
