"""Forgetting where people were: raw traces go 7 days after settlement, 30 days later if disputed.

What stays is a line without times, simplified, with the greatest distance that any position had
from it. When nothing of a day has to be kept its partition is dropped as a whole.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest

from carpool.kernel.geo import to_line
from rides.models import BookingTransition, RideState
from tracking.engine import simplify
from tracking.models import Appeal, Position, Trace, WorkDay
from tracking.selectors.traces import load_trace
from tracking.services.partitions import drop_partitions, list_partitions

# The line that stays is this near to every position.
KEPT_WITHIN_M = 10.0
SETTLED = (RideState.COMPLETED, RideState.CANCELLED)


def keep_terms(*, now: datetime, limit: int = 1_000) -> int:
    """Set the terms of what is settled, delete what is past them; return how many traces went."""
    _set_terms(limit)
    due = Trace.objects.due(now).order_by("purge_at").values_list("pk", flat=True)
    gone = sum(_purge(pk, now) for pk in list(due[:limit]))
    drop_partitions(_empty_days(now))
    return gone


def _set_terms(limit: int) -> None:
    """Write down when the positions of settled rides go."""
    days = settings.RETENTION_DAYS
    settled_at = (
        BookingTransition.objects.filter(booking__ride=OuterRef("ride"))
        .values("booking__ride")
        .annotate(last=Max("at"))
        .values("last")
    )
    ended_at = Coalesce("ride__finished_at", "ride__arrival_at")
    settled = Greatest(Coalesce(Subquery(settled_at), ended_at), ended_at)
    open_terms = Trace.objects.filter(purge_at=None, ride__state__in=SETTLED).order_by("pk")
    found = open_terms.annotate(settled=settled).values_list("pk", "is_disputed", "settled")
    for pk, is_disputed, at in found[:limit]:
        kept = days["raw_trace"] + (days["raw_trace_dispute"] if is_disputed else 0)
        Trace.objects.filter(pk=pk).update(purge_at=at + timedelta(days=kept))


@transaction.atomic
def _purge(trace_id: int, now: datetime) -> bool:
    """Simplify one trace and delete its positions."""
    due = Trace.objects.select_for_update(skip_locked=True).due(now)
    trace = due.filter(pk=trace_id).first()
    if trace is None:
        return False
    keep_line(trace)
    Position.objects.filter(trace=trace, day=trace.day).delete()
    _forget_where(trace, now)
    return True


def keep_line(trace: Trace) -> None:
    """Put the simplified line of a trace's positions down, with its error."""
    recorded = load_trace(trace)
    if recorded is None or len(recorded) < 2:
        return
    line = simplify(recorded, most_m=KEPT_WITHIN_M)
    trace.line = to_line(np.column_stack([line.lon, line.lat]))
    trace.line_error_m = KEPT_WITHIN_M
    trace.save(update_fields=["line", "line_error_m"])


def _forget_where(trace: Trace, now: datetime) -> None:
    trace.location = trace.located_at = trace.accuracy_m = trace.speed_mps = None
    trace.device, trace.purged_at = "", now
    trace.save(
        update_fields=[
            *("location", "located_at", "accuracy_m", "speed_mps", "device", "purged_at")
        ]
    )


def _empty_days(now: datetime) -> list[date]:
    """Return past days of whose rides no position has to be kept."""
    before = now.date() - timedelta(days=2)
    past = [day for day in list_partitions() if day < before]
    kept = set(
        Trace.objects.filter(day__in=past, purged_at=None).values_list("day", flat=True).distinct()
    )
    return [day for day in past if day not in kept]


def erase_positions(member_id: UUID, _now: datetime) -> None:
    """Delete every trace, position and working day of a member; verdicts on others' trips stay."""
    traces = list(Trace.objects.filter(member=member_id).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_position WHERE trace_id = ANY (%s)", [traces])
    Trace.objects.filter(pk__in=traces).delete()
    WorkDay.objects.filter(member=member_id).delete()
    Appeal.objects.filter(by=member_id).update(reason="")
