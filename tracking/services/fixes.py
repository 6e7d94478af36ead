"""What a phone says of one moment."""

from dataclasses import dataclass
from datetime import datetime

from carpool.kernel.geo import LonLat


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a phone was at a moment, by its own clock and count."""

    sequence: int
    recorded_at: datetime
    place: LonLat
    accuracy_m: float | None = None
    speed_mps: float | None = None
    is_mock: bool = False
