"""Money waits while clocks disagree, and health says so."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from carpool.kernel import clock, timekeeping

pytestmark = pytest.mark.django_db
MINUTES = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _no_alarm():
    cache.delete(timekeeping.ALARM_KEY)
    yield
    cache.delete(timekeeping.ALARM_KEY)


@pytest.fixture
def jump(monkeypatch):
    real = clock.now

    def by(shift):
        monkeypatch.setattr(clock, "now", lambda: real() + shift)

    return by


def test_clocks_that_agree_give_the_time(django_assert_num_queries):
    before = clock.now()
    with django_assert_num_queries(1):
        assert before <= timekeeping.agreed_now() <= clock.now()
    assert timekeeping.check_clock() == "ok"


@pytest.mark.parametrize("seconds", [-15, 15])
def test_a_few_seconds_are_no_disagreement(jump, seconds):
    jump(timedelta(seconds=seconds))
    assert timekeeping.agreed_now() == pytest.approx(clock.now(), abs=timedelta(seconds=1))


@pytest.mark.parametrize(("shift", "said"), [(MINUTES, "+600 s"), (-MINUTES, "-600 s")])
def test_a_jump_either_way_is_refused_and_told(client, jump, shift, said):
    jump(shift)
    with pytest.raises(timekeeping.ClocksDisagree, match="off PostgreSQL's"):
        timekeeping.agreed_now()
    answer = client.get("/healthz?only=clock")
    assert answer.status_code == 503
    assert said in answer.json()["checks"]["clock"]


def test_health_tells_of_another_process_that_was_wrong_a_moment_ago(client, jump):
    jump(MINUTES)
    with pytest.raises(timekeeping.ClocksDisagree):
        timekeeping.agreed_now()
    jump(timedelta())
    assert client.get("/healthz?only=clock").status_code == 200
    answer = client.get("/healthz?only=job_clocks")
    assert answer.status_code == 503
    assert "money waits" in answer.json()["checks"]["job_clocks"]
    cache.delete(timekeeping.ALARM_KEY)  # as it does by itself after a minute
    assert client.get("/healthz?only=job_clocks").status_code == 200
