"""The cache while Redis is away: no error, nothing remembered."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache, caches
from django.test import override_settings

from carpool.kernel import health
from carpool.kernel.cache import ForgivingRedisCache

NOBODY_LISTENS = "redis://127.0.0.1:1/0"
AWAY = {
    "default": {"BACKEND": "carpool.kernel.cache.ForgivingRedisCache", "LOCATION": NOBODY_LISTENS}
}


@pytest.fixture
def away():
    return ForgivingRedisCache(NOBODY_LISTENS, {})


def test_what_redis_remembers_is_returned():
    cache.set("answer", 42)
    cache.set_many({"a": 1, "b": 2})
    assert cache.get("answer") == 42
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    assert cache.has_key("a")
    assert not cache.add("a", 3)
    assert cache.delete("a")


def test_requests_have_their_connections_in_common():
    with ThreadPoolExecutor(4) as threads:
        clients = set(threads.map(lambda _nth: caches["default"]._cache, range(4)))
    assert len(clients) == 1


def test_without_redis_nothing_is_remembered_and_nothing_breaks(away, caplog):
    away.set("answer", 42)
    assert away.get("answer", "nothing") == "nothing"
    assert away.set_many({"a": 1}) == ["a"]
    assert away.get_many(["a"]) == {}
    assert not away.has_key("a")
    assert not away.delete("a")
    assert away.add("a", 1)
    assert "Redis does not answer" in caplog.text


@override_settings(CACHES=AWAY)
def test_health_still_tells_that_redis_is_away():
    assert health.check_redis() != "ok"
    assert health.check_worker() != "ok"


@override_settings(CACHES=AWAY)
def test_the_api_answers_without_redis(client, cast, city):
    client.force_login(cast.rider.user)
    assert client.get("/api/v1/me").status_code == 200
    assert client.get("/").status_code == 200
    assert client.get(f"/maps/{city.slug}/5/9/18.mvt").status_code in {200, 204}
