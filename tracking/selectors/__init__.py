"""Reads about positions; each begins with the member who asks, and shows what they may see."""

from tracking.selectors.consents import agreed_purposes
from tracking.selectors.traces import get_trace

__all__ = ["agreed_purposes", "get_trace"]
