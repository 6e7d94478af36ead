"""Pages of rides."""

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
    "answer_booking",
    "block_fellow",
    "cancel",
    "cancel_booking",
    "confirm_booking",
    "decline_booking",
    "emergency",
    "fellow",
    "finish",
    "follow",
    "mark_missing",
    "offer",
    "ride",
    "share",
    "start",
    "stop_sharing",
    "today",
    "visit",
]
