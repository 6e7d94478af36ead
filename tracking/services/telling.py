"""Telling those who travelled what their positions came to; chat says it in words, once."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from carpool.kernel import outbox
from rides.events import TripJudged
from tracking.models import Verification


def tell_judged(
    verification: Verification, member_ids: Iterable[UUID], what: str, now: datetime
) -> None:
    """Publish what a verdict, or an objection to it, comes to for some members."""
    for member_id in member_ids:
        event = TripJudged(
            booking_id=verification.booking_id,
            ride_id=verification.ride_id,
            member_id=member_id,
            what=what,
            at=now,
        )
        outbox.publish(event, now=now)


def outcome_of(verification: Verification) -> str:
    """Name what a verdict says."""
    if verification.accepted:
        return "proven"
    return "held" if verification.held else "unproven"
