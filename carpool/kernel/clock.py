"""The only place that reads the clock. Services take ``now``; interfaces call :func:`now` once."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from carpool.kernel.errors import InvalidInput


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def local_to_utc(day: date, wall: time, zone: ZoneInfo, *, field: str) -> datetime:
    """Turn a local wall-clock time into an instant.

    A time that daylight saving skips does not exist and is refused; of a time that occurs twice
    the first is taken (``fold=0``).

    Raises:
        InvalidInput: the wall-clock time falls into a daylight-saving gap; names ``field``.

    Source: PEP 495, "local time disambiguation".
    """
    local = datetime.combine(day, wall, tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        later = instant.astimezone(zone)
        raise InvalidInput(
            _("The clocks skip %(time)s on that day. The next moment that exists is %(later)s.")
            % {"time": wall.strftime("%H:%M"), "later": later.strftime("%H:%M")},
            field=field,
        )
    return instant


def seconds(delta: timedelta) -> int:
    """Return whole seconds, rounded up, so that a promise is never shown shorter than it is."""
    return -int(-delta.total_seconds() // 1)
