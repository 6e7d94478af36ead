"""The map engine: plain Python, NumPy and numba, without Django.

``compiler`` turns an OSM file into arrays; ``RoadNetwork`` and ``WalkNetwork`` answer from them.
"""

from maps.engine.errors import (
    EngineError,
    MapFileUnreadable,
    NetworkMissing,
    NoRoads,
    TooFarFromRoad,
)
from maps.engine.meeting import MeetingPoints, find_meeting_points
from maps.engine.roads import RoadNetwork, Route, Snap
from maps.engine.walks import Reach, Walk, WalkNetwork

__all__ = [
    "EngineError",
    "MapFileUnreadable",
    "MeetingPoints",
    "NetworkMissing",
    "NoRoads",
    "Reach",
    "RoadNetwork",
    "Route",
    "Snap",
    "TooFarFromRoad",
    "Walk",
    "WalkNetwork",
    "find_meeting_points",
]
