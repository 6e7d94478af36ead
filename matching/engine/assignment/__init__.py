"""Batch assignment: who drives and who rides with whom, for whole organizations at once.

``assign(commuters, roads, options)`` answers in one call. Spread over workers: ``split`` into
parts, ``solve`` each anywhere, ``combine``. ``roads`` is ``open_roads(folder)`` of a compiled
network, opened once per process.
"""

from matching.engine.assignment.commuters import Commuters, Options
from matching.engine.assignment.fairness import favours
from matching.engine.assignment.result import Assignment, Call, Car

__all__ = ["Assignment", "Call", "Car", "Commuters", "Options", "favours"]
