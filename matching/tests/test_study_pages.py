"""Pages and API of launch studies, as a browser and a program ask for them."""

import csv
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from carpool.kernel import clock
from carpool.kernel.tests.problems import assert_problem
from matching.api.study_examples import DONE
from matching.models import Study, StudyState, StudyUpload
from matching.services import studies
from matching.tests.study_factories import HEADER, line, table
from rides.tests.api import Api
from rides.tests.test_pages import browser

pytestmark = pytest.mark.usefixtures("city")

PAGES = ("", "example.csv", "{id}/", "{id}/figures.csv")


@pytest.fixture
def manager(cast):
    return browser(cast.manager)


def upload(client, content, **changes):
    sent = {
        "name": "Autumn",
        "file": SimpleUploadedFile("commutes.csv", content),
        "workdays": "220",
        **changes,
    }
    return client.post("/studies/", sent)


def finished(cast, now, **changes):
    """A study that is done, with figures of the API's example."""
    result = {**DONE.value["result"], "region": "la-serena-coquimbo", **changes}
    return Study.objects.create(
        organization=cast.organization,
        created_by=cast.manager,
        name="Autumn <b>",
        rows=62,
        state=StudyState.DONE,
        finished_at=now,
        result=result,
        problems=[[12, "home_lat", "not_a_number"]],
        problem_count=3,
    )


def test_a_manager_uploads_watches_and_reads(manager, city):
    answer = upload(manager, table(city, 30))
    study = Study.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/studies/{study.pk}/"
    waiting = manager.get(answer["Location"]).content.decode()
    assert "Waiting for its turn" in waiting
    assert '<meta http-equiv="refresh"' in waiting, "without scripts the page looks again by itself"
    assert "30 rows" in manager.get(answer["Location"] + "?fragment=study").content.decode()
    studies.run_study(study_id=study.pk, read_clock=clock.now)
    report = manager.get(answer["Location"]).content.decode()
    assert "cars could stay at home" in report
    assert "30 people" in report
    assert "How this was computed" in report
    assert "Autumn" in manager.get("/studies/").content.decode()


def test_the_example_can_be_uploaded_as_it_is(manager):
    example = manager.get("/studies/example.csv")
    assert example["Content-Disposition"] == 'attachment; filename="commutes-example.csv"'
    upload(manager, example.content)
    study = Study.objects.get()
    assert study.problem_count == 0
    assert studies.run_study(study_id=study.pk, read_clock=clock.now) == StudyState.DONE


@pytest.mark.parametrize("page", PAGES)
def test_members_are_refused_others_find_nothing_and_strangers_sign_in(cast, now, page):
    address = f"/studies/{page.format(id=finished(cast, now).pk)}"
    assert browser(cast.manager).get(address).status_code == 200
    for who in (cast.driver, cast.colleague, cast.operator):
        assert browser(who).get(address).status_code == 403
    assert browser(cast.outsider).get(address).status_code == (404 if "{id}" in page else 403)
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("action", ["retry", "delete"])
def test_members_can_not_retry_or_delete(cast, now, action):
    study = finished(cast, now)
    assert browser(cast.colleague).post(f"/studies/{study.pk}/{action}/").status_code == 403
    assert browser(cast.outsider).post(f"/studies/{study.pk}/{action}/").status_code == 404
    assert Study.objects.exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file holds no rows."),
        (b"\x00\x01", "This is not a text file."),
        (b"name\nx", "There are no columns home_latitude"),
        (f"{HEADER}\n{line(arrival='x')}".encode(), "line 2: arrival is not a time of day"),
        (f"{HEADER}\n{line()}".encode(), "at least 5 people"),
        (b"a" * 10_000_001, "larger than 10 MB"),
        (b'"' + b"x" * 200_000, "A quotation mark is not closed."),
    ],
)
def test_a_bad_file_is_told_at_its_field(manager, content, says):
    answer = upload(manager, content)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert says in page
    assert 'value="Autumn"' in page, "what was entered stays"
    assert not Study.objects.exists()


@pytest.mark.parametrize("changes", [{"name": ""}, {"file": ""}, {"workdays": "0"}])
def test_what_is_missing_is_told(manager, city, changes):
    answer = upload(manager, table(city, 6), **changes)
    assert answer.status_code == 200
    assert "Please look at the marked fields." in answer.content.decode()


def test_a_failed_study_says_why_and_offers_another_try(manager, city):
    upload(manager, table(city, 6))
    study = Study.objects.get()
    Study.objects.filter(pk=study.pk).update(
        state=StudyState.FAILED, finished_at=clock.now(), error="geocoder_down"
    )
    page = manager.get(f"/studies/{study.pk}/").content.decode()
    assert "The address search does not answer." in page
    assert "Try again" in page
    assert manager.post(f"/studies/{study.pk}/retry/").status_code == 302
    study.refresh_from_db()
    assert study.state == StudyState.QUEUED
    StudyUpload.objects.all().delete()
    Study.objects.update(state=StudyState.FAILED, finished_at=clock.now())
    assert "Try again" not in manager.get(f"/studies/{study.pk}/").content.decode()


