"""Launch studies from upload to figures: who may, what is kept, what is told, what goes wrong."""

import json
from datetime import timedelta
from itertools import product
from unittest import mock

import pytest

from accounts.models import Site
from accounts.tests.factories import AT_SEA, ELSEWHERE, HOME_NORTH
from carpool.kernel import clock
from carpool.kernel.errors import InvalidInput
from carpool.kernel.models import OutboxEvent
from matching.errors import (
    NotAManager,
    StudyFileUnusable,
    StudyNotFound,
    StudyTooSmall,
    StudyUnderWay,
)
from matching.models import STUDY_TRANSITIONS, Study, StudyState, StudyUpload
from matching.models.studies import KEPT_FOR, UPLOAD_KEPT_FOR
from matching.selectors.studies import (
    explain_problem,
    get_study_for,
    list_problems,
    list_studies,
)
from matching.services import studies
from matching.services.studies import STUCK_AFTER, create_study, delete_study, retry_study
from matching.tests.study_factories import HEADER, line, table
from rides.errors import WrongState

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def create(cast, city, now):
    def create(content=None, by=None, **options):
        return create_study(
            by=by or cast.manager,
            name=options.get("name", "Autumn"),
            content=table(city) if content is None else content,
            workdays=options.get("workdays", 220),
            now=now,
        )

    return create


def run(study):
    ended = studies.run_study(study_id=study.pk, read_clock=clock.now)
    study.refresh_from_db()
    return ended


def told(study):
    return [explain_problem(problem) for problem in list_problems(study)]


def test_a_study_is_computed_and_its_rows_are_forgotten(create):
    study = create()
    assert study.state == StudyState.QUEUED
    assert len(study.upload.rows) == 60
    assert OutboxEvent.objects.filter(name="matching.StudyQueued").count() == 1
    assert run(study) == StudyState.DONE
    assert not StudyUpload.objects.exists()
    assert study.progress == 100
    result = study.result
    assert result["people"] == 60
    assert result["one_partner"]["n"] >= 40
    assert result["cars_stay"]["n"] >= 10
    assert result["saved_km"] > 50
    assert result["saved_km_year"] == 220 * result["saved_km"]
    assert result["saved_co2_kg_year"] == round(result["saved_km_year"] * 0.15)
    assert len(result["areas"]) >= 3
    assert result["areas"][0]["label"]
    assert any(area["points"] for area in result["areas"])


def test_nothing_stored_tells_where_somebody_lives(create, city):
    content = table(city)
    study = create(content)
    run(study)
    stored = json.dumps(Study.objects.values("result", "problems", "name").get())
    for row in content.decode().splitlines()[1:]:
        lat, lon = row.split(",")[:2]
        assert not (lat in stored and lon in stored)


def test_every_count_that_is_told_is_of_five_or_more(create):
    study = create()
    run(study)
    counts = list(people_in(study.result))
    assert len(counts) > 10
    assert all(count == 0 or count >= 5 for count in counts)


def people_in(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"people", "n", "elsewhere"}:
                yield inner
            else:
                yield from people_in(inner)
    if isinstance(value, list):
        for inner in value:
            yield from people_in(inner)


def test_bad_rows_are_left_out_and_told_by_line_and_column(create, city):
    bad = ["x,-71.2,Port,08:00,,", line(site="Nowhere"), line(arrival="25:00")]
    study = create(table(city, 30, *bad))
    assert study.problem_count == 3
    assert told(study) == [
        "line 32: home latitude is not a number",
        "line 33: site is not the name of one of your sites",
        "line 34: arrival is not a time of day such as 08:30",
    ]
    run(study)
    assert study.result["people"] == 30


def test_people_outside_the_map_and_at_sea_are_left_out_and_told(create, city):
    study = create(table(city, 30, line(ELSEWHERE), line(AT_SEA)))
    run(study)
    assert study.result["people"] == 30
    assert study.problem_count == 2
    assert told(study)[0] == "line 32: home or work lies outside our map"
    assert told(study)[1].startswith("line 33: ")


def test_addresses_are_looked_up_and_those_not_found_are_told(create):
    rows = [f'"Avenida Balmaceda {100 + n}",Port,08:00' for n in range(8)]
    study = create("\n".join(["address,site,arrival", *rows, "qqzzxx,Port,8:00"]).encode())
    run(study)
    assert study.result["people"] == 8
    assert told(study) == ["line 10: home address was not found on our map"]


def test_with_one_site_only_rows_need_not_name_it(create, cast, city):
    Site.objects.filter(organization=cast.organization).exclude(name="Port").delete()
    rows = [f"{HOME_NORTH.lat},{HOME_NORTH.lon},8:00"] * 6
    study = create("\n".join(["lat,lon,arrival", *rows]).encode())
    assert run(study) == StudyState.DONE


def test_workplaces_may_be_points_and_names_ignore_case(create):
    rows = [f"{HOME_NORTH.lat},{HOME_NORTH.lon},-29.954,-71.3385,,8:00"] * 5
    rows += [f"{HOME_NORTH.lat},{HOME_NORTH.lon},,,pOrT,8:00"] * 5
    header = "lat,lon,work_lat,work_lon,site,arrival"
    study = create("\n".join([header, *rows]).encode())
    run(study)
    assert study.result["people"] == 10


