"""All writes about positions. Each takes ``now`` and who acts."""

from tracking.services.recording import MOST_AT_ONCE, Fix, Recorded, record_positions
from tracking.services.sharing import share_position, stop_sharing_position

__all__ = [
    "MOST_AT_ONCE",
    "Fix",
    "Recorded",
    "record_positions",
    "share_position",
    "stop_sharing_position",
]
