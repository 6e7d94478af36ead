"""Pages of rides."""

from rides.views.instant import alight, board, instant, join_instant
from rides.views.recurring import (
    change,
    end_recurring,
    leave_out,
    recurring_ride,
    recurring_rides,
    take_back,
)
from rides.views.reviews import object_to_deed, rate, reliability, report_review
from rides.views.riding import (
    answer_booking,
    cancel,
    cancel_booking,
    confirm_booking,
    decline_booking,
    finish,
    mark_missing,
    offer,
    ride,
    start,
    today,
    visit,
)
from rides.views.safety import block_fellow, emergency, fellow, follow, share, stop_sharing

__all__ = [
    "alight",
    "answer_booking",
    "block_fellow",
    "board",
    "cancel",
    "cancel_booking",
    "change",
    "confirm_booking",
    "decline_booking",
    "emergency",
    "end_recurring",
    "fellow",
    "finish",
    "follow",
    "instant",
    "join_instant",
    "leave_out",
    "mark_missing",
    "object_to_deed",
    "offer",
    "rate",
    "recurring_ride",
    "recurring_rides",
    "reliability",
    "report_review",
    "ride",
    "share",
    "start",
    "stop_sharing",
    "take_back",
    "today",
    "visit",
]
