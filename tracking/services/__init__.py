"""All writes about positions and verdicts. Each takes ``now`` and who acts."""

from tracking.services.appeals import appeal, decide_appeal, keep_longer
from tracking.services.looking import look_at_car
from tracking.services.recording import MOST_AT_ONCE, Fix, Recorded, record_positions
from tracking.services.rules import publish_rules
from tracking.services.sharing import share_position, stop_sharing_position
from tracking.services.verifying import claim_due, plan_verdicts, verify_due, verify_trip

__all__ = [
    "MOST_AT_ONCE",
    "Fix",
    "Recorded",
    "appeal",
    "claim_due",
    "decide_appeal",
    "keep_longer",
    "look_at_car",
    "plan_verdicts",
    "publish_rules",
    "record_positions",
    "share_position",
    "stop_sharing_position",
    "verify_due",
    "verify_trip",
]
