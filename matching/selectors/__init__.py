"""Reads of matching: search, evaluation, stored matches, explanations."""

from matching.selectors.arrays import SearchQuery
from matching.selectors.candidates import candidate_rides, with_stops
from matching.selectors.demand import requests_served
from matching.selectors.drawing import Drawing, Mark, count_others, get_drawing, list_steps
from matching.selectors.evaluation import CostParts, Found, Meeting, evaluate
from matching.selectors.explain import explain, explain_first, explain_near_miss, list_costs
from matching.selectors.finding import find_rides
from matching.selectors.matches import list_matches, query_of
from matching.selectors.near_misses import NearMiss
from matching.selectors.ranking import Ranking, Reliability, get_ranking
from matching.selectors.search import Offer, SearchResult, search
from matching.selectors.shown import ShownOffer, read_offer
from matching.selectors.supply import fill_supplies_aside

__all__ = [
    "CostParts",
    "Drawing",
    "Found",
    "Mark",
    "Meeting",
    "NearMiss",
    "Offer",
    "Ranking",
    "Reliability",
    "SearchQuery",
    "SearchResult",
    "ShownOffer",
    "candidate_rides",
    "count_others",
    "evaluate",
    "explain",
    "explain_first",
    "explain_near_miss",
    "fill_supplies_aside",
    "find_rides",
    "get_drawing",
    "get_ranking",
    "list_costs",
    "list_matches",
    "list_steps",
    "query_of",
    "read_offer",
    "requests_served",
    "search",
    "with_stops",
]
