"""Batch assignment: who drives and who rides with whom, for whole organizations at once.

``assign(commuters, roads, options)`` answers in one call; ``roads`` is ``open_roads(folder)`` of a
compiled network, opened once per process. To spread it over workers, ``split`` into parts,
``solve`` each anywhere, ``combine`` them, and ``prove`` the bound.
"""

from matching.engine.assignment.apart import NOBODY, Apart
from matching.engine.assignment.batch import Share, assign, combine, prove, search_share
from matching.engine.assignment.commuters import Commuters, Options
from matching.engine.assignment.fairness import favours
from matching.engine.assignment.greedy import greedy_by_departure
from matching.engine.assignment.parts import Part, split
from matching.engine.assignment.result import Assignment, Call, Car
from matching.engine.assignment.roads import Roads, open_roads
from matching.engine.assignment.solve import solve

__all__ = [
    "NOBODY",
    "Apart",
    "Assignment",
    "Call",
    "Car",
    "Commuters",
    "Options",
    "Part",
    "Roads",
    "Share",
    "assign",
    "combine",
    "favours",
    "greedy_by_departure",
    "open_roads",
    "prove",
    "search_share",
    "solve",
    "split",
]
