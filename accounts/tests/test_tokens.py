"""The mobile app's tokens: how one gets them, what they open, and how they end."""

import asyncio
import threading
from datetime import timedelta

import jwt
import pytest
import time_machine
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.tests.test_sign_in import code_in
from carpool.kernel.tests.problems import assert_problem
from carpool.tests.servers import session_of

APP = "/_allauth/app/v1"

pytestmark = pytest.mark.django_db


class Phone:
    """The app on somebody's phone: no cookies, only what it was given."""

    def __init__(self):
        self.session = self.access = self.refresh = ""

    def post(self, path, body=None, **headers):
        return Client().post(
            f"{APP}/{path}",
            body or {},
            content_type="application/json",
            headers={"X-Session-Token": self.session, **headers} if self.session else headers,
        )

    def sign_in(self, email):
        asked = self.post("auth/code/request", {"email": email})
        assert asked.status_code == 401
        self.session = asked.json()["meta"]["session_token"]
        answer = self.post("auth/code/confirm", {"code": code_in(mail.outbox[-1])})
        assert answer.status_code == 200, answer.content
        self.session = ""  # it was that of the waiting sign-in
        self.take(answer.json()["meta"])
        return self

    def take(self, given):
        self.access, self.refresh = given["access_token"], given["refresh_token"]

    def exchange(self, token=None):
        return self.post("tokens/refresh", {"refresh_token": token or self.refresh})

    def me(self, token=None):
        return Client().get(
            "/api/v1/me", headers={"Authorization": f"Bearer {token or self.access}"}
        )

    def sign_out(self):
        return Client().delete(
            f"{APP}/auth/session", headers={"Authorization": f"Bearer {self.access}"}
        )


@pytest.fixture
def phone(cast):
    return Phone().sign_in(cast.rider.user.email)


