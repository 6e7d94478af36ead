"""All writes about rides. Each takes ``now`` and who acts, and publishes what happened."""

from rides.services.bookings import (
    BookingTerms,
    PlannedInsertion,
    book_ride,
    cancel_booking,
    check_may_book,
    confirm_booking,
    decline_booking,
)
from rides.services.offers import OfferTerms, TripEnd, cancel_ride, offer_ride, touch_rides
from rides.services.progress import finish_ride, start_ride, visit_stop
from rides.services.requests import RequestTerms, close_request, post_request
from rides.services.shares import follow_ride, share_ride, stop_sharing
from rides.services.validation import answer_validation
from rides.services.watcher import watch
from rides.services.withdrawal import withdraw_member

__all__ = [
    "BookingTerms",
    "OfferTerms",
    "PlannedInsertion",
    "RequestTerms",
    "TripEnd",
    "answer_validation",
    "book_ride",
    "cancel_booking",
    "cancel_ride",
    "check_may_book",
    "close_request",
    "confirm_booking",
    "decline_booking",
    "finish_ride",
    "follow_ride",
    "offer_ride",
    "post_request",
    "share_ride",
    "start_ride",
    "stop_sharing",
    "touch_rides",
    "visit_stop",
    "watch",
    "withdraw_member",
]
