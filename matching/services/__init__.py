"""Writes of matching."""

from matching.services.booking import ATTEMPTS, book_offer
from matching.services.requests import KEPT_PER_REQUEST, match_request, match_ride

__all__ = ["ATTEMPTS", "KEPT_PER_REQUEST", "book_offer", "match_request", "match_ride"]
