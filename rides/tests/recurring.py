"""A ride that repeats, and the clock that its tests stand at."""

from datetime import UTC, date, datetime, time

from rides import services as rides
from rides.services import RecurringTerms
from rides.tests.factories import terms

# A Monday in winter, before any holiday that would be in the way.
NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)
TODAY = date(2026, 6, 1)
WORKDAYS = frozenset(range(5))


def repeat(driver, **changes):
    """Monday to Friday at 8, from the head office to the port."""
    own = {
        "offer": terms(driver, departure_at=None),
        "weekdays": WORKDAYS,
        "wall_time": time(8),
        "first_date": TODAY,
        "skips_holidays": False,
        **changes,
    }
    return RecurringTerms(**own)


def begin(driver, *, now=NOW, **changes):
    return rides.offer_recurring_ride(driver=driver, terms=repeat(driver, **changes), now=now)


def days_of(recurring):
    return dict(recurring.days.values_list("date", "state"))
