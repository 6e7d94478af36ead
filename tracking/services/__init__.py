"""All writes about positions and verdicts. Each takes ``now`` and who acts."""

from tracking.services.appeals import appeal, decide_appeal, keep_longer, overturn_verdict
from tracking.services.fixes import Fix
from tracking.services.looking import look_at_car
from tracking.services.recording import MOST_AT_ONCE, Recorded, record_positions
from tracking.services.rules import publish_rules
from tracking.services.sharing import share_position, stop_sharing_position
from tracking.services.verifying import claim_due, plan_verdicts, verify_due, verify_trip
from tracking.services.work_days import forget_proven_days, log_work_days, say_work_day

__all__ = [
    "MOST_AT_ONCE",
    "Fix",
    "Recorded",
    "appeal",
    "claim_due",
    "decide_appeal",
    "forget_proven_days",
    "keep_longer",
    "log_work_days",
    "look_at_car",
    "overturn_verdict",
    "plan_verdicts",
    "publish_rules",
    "record_positions",
    "say_work_day",
    "share_position",
    "stop_sharing_position",
    "verify_due",
    "verify_trip",
]
