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
    local = datetime.combine(day, wall.replace(fold=0), tzinfo=zone)
    if not _exists(local):
        raise InvalidInput(
            _("The clocks skip %(time)s on that day. The next moment that exists is %(later)s.")
            % {"time": f"{local:%H:%M}", "later": f"{_end_of_gap(local):%H:%M}"},
            field=field,
        )
    return local.astimezone(UTC)


def wall_to_utc(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Turn a wall-clock time that repeats into an instant, on whatever day.

    Of a time that occurs twice the first is taken. A time that daylight saving skips is read with
    the offset before the gap: who leaves at 02:30 leaves at 03:30 on that one day.

    Source: RFC 5545, 3.3.5, "form 3: date with local time and time zone reference".
    """
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)


def _exists(local: datetime) -> bool:
    """Tell whether a wall clock ever shows this: it comes back unchanged from UTC."""
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0)


def _end_of_gap(local: datetime) -> datetime:
    """Return the first whole minute after a skipped time; gaps begin and end on whole minutes."""
    later = local.replace(second=0, microsecond=0)
    while not _exists(later):
        later += timedelta(minutes=1)
    return later


def seconds(delta: timedelta) -> int:
    """Return whole seconds, rounded up, so that a promise is never shown shorter than it is."""
    return -int(-delta.total_seconds() // 1)
