"""Is every part alive? Each check says ok, or in one sentence what is wrong."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError

from carpool.kernel import health

PARTS = {"database", "redis", "worker", "beat", "clock", "job_clocks", "map"}


def everything_alive():
    for part in ("worker", "relay", "beat"):
        health.mark_alive(part, ttl_s=60)


def test_a_process_that_answers_is_alive(client):
    response = client.get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_all_is_well_when_every_part_is(client, city):
    everything_alive()
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": dict.fromkeys(PARTS, "ok")}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("silent", "part", "sentence"),
    [
        ("worker", "worker", "no sign of life of worker"),
        ("relay", "worker", "no sign of life of relay"),
        ("beat", "beat", "no message from beat lately"),
    ],
)
def test_a_part_that_gives_no_sign_of_life_is_named(client, city, silent, part, sentence):
    everything_alive()
    cache.delete(f"alive:{silent}")
    response = client.get("/healthz")
    assert response.status_code == 503
    body = response.json()
    assert body["status"] == "failing"
    assert body["checks"] == {**dict.fromkeys(PARTS, "ok"), part: sentence}


def test_worker_and_relay_that_are_both_silent_are_both_named(db):
    assert health.check_worker() == "no sign of life of worker and relay"


def test_an_installation_without_a_map_says_what_to_run(client, db, settings, tmp_path):
    settings.NETWORKS_DIR = tmp_path
    response = client.get("/healthz?only=map")
    assert response.status_code == 503
    assert "import_map" in response.json()["checks"]["map"]


def test_a_web_process_asks_only_for_what_it_needs(client, db):
    response = client.get("/healthz?only=database,redis")
    assert response.status_code == 200
    assert response.json()["checks"] == {"database": "ok", "redis": "ok"}


def test_a_check_that_there_is_not_fails(client, db):
    response = client.get("/healthz?only=database,coffee")
    assert response.status_code == 503
    assert response.json()["checks"]["coffee"] == "there is no such check"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DatabaseError("no connection\nwith more lines"), "DatabaseError: no connection"),
        (ValueError("x" * 1000), "ValueError: " + "x" * 200),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_check_that_fails_is_reported_in_one_line(client, monkeypatch, error, sentence):
    def broken():
        raise error

    monkeypatch.setitem(health._checks, "database", broken)
    response = client.get("/healthz?only=database,redis")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": sentence, "redis": "ok"}


def test_redis_that_forgets_what_was_written_is_not_well(monkeypatch):
    def forget(key, value, timeout):
        pass

    monkeypatch.setattr(cache, "set", forget)
    assert health.check_redis() == "a written key could not be read"


def test_a_sign_of_life_fades():
    health.mark_alive("beat", ttl_s=0)
    assert health.check_beat() != "ok"


@pytest.mark.django_db(transaction=True)
def test_the_database_check_asks_the_database(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert health.check_database() == "ok"
