"""How often one may do what can be abused, with the figures; and what happens without Redis."""

import statistics
import time

import pytest
import redis
import time_machine
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from carpool.kernel import limits
from carpool.kernel.tests.problems import assert_problem
from carpool.tests.world import world_at
from rides.tests.api import Api, wish_for
from rides.tests.factories import offer

LOGIN, CODE = "/accounts/login/", "/accounts/login/code/"
APP = "/_allauth/app/v1/auth/"

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture(autouse=True)
def _all_limits(monkeypatch):
    monkeypatch.setattr(settings, "LIMITS", settings.ALL_LIMITS)
    cache.clear()


@pytest.fixture
def clock(now):
    with time_machine.travel(now, tick=True) as clock:
        yield clock


@pytest.fixture
def operator(cast):
    cast.operator.user.set_password("right-Horse-9")
    cast.operator.user.save()
    return cast.operator.user


def log_in(client, email, password, **extra):
    said = {"email": email, "password": password}
    return client.post(f"{APP}login", said, "application/json", **extra)


def assert_refused(answer, at_most_s):
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= at_most_s + 1


def test_the_figures_are_those_of_the_contract():
    said = {limit.name: (limit.rate, limit.per, limit.closed) for limit in settings.LIMITS}
    assert said == {
        "sign-in": ("20/h", "ip", True),
        "account": ("10/15min", "account", True),
        "mails": ("5/h", "account", True),
        "search": ("60/min", "person", False),
        "join": ("10/min", "person", False),
    }
    assert settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS == 5


def test_twenty_sign_ins_an_hour_from_one_address(cast, client, clock):
    for number in range(20):
        assert client.post(CODE, {"email": f"p{number}@copper.example"}).status_code == 302
    assert_refused(client.post(CODE, {"email": "other@copper.example"}), 3600)
    refused = Client().post(f"{APP}code/request", {"email": "x@y.cl"}, "application/json")
    assert_refused(refused, 3600)
    assert_problem(refused, 429, "throttled")
    assert_refused(log_in(client, "another@copper.example", "x"), 3600)
    elsewhere = client.post(CODE, {"email": "e@copper.example"}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 302
    clock.shift(3601)
    assert client.post(CODE, {"email": "other@copper.example"}).status_code == 302


def test_ten_tries_for_one_account_with_growing_waits(operator, clock):
    waits = []
    for number in range(10):
        answer = log_in(Client(), operator.email, "wrong", REMOTE_ADDR=f"203.0.113.{number}")
        if answer.status_code == 429:
            waits.append(int(answer["Retry-After"]))
            clock.shift(waits[-1])
            answer = log_in(Client(), operator.email, "wrong", REMOTE_ADDR=f"203.0.114.{number}")
        assert answer.status_code == 400
    assert waits == [1, 2, 4, 8, 16, 32, 64]
    refused = log_in(Client(), operator.email, "right-Horse-9", REMOTE_ADDR="203.0.113.99")
    assert_refused(refused, 900)


def test_five_mails_an_hour_to_one_address(cast, clock):
    for number in range(5):
        ask = {"email": cast.rider.user.email}
        assert Client().post(CODE, ask, REMOTE_ADDR=f"203.0.113.{number}").status_code == 302
    again = dict.fromkeys(("email", "login"), cast.rider.user.email.upper())
    for path in (CODE, LOGIN, "/accounts/signup/"):
        assert_refused(
            Client().post(path, again | {"login": again["email"]}, REMOTE_ADDR="203.0.113.7"), 3600
        )
    assert len(mail.outbox) == 5


def test_a_thousand_tries_of_a_thousand_addresses_open_nothing(operator):
    """The right password is among them; by then nobody is let in."""
    opened, asked = 0, []
    for number in range(1000):
        client = Client(REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}")
        password = "right-Horse-9" if number == 500 else f"guess-{number}"
        answer = log_in(client, operator.email, password)
        opened += answer.status_code == 200
        asked.append(answer.status_code)
    assert opened == 0
    assert asked.count(429) >= 990


@pytest.mark.parametrize("door", ["password", "code"])
def test_an_unknown_account_is_answered_alike_and_as_fast(operator, door):
    """By the work of the processor, which a busy machine does not change, and pair by pair."""
    known, unknown = [], []
    for number in range(15):
        for email, times in ((operator.email, known), ("nobody@copper.example", unknown)):
            cache.clear()
            client, began = Client(REMOTE_ADDR=f"203.0.113.{number}"), time.thread_time()
            if door == "password":
                answer = log_in(client, email, "wrong")
            else:
                answer = client.post(CODE, {"email": email})
            times.append(time.thread_time() - began)
            assert answer.status_code == (400 if door == "password" else 302)
    apart = [one - other for one, other in zip(known, unknown, strict=True)]
    apart_ms = abs(statistics.median(apart)) * 1000
    assert apart_ms < 20, f"{apart_ms:.1f} ms"


def test_the_right_password_opens(operator):
    """A control: the doors that are tried here can be opened at all."""
    assert log_in(Client(), operator.email, "right-Horse-9").status_code == 200


def test_sixty_searches_a_minute(cast, now, clock):
    with world_at("offered", cast, now) as world:
        wish = wish_for(world.ride)
    api, page = Api(cast.rider), Client()
    page.force_login(cast.rider.user)
    assert Api(cast.colleague).post("searches", wish).status_code == 200, "a cold network is slow"
    for _number in range(59):
        assert api.client.post("/api/v1/searches", {}, format="json").status_code == 400
    assert api.post("searches", wish).status_code == 200
    refused = api.post("searches", wish)
    assert_problem(refused, 429, "throttled")
    assert_refused(refused, 60)
    assert_refused(page.get("/find/?time=08:00"), 60)
    assert page.get("/find/").status_code == 200, "the empty form searches nothing"
    assert Api(cast.colleague).post("searches", wish).status_code == 200
    clock.shift(61)
    assert api.post("searches", wish).status_code == 200


def test_ten_bookings_a_minute(cast, now):
    offer(cast.driver, now=now)
    api = Api(cast.rider)
    for _number in range(10):
        assert api.post("bookings", {"offer": "none"}).status_code in {404, 409, 422}
    refused = api.post("bookings", {"offer": "none"})
    assert_problem(refused, 429, "throttled")
    assert_refused(refused, 60)


@pytest.fixture
def without_redis(monkeypatch):
    away = redis.Redis(unix_socket_path="/nowhere/redis.sock")
    monkeypatch.setattr(limits, "_redis", lambda: away)


def test_without_redis_nobody_signs_in_and_everybody_searches(cast, operator, without_redis):
    assert log_in(Client(), operator.email, "right-Horse-9").status_code == 503
    for path, body in ((LOGIN, {"login": operator.email}), (CODE, {"email": operator.email})):
        answer = Client().post(path, body)
        assert answer.status_code == 503
        assert answer["Retry-After"]
    answer = Client().post(f"{APP}code/request", {"email": "x@y.cl"}, "application/json")
    assert_problem(answer, 503, "service_unavailable")
    assert mail.outbox == []
    assert Api(cast.rider).client.post("/api/v1/searches", {}, format="json").status_code == 400
    assert Client().get(LOGIN).status_code == 200


def test_a_client_does_not_choose_its_own_address(cast, client):
    for number in range(20):
        client.post(CODE, {"email": f"p{number}@c.example"}, HTTP_X_FORWARDED_FOR=f"1.2.3.{number}")
    last = client.post(CODE, {"email": "last@c.example"}, HTTP_X_FORWARDED_FOR="1.2.3.99")
    assert_refused(last, 3600)