def test_too_few_of_anything_is_said_so(manager, cast, now):
    study = finished(
        cast, now, cars_stay=None, saved_km=0, one_partner={"n": 40, "bound": "at_least"},
        cars_today={"n": 60, "bound": "at_most"}, three_partners=None, areas=[], distances=[],
    )  # fmt: skip
    page = " ".join(manager.get(f"/studies/{study.pk}/").content.decode().split())
    for text in ("fewer than 5", "at least 40", "of the cars of 60 people", "Nowhere do five"):
        assert text in page


def test_the_report_is_safe_and_its_map_holds_neighbourhoods_only(manager, cast, now):
    page = manager.get(f"/studies/{finished(cast, now).pk}/").content.decode()
    assert "Autumn &lt;b&gt;" in page
    assert "line 12: home latitude is not a number" in page
    drawn = re.search(r'<script id="areas" type="application/json">(.*?)</script>', page)[1]
    assert json.loads(drawn) == DONE.value["result"]["areas"]


def test_figures_are_handed_out_without_formulas(manager, cast, now):
    areas = DONE.value["result"]["areas"]
    study = finished(cast, now, areas=[{**areas[0], "label": "=1+1"}])
    answer = manager.get(f"/studies/{study.pk}/figures.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["table"] for row in rows[:3]] == ["neighbourhood", "meeting point", "neighbourhood"]
    assert rows[0]["name"] == "'=1+1"
    assert rows[2]["people"] == "25"
    assert {row["table"] for row in rows[3:]} == {"distances", "leaves_home", "leaves_work"}
    assert all(int(row["people"]) >= 5 for row in rows)


def test_a_list_of_many_asks_as_often_as_a_list_of_one(
    manager, cast, now, django_assert_max_num_queries
):
    for _number in range(6):
        finished(cast, now)
    with django_assert_max_num_queries(8):
        assert manager.get("/studies/").content.decode().count("Autumn") == 6


@pytest.mark.parametrize(("who", "leads"), [("manager", True), ("colleague", False)])
def test_only_managers_are_led_there(cast, who, leads):
    page = browser(getattr(cast, who)).get("/profile/").content.decode()
    assert ("/studies/" in page) is leads


class TestApi:
    def post(self, cast, content, **changes):
        body = {"name": "Spring", "file": SimpleUploadedFile("c.csv", content), **changes}
        return Api(cast.manager).send("POST", "studies", body)

    def test_upload_read_list_delete(self, cast, city):
        answer = self.post(cast, table(city, 30, "x,1,Port,8:00,,"))
        assert answer.status_code == 201, answer.content
        study = answer.json()
        assert (study["state"], study["rows"], study["result"]) == ("queued", 31, None)
        assert study["problems"] == [
            {
                "line": 32,
                "column": "home_lat",
                "code": "not_a_number",
                "detail": "line 32: home latitude is not a number",
            }
        ]
        studies.run_study(study_id=study["id"], read_clock=clock.now)
        api = Api(cast.manager)
        shown = api.get(f"studies/{study['id']}").json()
        assert shown["state"] == "done"
        assert set(shown["result"]) == set(DONE.value["result"]), "the example is complete"
        [listed] = api.get("studies").json()["results"]
        assert listed["id"] == study["id"]
        assert "result" not in listed
        assert api.send("DELETE", f"studies/{study['id']}").status_code == 204
        assert_problem(api.get(f"studies/{study['id']}"), 404, "study_not_found")

    def test_bad_cells_are_named_by_line_and_column(self, cast):
        content = "\n".join([HEADER, line(), line(arrival="x"), line(site="Nowhere")]).encode()
        problem = self.post(cast, content)
        assert_problem(problem, 422, "study_too_small", "file.3.arrive", "file.4.site")
        details = [error["detail"] for error in problem.json()["errors"]]
        assert details[0] == "line 3: arrival is not a time of day such as 08:30"

    def test_a_file_that_is_no_table_is_named(self, cast):
        assert_problem(self.post(cast, b""), 422, "study_file_unusable", "file")

    def test_what_is_missing_is_named(self, cast):
        answer = Api(cast.manager).client.post("/api/v1/studies", {}, format="multipart")
        assert_problem(answer, 400, "invalid_input", "name", "file")

    def test_json_is_not_taken(self, cast):
        answer = Api(cast.manager).post("studies", {"name": "x"})
        assert answer.status_code == 415
