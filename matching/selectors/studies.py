"""Launch studies: who may see them, and what was wrong with a row, in words."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Member
from accounts.permissions import is_manager
from carpool.kernel.errors import Text
from matching.engine.study_csv import MOST_ROWS, Problem, TableUnreadable
from matching.errors import NotAManager, StudyNotFound
from matching.models import Study, StudyUpload

MOST_LISTED = 20
"""So many rows that could not be used are listed."""

COLUMN_NAMES: dict[str, Text] = {
    "home_lat": gettext_lazy("home latitude"),
    "home_lon": gettext_lazy("home longitude"),
    "home_address": gettext_lazy("home address"),
    "work_lat": gettext_lazy("work latitude"),
    "work_lon": gettext_lazy("work longitude"),
    "site": gettext_lazy("site"),
    "arrive": gettext_lazy("arrival"),
    "depart": gettext_lazy("departure"),
    "car": gettext_lazy("car"),
    "seats": gettext_lazy("seats"),
}
PROBLEMS: dict[str, Text] = {
    "not_a_number": gettext_lazy("%(column)s is not a number"),
    "latitude_range": gettext_lazy("%(column)s is not between -90 and 90"),
    "longitude_range": gettext_lazy("%(column)s is not between -180 and 180"),
    "not_a_time": gettext_lazy("%(column)s is not a time of day such as 08:30"),
    "not_yes_or_no": gettext_lazy("%(column)s is neither yes nor no"),
    "seats_range": gettext_lazy("%(column)s is not a whole number from 0 to 8"),
    "missing": gettext_lazy("%(column)s is missing"),
    "unknown_site": gettext_lazy("%(column)s is not the name of one of your sites"),
    "address_not_found": gettext_lazy("%(column)s was not found on our map"),
    "outside_map": gettext_lazy("home or work lies outside our map"),
    "no_road": gettext_lazy("there is no road within 300 m of home or work"),
}
FILE_PROBLEMS: dict[str, Text] = {
    "empty": gettext_lazy("The file holds no rows."),
    "not_a_table": gettext_lazy("This is not a text file. Save your table as CSV and try again."),
    "no_home": gettext_lazy(
        "There are no columns home_latitude and home_longitude, and none named home_address."
    ),
    "no_arrival": gettext_lazy("There is no column named arrival."),
    "column_twice": gettext_lazy("The column “%(value)s” is there twice."),
    "too_many_rows": gettext_lazy("There are more than %(most)d rows."),
    "broken_quotes": gettext_lazy("A quotation mark is not closed."),
}


def list_studies(member: Member) -> QuerySet[Study]:
    """List the studies of a manager's organization, newest first, without their results.

    Raises:
        NotAManager: only managers may know of studies.
    """
    if not is_manager(member):
        raise NotAManager
    return Study.objects.visible_to(member).defer("result", "problems")


def get_study_for(member: Member, study_id: UUID, *, lock: bool = False) -> Study:
    """Return a study of the member's organization; ``has_upload`` tells whether rows are kept.

    Raises:
        StudyNotFound: there is none.
        NotAManager: there is, but the member does not manage the organization.
    """
    studies = Study.objects.filter(organization=member.organization_id, pk=study_id)
    if lock:
        studies = studies.select_for_update()
    study = studies.annotate(
        has_upload=Exists(StudyUpload.objects.filter(study=OuterRef("pk")))
    ).first()
    if study is None:
        raise StudyNotFound
    if not is_manager(member):
        raise NotAManager
    return study


def explain_problem(problem: Problem) -> str:
    """Return what is wrong with a row, as in "line 12: home latitude is not a number"."""
    what = str(PROBLEMS[problem.code]) % {"column": COLUMN_NAMES[problem.column]}
    return _("line %(line)d: %(what)s") % {"line": problem.line, "what": what}


def explain_file(refused: TableUnreadable) -> str:
    """Return why a file can't be used at all."""
    what = str(FILE_PROBLEMS[refused.code]) % {"value": refused.value, "most": MOST_ROWS}
    if not refused.line:
        return what
    return _("Line %(line)d: %(what)s") % {"line": refused.line, "what": what}


def list_problems(study: Study) -> list[Problem]:
    """Return the rows that were left out, as far as they are listed."""
    return [Problem(*written) for written in study.problems]


def write_problems(problems: Iterable[Problem]) -> list[list[int | str]]:
    """Write problems as they are stored: the first ones by line."""
    listed = sorted(problems, key=lambda problem: problem.line)[:MOST_LISTED]
    return [[problem.line, problem.column, problem.code] for problem in listed]
