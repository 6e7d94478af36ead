"""What can go wrong on the ground; plain exceptions that the app turns into domain errors."""


class EngineError(Exception):
    """Any failure of the map engine."""


class MapFileUnreadable(EngineError):
    """The file is no OpenStreetMap data, or it ends too early."""


class NoRoads(EngineError):
    """The data holds no road network to travel on."""


class NetworkMissing(EngineError):
    """A compiled network is absent, damaged, or of another format version."""


class TooFarFromRoad(EngineError):
    """No road lies within the distance allowed."""

    def __init__(self, distance_m: float, max_m: float) -> None:
        self.distance_m = distance_m
        self.max_m = max_m
        super().__init__(f"no road within {max_m:.0f} m")
