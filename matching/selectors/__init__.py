"""Reads of matching: search, evaluation, stored matches, explanations."""

from matching.selectors.along import Sought, fits_about, list_sought_along
from matching.selectors.arrays import SearchQuery
from matching.selectors.board import (
    PART_HOURS,
    SLOT,
    Board,
    DayPart,
    find_entries,
    first_open_slot,
    get_board,
    list_entries,
    part_of,
    usual_part,
)
from matching.selectors.candidates import candidate_rides, with_stops
from matching.selectors.demand import requests_served
from matching.selectors.drawing import Drawing, Mark, count_others, get_drawing, list_steps
from matching.selectors.evaluation import CostParts, Found, Meeting, evaluate
from matching.selectors.explain import explain, explain_first, explain_near_miss, list_costs
from matching.selectors.finding import find_rides
from matching.selectors.matches import list_matches, query_of
from matching.selectors.near_misses import NearMiss
from matching.selectors.ranking import Ranking, get_ranking
from matching.selectors.rooms import FoundRoom, RoomQuery, find_rooms
from matching.selectors.search import Offer, SearchResult, list_answers, search
from matching.selectors.shown import ShownOffer, read_offer
from matching.selectors.supply import fill_supplies_aside

__all__ = [
    "PART_HOURS",
    "SLOT",
    "Board",
    "CostParts",
    "DayPart",
    "Drawing",
    "Found",
    "FoundRoom",
    "Mark",
    "Meeting",
    "NearMiss",
    "Offer",
    "Ranking",
    "RoomQuery",
    "SearchQuery",
    "SearchResult",
    "ShownOffer",
    "Sought",
    "candidate_rides",
    "count_others",
    "evaluate",
    "explain",
    "explain_first",
    "explain_near_miss",
    "fill_supplies_aside",
    "find_entries",
    "find_rides",
    "find_rooms",
    "first_open_slot",
    "fits_about",
    "get_board",
    "get_drawing",
    "get_ranking",
    "list_answers",
    "list_costs",
    "list_entries",
    "list_matches",
    "list_sought_along",
    "list_steps",
    "part_of",
    "query_of",
    "read_offer",
    "requests_served",
    "search",
    "usual_part",
    "with_stops",
]
