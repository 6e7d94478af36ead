"""Launch studies: taking the upload, computing, trying again, deleting.

A study walks through its row: ``create_study`` writes it down with its rows, ``run_study`` claims
and computes it outside of any transaction, and writes the figures and forgets the rows in one. What
a dead worker left behind, ``watch_studies`` queues again.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Member, Site
from accounts.permissions import is_manager
from accounts.selectors import list_sites
from carpool.kernel import outbox
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.geo import from_point
from matching.engine.study_csv import Problem, Row, Table, TableUnreadable, read_table
from matching.engine.study_privacy import LEAST
from matching.errors import NotAManager, StudyFileUnusable, StudyTooSmall, StudyUnderWay
from matching.events import StudyQueued
from matching.models import STUDY_TRANSITIONS, Study, StudyState, StudyUpload
from matching.models.studies import KEPT_FOR, UPLOAD_KEPT_FOR
from matching.selectors.studies import (
    MOST_LISTED,
    explain_file,
    explain_problem,
    get_study_for,
    write_problems,
)
from matching.selectors.study_result import compute_study
from rides.errors import WrongState

logger = logging.getLogger(__name__)

MOST_BYTES = 10_000_000
MOST_NAME = 120
# A worker that has not been heard of for so long is gone.
STUCK_AFTER = timedelta(minutes=15)
STEP = 2
"""Progress is written down every so many per cent."""


def create_study(*, by: Member, name: str, content: bytes, workdays: int, now: datetime) -> Study:
    """Take a table of commutes, and have it studied.

    Rows that can't be read are left out and listed by line and column.

    Raises:
        NotAManager: the member does not manage their organization.
        InvalidInput: a value makes no sense (names it).
        StudyFileUnusable: the file is no table; names ``file``.
        StudyTooSmall: fewer than five rows can be used; names the first bad cells, as in
            ``file.12.arrive``.
    """
    if not is_manager(by):
        raise NotAManager
    name = name.replace("\0", "").strip()[:MOST_NAME]
    if not name:
        raise InvalidInput(_("Give the study a name."), field="name")
    if not 1 <= workdays <= 366:
        raise InvalidInput(_("A year has 1 to 366 days."), field="workdays")
    table = _read(content)
    rows = _with_workplaces(table, list_sites(by))
    if len(rows) < LEAST:
        raise StudyTooSmall(fields=_cells(table.problems) or {"file": [str(StudyTooSmall.title)]})
    with transaction.atomic():
        study = Study.objects.create(
            organization=by.organization,
            created_by=by,
            name=name,
            workdays=workdays,
            detour_s=by.organization.policy.default_detour_s,
            rows=table.lines,
            problems=write_problems(table.problems),
            problem_count=len(table.problems),
            next_check_at=now + STUCK_AFTER,
        )
        StudyUpload.objects.create(study=study, rows=[astuple(row) for row in rows])
        outbox.publish(StudyQueued(study_id=study.pk), now=now)
    return study


def _read(content: bytes) -> Table:
    if len(content) > MOST_BYTES:
        text = _("The file is larger than %(mb)d MB.") % {"mb": MOST_BYTES // 1_000_000}
        raise StudyFileUnusable(text, field="file")
    try:
        return read_table(content)
    except TableUnreadable as refused:
        raise StudyFileUnusable(explain_file(refused), field="file") from refused


def _with_workplaces(table: Table, sites: Iterable[Site]) -> list[Row]:
    """Put a workplace to every row that names one, or that needs none: there is only one site."""
    places = {site.name.strip().casefold(): from_point(site.location) for site in sites}
    only = next(iter(places.values())) if len(places) == 1 else None
    rows = []
    for row in table.rows:
        work = row.work or places.get(row.site.casefold())
        if work is None and not row.site:
            work = only
        if work is None:
            code = "unknown_site" if row.site else "missing"
            table.problems.append(Problem(row.line, "site", code))
        else:
            rows.append(replace(row, work=(work[0], work[1])))
    return rows


def _cells(problems: Iterable[Problem]) -> Mapping[str, list[str]]:
    """Return the first bad cells as fields of the request."""
    first = sorted(problems, key=lambda problem: problem.line)[:MOST_LISTED]
    return {f"file.{one.line}.{one.column}": [explain_problem(one)] for one in first}


@transaction.atomic
def retry_study(*, by: Member, study_id: UUID, now: datetime) -> Study:
    """Compute a study again that failed, as long as its rows are kept.

    Raises:
        StudyNotFound, NotAManager: as :func:`~matching.selectors.studies.get_study_for`.
        WrongState: it has not failed, or its rows are gone.
    """
    study = get_study_for(by, study_id, lock=True)
    if study.state != StudyState.FAILED or not StudyUpload.objects.filter(study=study).exists():
        raise WrongState
    _queue(study, now=now)
    return study


@transaction.atomic
def delete_study(*, by: Member, study_id: UUID) -> None:
    """Delete a study, its figures and its rows.

    Raises:
        StudyNotFound, NotAManager: as :func:`~matching.selectors.studies.get_study_for`.
        StudyUnderWay: it is being computed.
    """
    study = get_study_for(by, study_id, lock=True)
    if study.state == StudyState.RUNNING:
        raise StudyUnderWay
    study.delete()


def run_study(*, study_id: UUID, read_clock: Callable[[], datetime]) -> StudyState | None:
    """Compute a queued study; None when there is nothing to do (any more).

    The clock is read, not told: minutes may pass.
    """
    study = _claim(study_id, now=read_clock())
    if study is None:
        return None
    rows = [_read_row(written) for written in StudyUpload.objects.get(study=study).rows]
    try:
        computed = compute_study(
            study.organization,
            rows,
            detour_s=study.detour_s,
            workdays=study.workdays,
            report=_reporter(study, read_clock),
        )
    except DomainError as error:
        return _fail(study, error.code, now=read_clock())
    except Exception:
        logger.exception("Study %s failed", study.pk)
        return _fail(study, "error", now=read_clock())
    return _finish(study, computed.result, computed.problems, now=read_clock())


def _read_row(written: list) -> Row:  # type: ignore[type-arg]
    line, home, address, work, *rest = written
    return Row(line, tuple(home) if home else None, address, tuple(work), *rest)


def _reporter(study: Study, read_clock: Callable[[], datetime]) -> Callable[[float], None]:
    """Return what writes the progress down, now and then, and shows that the worker lives."""
    told = 0

    def report(share: float) -> None:
        nonlocal told
        percent = min(99, int(100 * share))
        if percent >= told + STEP:
            told = percent
            Study.objects.filter(pk=study.pk, state=StudyState.RUNNING).update(
                progress=percent, next_check_at=read_clock() + STUCK_AFTER
            )

    return report


@transaction.atomic
def _claim(study_id: UUID, *, now: datetime) -> Study | None:
    study = (
        Study.objects.select_for_update(of=("self",))
        .select_related("organization")
        .filter(pk=study_id, state=StudyState.QUEUED)
        .first()
    )
    if study is not None:
        study.started_at, study.progress = now, 0
        study.next_check_at = now + STUCK_AFTER
        _move(study, StudyState.RUNNING, "started_at", "progress", "next_check_at")
    return study


@transaction.atomic
def _finish(
    study: Study, result: dict[str, object], problems: list[Problem], *, now: datetime
) -> StudyState | None:
    """Write the figures and forget the rows, in one."""
    locked = _lock_running(study)
    if locked is None:
        return None
    study = locked
    before = [Problem(*written) for written in study.problems]
    study.problems = write_problems([*before, *problems])
    study.problem_count += len(problems)
    study.result, study.error, study.progress = result, "", 100
    study.finished_at, study.next_check_at = now, now + KEPT_FOR
    _move(
        study,
        StudyState.DONE,
        *("result", "error", "progress", "problems", "problem_count"),
        *("finished_at", "next_check_at"),
    )
    StudyUpload.objects.filter(study=study).delete()
    return StudyState.DONE


@transaction.atomic
def _fail(study: Study, code: str, *, now: datetime) -> StudyState | None:
    """Say what went wrong; the rows are kept for another try."""
    locked = _lock_running(study)
    if locked is None:
        return None
    study = locked
    study.error, study.finished_at, study.next_check_at = code, now, now + UPLOAD_KEPT_FOR
    _move(study, StudyState.FAILED, "error", "finished_at", "next_check_at")
    return StudyState.FAILED


def _lock_running(study: Study) -> Study | None:
    """Return the study if it is still this worker's; it may have been queued anew meanwhile."""
    return (
        Study.objects.select_for_update()
        .filter(pk=study.pk, state=StudyState.RUNNING, started_at=study.started_at)
        .first()
    )


