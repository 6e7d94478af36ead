"""A week in sentences, as its owner would say it."""

from collections.abc import Iterable
from itertools import pairwise

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from matching.models import CommuteRole, CommuteTrip, Direction
from matching.selectors.plans import Habit, habits_of


def describe_week(trips: Iterable[CommuteTrip]) -> list[str]:
    """Return a sentence for each habit, in the active language."""
    return [_sentence(habit) for habit in habits_of(trips)]


def _sentence(habit: Habit) -> str:
    trip = habit.trip
    match (trip.direction, trip.role):
        case (Direction.TO_WORK, CommuteRole.DRIVE):
            text = _("%(days)s you drive to work by %(time)s.")
        case (Direction.TO_WORK, CommuteRole.RIDE):
            text = _("%(days)s you ride along to work by %(time)s.")
        case (Direction.TO_WORK, _either):
            text = _("%(days)s you drive or ride along to work by %(time)s.")
        case (_to_home, CommuteRole.DRIVE):
            text = _("%(days)s you drive home at %(time)s.")
        case (_to_home, CommuteRole.RIDE):
            text = _("%(days)s you ride along home at %(time)s.")
        case _:
            text = _("%(days)s you drive or ride along home at %(time)s.")
    return text % {"days": describe_days(habit.days), "time": f"{trip.at:%H:%M}"}


def describe_days(days: tuple[int, ...]) -> str:
    """Return days of the week, three or more in a row as a span: Mon–Fri; Mon, Wed–Fri."""
    spans: list[list[int]] = [[days[0], days[0]]]
    for before, day in pairwise(days):
        if day == before + 1:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    parts = []
    for first, last in spans:
        if last - first >= 2:
            parts.append(f"{WEEKDAYS_ABBR[first]}–{WEEKDAYS_ABBR[last]}")
        else:
            parts += [str(WEEKDAYS_ABBR[day]) for day in range(first, last + 1)]
    return ", ".join(parts)
