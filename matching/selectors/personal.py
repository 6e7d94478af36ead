"""What matching holds about a member, for their export."""

from typing import Any
from uuid import UUID

from matching.models import CommutePlan, ProposalSeat

Table = list[dict[str, Any]]


def export_matching(member_id: UUID) -> dict[str, Table]:
    """Return a member's plan and what was proposed to them, JSON-ready."""
    plans = CommutePlan.objects.filter(member=member_id).prefetch_related("trips")
    seats = ProposalSeat.objects.filter(rider=member_id).select_related("proposal")
    return {
        "plan": [
            {"weekday": trip.weekday, "direction": trip.direction, "role": trip.role, "at": trip.at}
            for plan in plans
            for trip in plan.trips.all()
        ],
        "proposed": [
            {
                "from": seat.origin_label,
                "to": seat.destination_label,
                "pickup_at": seat.pickup_at,
                "dropoff_at": seat.dropoff_at,
                "answer": seat.answer,
            }
            for seat in seats
        ],
    }