def watch_studies(*, now: datetime) -> int:
    """Look after studies whose time has come: stuck, or kept for long enough; return how many.

    Rows of a failed study go after a week, a finished study after a year.
    """
    seen = 0
    for study_id in list(Study.objects.filter(next_check_at__lte=now).values_list("pk", flat=True)):
        seen += _look_after(study_id, now=now)
    return seen


@transaction.atomic
def _look_after(study_id: UUID, *, now: datetime) -> bool:
    due = Study.objects.select_for_update(skip_locked=True).filter(next_check_at__lte=now)
    study = due.filter(pk=study_id).first()
    if study is None:
        return False
    if study.is_under_way:
        _queue(study, now=now)
    elif study.state == StudyState.DONE:
        study.delete()
    else:
        StudyUpload.objects.filter(study=study).delete()
        left = study.created_at + KEPT_FOR
        if left <= now:
            study.delete()
        else:
            study.next_check_at = left
            study.save(update_fields=["next_check_at"])
    return True


def _queue(study: Study, *, now: datetime) -> None:
    """Queue a locked study again, or tell again that it waits."""
    study.error, study.progress, study.finished_at = "", 0, None
    study.next_check_at = now + STUCK_AFTER
    fields = ("error", "progress", "finished_at", "next_check_at")
    if study.state == StudyState.QUEUED:
        study.save(update_fields=fields)
    else:
        _move(study, StudyState.QUEUED, *fields)
    outbox.publish(StudyQueued(study_id=study.pk), now=now)


def _move(study: Study, after: StudyState, *fields: str) -> None:
    """Move a locked study on; ``fields`` are the columns that changed with it.

    Raises:
        WrongState: the table forbids it.
    """
    if after not in STUDY_TRANSITIONS[StudyState(study.state)]:
        raise WrongState
    study.state = after
    study.save(update_fields=["state", *fields])
