"""Whether clocks can be trusted with money: the process's and PostgreSQL's have to agree.

A machine whose clock jumps ahead would let holds run out, close payments and pay people out before
their time. Which of two clocks is right nobody can say, so jobs that end something by the clock
wait until both agree again; nothing is lost by that, as what is due stays due.
"""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection

from carpool.kernel import clock

# Machines kept by NTP are apart by far less than a second; the shortest term of money is minutes.
MOST_APART = timedelta(seconds=20)
ALARM_KEY, ALARM_S = "clock:apart", 60


class ClocksDisagree(RuntimeError):
    """This process's clock and PostgreSQL's are too far apart to act by either."""


def agreed_now() -> datetime:
    """Return the current time if this process and PostgreSQL agree on it.

    Raises:
        ClocksDisagree: they do not; ``/healthz`` says for a minute that some process refused.
    """
    wrong = _disagreement()
    if wrong:
        cache.set(ALARM_KEY, f"{wrong}; money waits", ALARM_S)
        raise ClocksDisagree(wrong)
    return clock.now()


def check_clock() -> str:
    """Compare the clock of the process that is asked: a web process that is off takes no orders."""
    return _disagreement() or "ok"


def check_job_clocks() -> str:
    """Tell of a worker that refused a moment ago to act by its clock."""
    return cache.get(ALARM_KEY) or "ok"


def _disagreement() -> str:
    apart = _apart()
    if abs(apart) <= MOST_APART:
        return ""
    return f"the clock is {apart.total_seconds():+.0f} s off PostgreSQL's"


def _apart() -> timedelta:
    """Return by how much our clock is ahead; 0 within the time that asking takes."""
    before = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    after = clock.now()
    if before <= theirs <= after:
        return timedelta(0)
    return before - theirs if theirs < before else after - theirs
