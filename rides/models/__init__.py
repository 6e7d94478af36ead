"""Rides, stops, bookings, requests, rooms, seats, the logs of their state machines, ratings."""

from rides.models.bookings import (
    BOOKING_TRANSITIONS,
    Booking,
    BookingOutcome,
    BookingState,
    BookingTransition,
    CancelCode,
    ProofClass,
)
from rides.models.instant import CODE_ALPHABET, CODE_LENGTH, InstantCode
from rides.models.mergers import MERGER_TRANSITIONS, MergerState, RoomMerger
from rides.models.questions import QUESTION_TRANSITIONS, ChangeQuestion, QuestionState
from rides.models.recurring import DayState, RecurringDay, RecurringRide
from rides.models.reliability import (
    BROKEN_KINDS,
    KEPT_KINDS,
    LONGEST_COMMENT,
    Deed,
    DeedKind,
    DeedObjection,
    DeedRole,
    ObjectionState,
    Review,
    Role,
)
from rides.models.request_offers import (
    REQUEST_OFFER_TRANSITIONS,
    RequestOffer,
    RequestOfferEnd,
    RequestOfferState,
)
from rides.models.requests import REQUEST_TRANSITIONS, RequestState, RideRequest
from rides.models.rides import (
    RIDE_TRANSITIONS,
    BookingMode,
    Ride,
    RideState,
    Stop,
    StopKind,
)
from rides.models.rooms import (
    ROOM_TRANSITIONS,
    Room,
    RoomEnd,
    RoomState,
    RoomTransition,
    SplitRule,
)
from rides.models.seats import SEAT_TRANSITIONS, RoomSeat, SeatState, SeatTransition
from rides.models.shares import RideShare
from rides.models.steps import RideTransition
from rides.models.thresholds import Threshold

__all__ = [
    "BOOKING_TRANSITIONS",
    "BROKEN_KINDS",
    "CODE_ALPHABET",
    "CODE_LENGTH",
    "KEPT_KINDS",
    "LONGEST_COMMENT",
    "MERGER_TRANSITIONS",
    "QUESTION_TRANSITIONS",
    "REQUEST_OFFER_TRANSITIONS",
    "REQUEST_TRANSITIONS",
    "RIDE_TRANSITIONS",
    "ROOM_TRANSITIONS",
    "SEAT_TRANSITIONS",
    "Booking",
    "BookingMode",
    "BookingOutcome",
    "BookingState",
    "BookingTransition",
    "CancelCode",
    "ChangeQuestion",
    "DayState",
    "Deed",
    "DeedKind",
    "DeedObjection",
    "DeedRole",
    "InstantCode",
    "MergerState",
    "ObjectionState",
    "ProofClass",
    "QuestionState",
    "RecurringDay",
    "RecurringRide",
    "RequestOffer",
    "RequestOfferEnd",
    "RequestOfferState",
    "RequestState",
    "Review",
    "Ride",
    "RideRequest",
    "RideShare",
    "RideState",
    "RideTransition",
    "Role",
    "Room",
    "RoomEnd",
    "RoomMerger",
    "RoomSeat",
    "RoomState",
    "RoomTransition",
    "SeatState",
    "SeatTransition",
    "SplitRule",
    "Stop",
    "StopKind",
    "Threshold",
]
