"""What the clock says about money; sent by beat, safe to run twice or to miss for a while."""

from datetime import datetime

from payments.services.disputes import decide_by_silence
from payments.services.fares import settle_due_fares
from payments.services.fee_contests import decide_contests_by_silence
from payments.services.holds import expire_holds
from payments.services.intents import sweep_intents
from payments.services.notices import process_notices
from payments.services.paying import close_unpaid
from payments.services.payments import request_owed_refunds
from payments.services.ride_fares import decide_prices_by_silence
from payments.services.top_ups import expire_top_ups


def sweep(*, now: datetime) -> int:
    """Deal with all that is due: notices, refunds, operations, holds, answers, fares, disputes."""
    dealt = process_notices(now=now) + request_owed_refunds(now=now)
    dealt += close_unpaid(now=now)
    dealt += sweep_intents(now=now) + expire_holds(now=now)
    dealt += expire_top_ups(now=now) + settle_due_fares(now=now)
    dealt += decide_contests_by_silence(now=now)
    return dealt + decide_by_silence(now=now) + decide_prices_by_silence(now=now)
