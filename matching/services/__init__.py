"""Writes of matching."""

from matching.services.booking import ATTEMPTS, book_offer
from matching.services.plans import PlanTerms, TripTerms, pause_plan, resume_plan, save_plan
from matching.services.proposals import answer_proposal, expire_proposals
from matching.services.requests import KEPT_PER_REQUEST, match_request, match_ride

__all__ = [
    "ATTEMPTS",
    "KEPT_PER_REQUEST",
    "PlanTerms",
    "TripTerms",
    "answer_proposal",
    "book_offer",
    "expire_proposals",
    "match_request",
    "match_ride",
    "pause_plan",
    "resume_plan",
    "save_plan",
]
