"""Who may open rooms: whoever lets others down too often has to join theirs for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import Member
from rides.errors import HostSuspended
from rides.selectors import list_strikes


def suspended_until(
    strikes: Sequence[datetime], *, most: int, within: timedelta, pause: timedelta
) -> datetime | None:
    """Return until when somebody cannot host, None where they never were suspended.

    So many strikes within the period suspend, counted from the last of them. Source: rule R9.
    """
    ordered = sorted(strikes)
    pairs = zip(ordered, ordered[most - 1 :], strict=False)
    return max((last + pause for first, last in pairs if last - first < within), default=None)


def check_may_host(host: Member, *, now: datetime) -> None:
    """Make sure that somebody has not let others down too often.

    Raises:
        HostSuspended: they have.
    """
    policy = host.organization.policy
    within, pause = (
        timedelta(days=policy.room_strikes_days),
        timedelta(days=policy.room_suspended_days),
    )
    strikes = list_strikes(host, since=now - within - pause)
    until = suspended_until(strikes, most=policy.room_strikes, within=within, pause=pause)
    if until is not None and now < until:
        raise HostSuspended