class TestCalling:
    """An access token opens the API, for its owner, for five minutes."""

    def test_one_is_oneself_without_any_cookie(self, phone):
        answer = phone.me()
        assert answer.json()["display_name"] == "Rita Rider"
        assert not answer.cookies

    def test_a_call_that_changes_needs_no_csrf_token(self, phone):
        answer = Client(enforce_csrf_checks=True).patch(
            "/api/v1/me",
            {"display_name": "Rita R."},
            content_type="application/json",
            headers={"Authorization": f"Bearer {phone.access}"},
        )
        assert answer.json()["display_name"] == "Rita R."

    def test_the_token_counts_and_not_somebody_elses_cookie(self, phone, cast):
        client = Client()
        client.force_login(cast.outsider.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {phone.access}"})
        assert answer.json()["display_name"] == "Rita Rider"

    def test_a_bad_token_beside_a_good_cookie_is_refused(self, cast):
        client = Client()
        client.force_login(cast.rider.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        answer = client.get("/api/v1/me", headers={"Authorization": "Bearer bad"})
        assert_problem(answer, 401, "authentication_failed")

    def test_it_ends_after_five_minutes(self, cast, now):
        with time_machine.travel(now, tick=False) as clock:
            phone = Phone().sign_in(cast.rider.user.email)
            clock.shift(timedelta(seconds=299))
            assert phone.me().status_code == 200
            clock.shift(timedelta(seconds=2))
            assert_problem(phone.me(), 401, "authentication_failed")

    def test_it_tells_nothing_that_opens_the_session(self, phone):
        said = jwt.decode(phone.access, options={"verify_signature": False})
        assert set(said) == {"iat", "exp", "sid", "jti", "token_use", "sub"}
        assert Session.objects.get().session_key not in str(said)

    @pytest.mark.parametrize("trick", ["none", "key", "use", "sub", "sid", "garbage", "empty"])
    def test_a_forged_one_is_refused(self, phone, trick, cast):
        said = jwt.decode(phone.access, options={"verify_signature": False})
        key = settings.SECRET_KEY
        forged = {
            "none": lambda: jwt.encode(said, None, algorithm="none"),
            "key": lambda: jwt.encode(said, "x" * 32, algorithm="HS256"),
            "use": lambda: phone.refresh,
            "sub": lambda: jwt.encode(
                {**said, "sub": str(cast.manager.user_id)}, key, algorithm="HS256"
            ),
            "sid": lambda: jwt.encode({**said, "sid": "AAAA"}, key, algorithm="HS256"),
            "garbage": lambda: phone.access[:-4] + "AAAA",
            "empty": lambda: "..",
        }[trick]()
        assert_problem(phone.me(forged), 401, "authentication_failed")

    def test_in_the_address_it_is_worth_nothing(self, phone):
        answer = Client().get(f"/api/v1/me?access_token={phone.access}&token={phone.access}")
        assert_problem(answer, 401, "not_authenticated")

    def test_a_user_who_may_no_longer_sign_in_is_refused(self, phone, cast):
        cast.rider.user.is_active = False
        cast.rider.user.save()
        assert_problem(phone.me(), 401, "authentication_failed")


class TestRefreshing:
    """A refresh token is exchanged once; a second time ends the session."""

    def test_it_gives_a_new_pair(self, phone):
        given = phone.exchange().json()["data"]
        assert given["refresh_token"] != phone.refresh
        assert phone.me(given["access_token"]).status_code == 200

    def test_a_used_one_ends_the_whole_session(self, phone):
        given = phone.exchange().json()["data"]
        stolen = phone.exchange(phone.refresh)
        assert stolen.status_code == 400
        assert phone.exchange(given["refresh_token"]).status_code == 400
        assert_problem(phone.me(given["access_token"]), 401, "authentication_failed")

    def test_other_sessions_of_the_person_go_on(self, phone, cast):
        other = Phone().sign_in(cast.rider.user.email)
        phone.exchange()
        phone.exchange(phone.refresh)
        assert phone.me().status_code == 401
        assert other.me().status_code == 200

    def test_an_access_token_is_no_refresh_token(self, phone):
        assert phone.exchange(phone.access).status_code == 400
        assert phone.me().status_code == 200

    def test_it_ends_after_two_weeks(self, cast, now):
        with time_machine.travel(now, tick=False) as clock:
            phone = Phone().sign_in(cast.rider.user.email)
            clock.shift(timedelta(days=14, seconds=1))
            assert phone.exchange().status_code == 400

    @pytest.mark.parametrize("token", ["", "bad", "a.b.c"])
    def test_nonsense_is_refused(self, phone, token):
        assert phone.post("tokens/refresh", {"refresh_token": token}).status_code == 400


def test_signing_out_ends_both_tokens(phone):
    assert phone.sign_out().status_code == 401  # by allauth's contract: "you are signed out now"
    assert_problem(phone.me(), 401, "authentication_failed")
    assert phone.exchange().status_code == 400


def test_codes_of_the_app_are_limited_too(cast):
    for _attempt in range(5):
        Phone().post("auth/code/request", {"email": cast.rider.user.email})
    sent = len(mail.outbox)
    refused = Phone().post("auth/code/request", {"email": cast.rider.user.email})
    assert (refused.status_code, len(mail.outbox)) == (429, sent)
    assert sent == 5


def test_an_unknown_address_is_answered_like_a_known_one(cast):
    known = Phone().post("auth/code/request", {"email": cast.rider.user.email})
    unknown = Phone().post("auth/code/request", {"email": "stranger@copper.example"})
    assert (known.status_code, known.json().keys()) == (unknown.status_code, unknown.json().keys())
    assert known.json()["data"] == unknown.json()["data"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_exchanges_at_once_one_succeeds(cast):
    phone = Phone().sign_in(cast.rider.user.email)
    gate, statuses = threading.Barrier(2), []

    def exchange():
        gate.wait()
        statuses.append(phone.exchange().status_code)
        connection.close()

    threads = [threading.Thread(target=exchange) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400]


HOST = [(b"host", b"localhost"), (b"x-forwarded-for", b"127.0.0.1")]


async def knock(headers, subprotocols=()):
    """Open the live socket; return the communicator, whether it was let in, and the subprotocol."""
    from carpool.asgi import application

    socket = WebsocketCommunicator(
        application, "/ws/live/", headers=HOST + headers, subprotocols=list(subprotocols)
    )
    accepted, chosen = await socket.connect()
    if accepted:
        accepted = not await closes_within(socket, 0.7)
    return socket, accepted, chosen


async def closes_within(socket, seconds):
    """Tell whether the server closes the socket in time."""
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        if await socket.receive_nothing(timeout=0.1):
            continue
        if (await socket.receive_output())["type"] == "websocket.close":
            return True
    return False


def bearer(token):
    return [(b"authorization", f"Bearer {token}".encode())]


def cookie(member):
    return [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={session_of(member)}".encode())]


@pytest.mark.django_db(transaction=True)
class TestSockets:
    """The same token opens a socket, without an origin; a cookie needs ours."""

    @pytest.fixture
    async def phone(self, cast):
        return await sync_to_async(Phone().sign_in)(cast.rider.user.email)

    async def test_an_app_needs_no_origin(self, phone):
        socket, accepted, _chosen = await knock(bearer(phone.access))
        assert accepted
        await socket.disconnect()

    async def test_a_browser_sends_it_as_a_protocol(self, phone):
        socket, accepted, chosen = await knock(
            [(b"origin", b"https://app.example")], ["bearer", phone.access]
        )
        assert (accepted, chosen) == (True, "bearer")
        await socket.disconnect()

    @pytest.mark.parametrize("token", ["", "bad", "a.b.c"])
    async def test_a_bad_token_is_refused_even_beside_a_good_cookie(self, cast, token):
        good = await sync_to_async(cookie)(cast.rider)
        socket, accepted, _chosen = await knock(
            [*good, *bearer(token), (b"origin", b"http://localhost")]
        )
        assert not accepted
        await socket.disconnect()

    async def test_a_refresh_token_opens_nothing(self, phone):
        _socket, accepted, _chosen = await knock(bearer(phone.refresh))
        assert not accepted

    async def test_in_the_address_it_opens_nothing(self, phone):
        from carpool.asgi import application

        socket = WebsocketCommunicator(
            application,
            f"/ws/live/?token={phone.access}",
            headers=[*HOST, (b"origin", b"http://localhost")],
        )
        accepted, _code = await socket.connect()
        assert not accepted or await closes_within(socket, 1)

    @pytest.mark.parametrize(
        "origin",
        [
            None,
            b"null",
            b"https://evil.example",
            b"https://localhost.evil.example",
            b"https://evil.example/localhost",
            b"file://",
        ],
    )
    async def test_a_cookie_from_a_foreign_page_is_refused(self, cast, origin):
        headers = await sync_to_async(cookie)(cast.rider)
        if origin is not None:
            headers.append((b"origin", origin))
        _socket, accepted, _chosen = await knock(headers)
        assert not accepted

    async def test_a_cookie_from_our_own_page_is_let_in(self, cast):
        headers = await sync_to_async(cookie)(cast.rider)
        socket, accepted, _chosen = await knock([*headers, (b"origin", b"http://localhost")])
        assert accepted
        await socket.disconnect()

    async def test_signing_out_closes_the_socket_within_five_seconds(self, phone):
        socket, accepted, _chosen = await knock(bearer(phone.access))
        assert accepted
        await sync_to_async(phone.sign_out)()
        assert await closes_within(socket, 5)
