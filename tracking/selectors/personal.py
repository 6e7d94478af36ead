"""What tracking holds about a member, for their export."""

from typing import Any
from uuid import UUID

from carpool.kernel.geo import coordinates
from tracking.models import Appeal, Position, Trace, Verification, WorkDay

Table = list[Any]


def export_positions(member_id: UUID) -> dict[str, Table]:
    """Return where a member's phone was, what was judged of their trips, and their objections."""
    traces = Trace.objects.filter(member=member_id)
    days = set(traces.values_list("day", flat=True))
    return {
        "traces": [
            {
                "ride": str(trace.ride_id),
                "begun_at": trace.begun_at,
                "positions": trace.positions_count,
                "line": coordinates(trace.line) if trace.line else None,
                "line_error_m": trace.line_error_m,
            }
            for trace in traces
        ],
        "positions": [
            {
                "ride": str(position.trace.ride_id),
                "recorded_at": position.recorded_at,
                "lon": position.location.x,
                "lat": position.location.y,
                "accuracy_m": position.accuracy_m,
                "speed_mps": position.speed_mps,
            }
            for position in Position.objects.filter(trace__in=traces, day__in=days)
            .select_related("trace")
            .order_by("trace", "sequence")
        ],
        "verdicts": [
            {
                "ride": str(one.ride_id),
                "judged_at": one.judged_at,
                "class": one.proof_class,
                "proven": one.accepted,
                "reasons": one.reasons,
            }
            for one in Verification.objects.filter(booking__rider=member_id).exclude(judged_at=None)
        ],
        "work_days": list(
            WorkDay.objects.filter(member=member_id)
            .order_by("date")
            .values("date", "arrived_at", "said", "said_at")
        ),
        "objections": list(
            Appeal.objects.filter(by=member_id).values("reason", "state", "asked_at", "decided_at")
        ),
    }
