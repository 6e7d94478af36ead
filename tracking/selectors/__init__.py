"""Reads about positions; each begins with the member who asks, and shows what they may see."""

from tracking.selectors.consents import agreed_purposes
from tracking.selectors.live import Car, NextStop
from tracking.selectors.pages import RideTracking, ride_tracking
from tracking.selectors.traces import get_trace
from tracking.selectors.verdicts import get_verification_for, list_verdicts
from tracking.selectors.words import Told, tell_reasons, tell_verdict

__all__ = [
    "Car",
    "NextStop",
    "RideTracking",
    "Told",
    "agreed_purposes",
    "get_trace",
    "get_verification_for",
    "list_verdicts",
    "ride_tracking",
    "tell_reasons",
    "tell_verdict",
]
