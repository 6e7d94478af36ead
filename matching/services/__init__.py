"""Writes of matching."""

from matching.services.again import look_again
from matching.services.along import offer_along
from matching.services.booking import ATTEMPTS, book_offer
from matching.services.company import rematch_member
from matching.services.mergers import find_mergers
from matching.services.partner_runs import queue_partner_runs
from matching.services.parts import solve_part
from matching.services.plans import PlanTerms, TripTerms, pause_plan, resume_plan, save_plan
from matching.services.proposals import Payment, answer_proposal, expire_proposals
from matching.services.requests import KEPT_PER_REQUEST, match_request, match_ride
from matching.services.runs import begin_run, queue_nightly_runs, queue_run, sweep_runs

__all__ = [
    "ATTEMPTS",
    "KEPT_PER_REQUEST",
    "Payment",
    "PlanTerms",
    "TripTerms",
    "answer_proposal",
    "begin_run",
    "book_offer",
    "expire_proposals",
    "find_mergers",
    "look_again",
    "match_request",
    "match_ride",
    "offer_along",
    "pause_plan",
    "queue_nightly_runs",
    "queue_partner_runs",
    "queue_run",
    "rematch_member",
    "resume_plan",
    "save_plan",
    "solve_part",
    "sweep_runs",
]