class TestRefused:
    @pytest.mark.parametrize("who", ["driver", "colleague", "operator"])
    def test_only_managers_may(self, create, cast, who):
        with pytest.raises(NotAManager):
            create(by=getattr(cast, who))

    def test_others_do_not_even_know(self, create, cast):
        study = create()
        with pytest.raises(StudyNotFound):
            get_study_for(cast.outsider, study.pk)
        with pytest.raises(NotAManager):
            get_study_for(cast.colleague, study.pk)
        with pytest.raises(NotAManager):
            list_studies(cast.colleague)
        assert list(list_studies(cast.manager)) == [study]

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "The file holds no rows."),
            (b"PK\x03\x04", "This is not a text file. Save your table as CSV and try again."),
            (b"lat,lon\n1,2", "Line 1: There is no column named arrival."),
            (b"x" * 10_000_001, "The file is larger than 10 MB."),
        ],
    )
    def test_a_file_that_is_no_table_says_why(self, create, content, says):
        with pytest.raises(StudyFileUnusable) as refused:
            create(content)
        assert refused.value.fields == {"file": [says]}
        assert not Study.objects.exists()

    def test_too_few_usable_rows_name_the_bad_cells(self, create):
        content = "\n".join([HEADER, line(), line(arrival="x"), line(site="")]).encode()
        with pytest.raises(StudyTooSmall) as refused:
            create(content)
        assert refused.value.fields == {
            "file.3.arrive": ["line 3: arrival is not a time of day such as 08:30"],
            "file.4.site": ["line 4: site is missing"],
        }

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ({"name": " \0 "}, "name"),
            ({"workdays": 0}, "workdays"),
            ({"workdays": 400}, "workdays"),
        ],
    )
    def test_values_without_sense_name_their_field(self, create, options, field):
        with pytest.raises(InvalidInput) as refused:
            create(**options)
        assert list(refused.value.fields) == [field]


class TestFailure:
    def test_when_nobody_is_left_on_the_map_it_fails_and_keeps_its_rows(self, create):
        study = create("\n".join([HEADER, *[line(ELSEWHERE)] * 6]).encode())
        assert run(study) == StudyState.FAILED
        assert study.error == "study_too_small"
        assert study.upload.rows

    def test_whatever_breaks_the_rows_are_kept_and_it_can_be_tried_again(self, create, cast, now):
        study = create()
        with mock.patch.object(studies, "compute_study", side_effect=RuntimeError("out of luck")):
            assert run(study) == StudyState.FAILED
        assert study.error == "error"
        assert len(study.upload.rows) == 60
        retry_study(by=cast.manager, study_id=study.pk, now=now)
        assert run(study) == StudyState.DONE
        with pytest.raises(WrongState):
            retry_study(by=cast.manager, study_id=study.pk, now=now)

    def test_a_second_copy_of_the_message_does_nothing(self, create):
        study = create()
        assert run(study) == StudyState.DONE
        assert run(study) is None

    def test_a_worker_that_was_given_up_can_not_overwrite_its_successor(self, create, now):
        study = create()

        def slow(*args, **options):
            later = now + STUCK_AFTER + timedelta(minutes=1)
            assert studies.watch_studies(now=later) == 1
            raise RuntimeError("too late")

        with mock.patch.object(studies, "compute_study", side_effect=slow):
            assert studies.run_study(study_id=study.pk, read_clock=lambda: now) is None
        study.refresh_from_db()
        assert study.state == StudyState.QUEUED
        assert run(study) == StudyState.DONE

    def test_progress_is_written_and_shows_that_the_worker_lives(self, create, now):
        study = create()
        seen = []

        def compute(*args, report, **options):
            for share in (0.1, 0.105, 0.5, 1.0):
                report(share)
                seen.append(Study.objects.get(pk=study.pk).progress)
            raise RuntimeError

        with mock.patch.object(studies, "compute_study", side_effect=compute):
            run(study)
        assert seen == [10, 10, 50, 99]


class TestKeeping:
    def test_rows_of_a_failed_study_go_after_a_week_and_the_study_after_a_year(self, create, now):
        study = create()
        with mock.patch.object(studies, "compute_study", side_effect=RuntimeError):
            run(study)
        studies.watch_studies(now=now + UPLOAD_KEPT_FOR - timedelta(hours=1))
        assert StudyUpload.objects.exists()
        studies.watch_studies(now=clock.now() + UPLOAD_KEPT_FOR)
        assert not StudyUpload.objects.exists()
        assert Study.objects.exists()
        studies.watch_studies(now=clock.now() + KEPT_FOR)
        assert not Study.objects.exists()

    def test_a_finished_study_goes_after_a_year(self, create, now):
        run(create())
        studies.watch_studies(now=now + KEPT_FOR - timedelta(days=1))
        assert Study.objects.exists()
        studies.watch_studies(now=clock.now() + KEPT_FOR)
        assert not Study.objects.exists()

    def test_a_manager_deletes_it_with_its_rows_but_not_while_it_runs(self, create, cast):
        study = create()
        Study.objects.filter(pk=study.pk).update(state=StudyState.RUNNING)
        with pytest.raises(StudyUnderWay):
            delete_study(by=cast.manager, study_id=study.pk)
        Study.objects.filter(pk=study.pk).update(state=StudyState.QUEUED)
        delete_study(by=cast.manager, study_id=study.pk)
        assert not StudyUpload.objects.exists()


@pytest.mark.parametrize(("before", "after"), product(StudyState, repeat=2))
def test_a_study_moves_only_along_the_table(create, now, before, after):
    study = create()
    study.state = before
    study.result = {"people": 5} if after == StudyState.DONE else None
    study.finished_at = now if after in {StudyState.DONE, StudyState.FAILED} else None
    if after in STUDY_TRANSITIONS[before]:
        studies._move(study, after, "result", "finished_at")
        assert Study.objects.get(pk=study.pk).state == after
    else:
        with pytest.raises(WrongState):
            studies._move(study, after)
