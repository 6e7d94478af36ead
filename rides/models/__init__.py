"""Rides, stops, bookings, requests, and the logs of their state machines."""

from rides.models.bookings import (
    BOOKING_TRANSITIONS,
    Booking,
    BookingOutcome,
    BookingState,
    BookingTransition,
)
from rides.models.requests import REQUEST_TRANSITIONS, RequestState, RideRequest
from rides.models.rides import (
    RIDE_TRANSITIONS,
    BookingMode,
    Ride,
    RideState,
    RideTransition,
    Stop,
    StopKind,
)
from rides.models.shares import RideShare
from rides.models.thresholds import Threshold

__all__ = [
    "BOOKING_TRANSITIONS",
    "REQUEST_TRANSITIONS",
    "RIDE_TRANSITIONS",
    "Booking",
    "BookingMode",
    "BookingOutcome",
    "BookingState",
    "BookingTransition",
    "RequestState",
    "Ride",
    "RideRequest",
    "RideShare",
    "RideState",
    "RideTransition",
    "Stop",
    "StopKind",
    "Threshold",
]
