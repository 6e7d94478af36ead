"""Rides, stops, bookings, requests, rooms, seats, and the logs of their state machines."""

from rides.models.bookings import (
    BOOKING_TRANSITIONS,
    Booking,
    BookingOutcome,
    BookingState,
    BookingTransition,
)
from rides.models.instant import CODE_ALPHABET, CODE_LENGTH, InstantCode
from rides.models.mergers import MERGER_TRANSITIONS, MergerState, RoomMerger
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
    "CODE_ALPHABET",
    "CODE_LENGTH",
    "MERGER_TRANSITIONS",
    "REQUEST_TRANSITIONS",
    "RIDE_TRANSITIONS",
    "ROOM_TRANSITIONS",
    "SEAT_TRANSITIONS",
    "Booking",
    "BookingMode",
    "BookingOutcome",
    "BookingState",
    "BookingTransition",
    "InstantCode",
    "MergerState",
    "RequestState",
    "Ride",
    "RideRequest",
    "RideShare",
    "RideState",
    "RideTransition",
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
