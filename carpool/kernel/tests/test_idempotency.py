"""A POST that is sent again is answered again, and done once."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from carpool.kernel import clock, idempotency
from carpool.kernel.models import IdempotentRequest
from carpool.kernel.tests.api import deeds
from carpool.kernel.tests.problems import api_client, assert_problem

pytestmark = pytest.mark.urls("carpool.kernel.tests.api")
HEADER = "Idempotency-Key"


def post(client, body=None, *, key, path="/count"):
    headers = {} if key is None else {HEADER: key}
    return client.post(path, body or {}, format="json", headers=headers)


@pytest.fixture
def client(cast):
    return api_client(cast.driver)


def test_the_same_key_gives_the_same_answer_and_does_it_once(client):
    key = str(uuid4())
    first = post(client, {"a": 1, "b": 2}, key=key)
    again = post(client, {"b": 2, "a": 1}, key=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert deeds() == 1


def test_another_key_does_it_again(client):
    assert post(client, key="one").json()["deeds"] == 1
    assert post(client, key="two").json()["deeds"] == 2


@pytest.mark.parametrize(("body", "path"), [({"a": 2}, "/count"), ({"a": 1}, "/count/again")])
def test_a_key_used_for_something_else_is_refused(client, body, path):
    post(client, {"a": 1}, key="one")
    response = post(client, body, key="one", path=path)
    assert_problem(response, 422, "idempotency_key_reused", HEADER)
    assert deeds() == 1


@pytest.mark.parametrize("key", [None, "", "   ", "x" * 256])
def test_without_a_usable_key_nothing_is_done(client, key):
    assert_problem(post(client, key=key), 400, "idempotency_key_missing", HEADER)
    assert deeds() == 0


def test_the_longest_key_is_taken(client):
    assert post(client, key="x" * 255).status_code == 201


def test_two_people_may_use_the_same_key(cast):
    for person in (cast.driver, cast.rider):
        response = post(api_client(person), key="same")
        assert response.status_code == 201
        assert "Idempotency-Replayed" not in response
        assert post(api_client(person), key="same").json() == response.json()
    assert deeds() == 2


@pytest.mark.parametrize(
    ("fail", "status", "code", "fields"),
    [("domain", 409, "conflict", ()), ("form", 400, "invalid_input", ("name",))],
)
def test_what_failed_is_undone_and_not_remembered(client, fail, status, code, fields):
    response = post(client, {"fail": fail}, key="one")
    assert_problem(response, status, code, *fields)
    assert deeds() == 0
    assert not IdempotentRequest.objects.exists()
    assert post(client, {"fail": "no more"}, key="one").status_code == 201


def test_a_crash_leaves_neither_the_deed_nor_the_key(client):
    with pytest.raises(RuntimeError):
        post(client, {"fail": "crash"}, key="one")
    assert deeds() == 0
    assert not IdempotentRequest.objects.exists()


def test_a_key_is_forgotten_after_a_day(client):
    post(client, key="one")
    IdempotentRequest.objects.update(created_at=clock.now() - idempotency.KEPT_FOR)
    assert idempotency.forget(now=clock.now() - timedelta(minutes=1)) == 0
    assert idempotency.forget(now=clock.now()) == 1
    assert post(client, key="one").json()["deeds"] == 2


def test_a_kept_answer_reads_as_its_key():
    assert str(IdempotentRequest(key="one")) == "one"


def post_at_once(person, bodies, key):
    """Send requests at the same time, each from a thread of its own."""
    barrier, responses = threading.Barrier(len(bodies)), []

    def run(body):
        try:
            client = api_client(person)
            barrier.wait(10)
            responses.append(post(client, body, key=key))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(responses) == len(bodies)
    return responses


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    """The second copy arrives while the first is at work."""

    def test_two_copies_are_done_once_and_answered_alike(self, cast):
        responses = post_at_once(cast.driver, [{"wait_s": 0.3}] * 2, "one")
        assert [response.status_code for response in responses] == [201, 201]
        assert responses[0].json() == responses[1].json()
        assert sorted("Idempotency-Replayed" in response for response in responses) == [False, True]
        assert deeds() == 1

    def test_when_the_first_fails_the_second_is_tried(self, cast):
        responses = post_at_once(cast.driver, [{"wait_s": 0.3, "fail": "domain"}] * 2, "one")
        assert [response.status_code for response in responses] == [409, 409]
        assert not IdempotentRequest.objects.exists()

    def test_two_different_requests_with_one_key_do_one_of_them(self, cast):
        responses = post_at_once(cast.driver, [{"wait_s": 0.3}, {"wait_s": 0.31}], "one")
        assert sorted(response.status_code for response in responses) == [201, 422]
        assert deeds() == 1

    def test_control_without_the_claim_two_copies_are_done_twice(self, cast, monkeypatch):
        def claim_nothing(request, key, fingerprint):
            return IdempotentRequest.objects.create(
                user_id=request.user.pk, key=str(uuid4()), created_at=clock.now()
            )

        monkeypatch.setattr(idempotency, "_claim", claim_nothing)
        post_at_once(cast.driver, [{"wait_s": 0.3}] * 2, "one")
        assert deeds() == 2
