"""The API of conversations, for everybody of the cast."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from carpool.kernel import clock
from carpool.kernel.tests.problems import assert_problem
from chat import services
from chat.tests.factories import draft, say, shared_ride, talk_of
from rides.tests.factories import offer

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def talk(cast, now):
    return talk_of(shared_ride(cast, now=now))


@pytest.fixture
def as_(client, cast):
    def sign_in(who):
        client.force_login(getattr(cast, who).user)
        return client

    return sign_in


def address(talk, rest=""):
    return f"/api/v1/conversations/{talk.pk}{rest}"


def test_both_talk_and_read_the_same(talk, as_):
    said = {"client_id": str(uuid.uuid4()), "text": "Hi <b>", "language": "en"}
    first = as_("rider").post(address(talk, "/messages"), said, JSON)
    again = as_("rider").post(address(talk, "/messages"), said, JSON)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    [message, joined] = as_("driver").get(address(talk, "/messages")).json()["results"]
    assert message == first.json()
    assert (joined["kind"], joined["code"], joined["sender"]) == ("system", "joined", None)
    people = as_("driver").get(address(talk)).json()["people"]
    assert {(p["name"], p["is_me"]) for p in people} == {
        ("Dora Driver", True),
        ("Rita Rider", False),
    }
    assert message["sender"] == next(p["id"] for p in people if not p["is_me"])


def test_what_was_missed_is_asked_for_by_number(talk, as_, cast, now):
    for text in ("One", "Two", "Three"):
        say(talk, cast.rider, text, now=now)
    missed = as_("driver").get(address(talk, "/messages?after=2")).json()["results"]
    assert [(m["sequence"], m["text"]) for m in missed] == [(3, "Two"), (4, "Three")]
    for nonsense in ("x", "-1", "1.5", "", "²"):
        answer = as_("driver").get(address(talk, f"/messages?after={nonsense}"))
        assert_problem(answer, 400, "invalid_input", "after")


def test_pages_neither_repeat_nor_skip(talk, as_, cast, now):
    for n in range(10):
        say(talk, cast.rider, str(n), now=now)
    client, link, seen = as_("driver"), address(talk, "/messages?page_size=3"), []
    while link:
        page = client.get(link).json()
        seen += [m["sequence"] for m in page["results"]]
        link = page["next"]
        say(talk, cast.driver, "meanwhile", now=now)
    assert seen == list(range(11, 0, -1))


@pytest.mark.parametrize("who", ["colleague", "manager", "operator", "outsider"])
def test_others_find_nothing_anywhere(talk, as_, who):
    client = as_(who)
    said = {"client_id": str(uuid.uuid4()), "text": "Hi"}
    assert client.get("/api/v1/conversations").json()["results"] == []
    for method, rest, body in (
        ("get", "", None),
        ("get", "/messages", None),
        ("get", "/messages?after=0", None),
        ("post", "/messages", said),
        ("post", "/marks", {"read": 1}),
        ("post", "/leave", {}),
        ("get", f"/photos/{uuid.uuid4()}", None),
    ):
        call = getattr(client, method)
        answer = (
            call(address(talk, rest), body, JSON) if body is not None else call(address(talk, rest))
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "conversation_not_found"), rest


def test_nobody_unknown_gets_in(talk, client):
    for rest in ("", "/messages"):
        assert client.get(address(talk, rest)).status_code == 401


def test_marks_show_who_has_read(talk, as_, cast, now):
    say(talk, cast.driver, "Gate 3", now=now)
    answer = as_("rider").post(address(talk, "/marks"), {"read": 2}, JSON).json()
    assert answer["unread"] == 0
    people = as_("driver").get(address(talk)).json()["people"]
    rider = next(p for p in people if p["name"] == "Rita Rider")
    assert (rider["read_sequence"], rider["received_sequence"]) == (2, 2)


def test_a_question_hides_who_asks(cast, now, as_):
    ride = offer(cast.driver, now=now)
    opened = as_("colleague").post("/api/v1/conversations", {"ride": str(ride.pk)}, JSON)
    assert opened.status_code == 200
    said = {"client_id": str(uuid.uuid4()), "text": "Room for a cello?"}
    as_("colleague").post(f"/api/v1/conversations/{opened.json()['id']}/messages", said, JSON)
    seen = as_("driver").get("/api/v1/conversations").content.decode()
    assert "Room for a cello?" in seen
    for trace in (cast.colleague.pk, "Carl", "Colleague", cast.colleague.user.email):
        assert str(trace) not in seen.replace("A colleague", "")


def test_a_driver_chooses_not_to_be_asked(cast, now, as_):
    ride = offer(cast.driver, now=now)
    settings = "/api/v1/conversations/settings"
    assert as_("driver").get(settings).json() == {"takes_questions": True}
    assert as_("driver").put(settings, {"takes_questions": False}, JSON).status_code == 200
    answer = as_("colleague").post("/api/v1/conversations", {"ride": str(ride.pk)}, JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "questions_not_taken")
    answer = as_("outsider").post("/api/v1/conversations", {"ride": str(ride.pk)}, JSON)
    assert (answer.status_code, answer.json()["code"]) == (404, "ride_not_found")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400),
        ({"client_id": "x", "text": "Hi"}, 400),
        ({"client_id": str(uuid.uuid4()), "text": " \u202e "}, 422),
        ({"client_id": str(uuid.uuid4()), "text": "x" * 2001}, 422),
        ({"client_id": str(uuid.uuid4()), "text": "x" * 4001}, 400),
        ({"client_id": str(uuid.uuid4()), "kind": "system", "code": "here"}, 400),
        ({"client_id": str(uuid.uuid4()), "kind": "quick"}, 422),
        ({"client_id": str(uuid.uuid4()), "text": "Hi", "language": "<b>"}, 400),
    ],
)
def test_nonsense_is_a_problem(talk, as_, said, status):
    answer = as_("rider").post(address(talk, "/messages"), said, JSON)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_a_flood_is_refused(talk, as_, cast, now):
    services.post_messages(drafts=[draft(talk, cast.rider) for _ in range(20)], now=clock.now())
    said = {"client_id": str(uuid.uuid4()), "text": "Hi"}
    answer = as_("rider").post(address(talk, "/messages"), said, JSON)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_messages")


def test_lists_cost_the_same_whatever_their_length(talk, as_, cast, now):
    client = as_("driver")
    with CaptureQueriesContext(connection) as one:
        client.get("/api/v1/conversations")
    for hours in (48, 72, 96):
        ride = offer(cast.driver, now=now, hours=hours)
        for asker in (cast.colleague, cast.manager):
            other = services.open_conversation(ride_id=ride.pk, by=asker, now=now)
            say(other, asker, "Hi", now=now)
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/api/v1/conversations")
    assert len(answer.json()["results"]) == 7
    assert len(many) == len(one)
    assert len(many) <= 8
