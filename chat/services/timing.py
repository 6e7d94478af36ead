"""When news may be sent: quiet hours and the daily mail, on the member's own clock."""

from datetime import UTC, datetime, time, timedelta

from chat.models import NotificationSettings, Urgency

# News that cannot wait comes at night only for a trip that begins before people are up, or soon
# after.
UP_BEFORE_TRIP = timedelta(hours=2)


def quiet_until(settings: NotificationSettings, now: datetime) -> datetime | None:
    """Return when the quiet hours that reign now end, None when none reign.

    The hours are half-open and may pass midnight. On the day when the clocks change they begin and
    end by the wall clock all the same.
    """
    start, end = settings.quiet_from, settings.quiet_until
    if start is None or end is None or start == end:
        return None
    local = settings.local(now)
    wall = local.time().replace(tzinfo=None)
    reigns = start <= wall < end if start < end else wall >= start or wall < end
    if not reigns:
        return None
    day = local.date() if wall < end else local.date() + timedelta(days=1)
    return _instant(settings, datetime.combine(day, end))


def send_at(
    settings: NotificationSettings, urgency: Urgency, *, trip_at: datetime | None, now: datetime
) -> datetime:
    """Return when news of this urgency may reach a member at the earliest."""
    end = quiet_until(settings, now)
    if end is None:
        return now
    is_soon = trip_at is not None and trip_at <= end + UP_BEFORE_TRIP
    return now if urgency == Urgency.URGENT and is_soon else end


def next_digest(settings: NotificationSettings, now: datetime) -> datetime:
    """Return when the member's next daily mail leaves."""
    local = settings.local(now)
    wall: time = settings.digest_at
    day = local.date() if local.time() < wall else local.date() + timedelta(days=1)
    return _instant(settings, datetime.combine(day, wall))


def _instant(settings: NotificationSettings, wall: datetime) -> datetime:
    return wall.replace(tzinfo=settings.zone).astimezone(UTC)
