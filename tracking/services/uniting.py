"""Two memberships of one person become one: their traces, objections and working days."""

from datetime import datetime
from uuid import UUID

from tracking.models import Appeal, Trace, WorkDay


def unite_positions(kept_id: UUID, gone_id: UUID, _now: datetime) -> None:
    """Give the one who stays the traces of the one who goes.

    Rides refuses two who sat in one car; a trace of a seat that was given back stays where it is.
    """
    own = Trace.objects.filter(member=kept_id).values("ride")
    Trace.objects.filter(member=gone_id).exclude(ride__in=own).update(member=kept_id)
    Appeal.objects.filter(by=gone_id).update(by=kept_id)
    known = WorkDay.objects.filter(member=kept_id).values("date")
    WorkDay.objects.filter(member=gone_id).exclude(date__in=known).update(member=kept_id)
    WorkDay.objects.filter(said_by=gone_id).update(said_by=kept_id)
