"""Sockets of a real Daphne process: giants, the slow, and those whose sign-in ends."""

import asyncio
import time
import uuid
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from allauth.headless.tokens.strategies.jwt.internal import create_access_token
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore

from accounts.tests.factories import MemberFactory
from carpool.kernel import clock, outbox
from carpool.tests.servers import running_servers, session_of
from chat.consumers import live
from chat.models import Participant
from chat.tests.factories import shared_ride, talk_of
from rides import services as rides
from rides.models import Booking

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("city")]
in_thread = sync_to_async
SPEAKERS, SAID_BY_EACH = 8, 18
SAID = SPEAKERS * SAID_BY_EACH
ORIGIN = {"Origin": "http://localhost", "Host": "localhost"}


@pytest.fixture
def port(city):
    with running_servers(1) as [server]:
        yield server.port


@asynccontextmanager
async def socket_of(port, headers):
    """A socket of the whole application, over the network."""
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"http://127.0.0.1:{port}/ws/live/", headers=headers) as socket,
    ):
        yield socket


def cookie(member):
    return {**ORIGIN, "Cookie": f"sessionid={session_of(member)}"}


async def ask(socket, **said):
    await socket.send_json(said)
    return await socket.receive_json(timeout=10)


async def closed(socket, timeout_s):
    """Skip what is said until the socket is closed; return the code, and how long it took."""
    began = time.monotonic()
    while True:
        message = await socket.receive(timeout=timeout_s)
        if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
            return socket.close_code, time.monotonic() - began


def resident_mb(port):
    """Return what the process that listens there holds in memory."""
    for entry in Path("/proc").glob("[0-9]*"):
        words = (entry / "cmdline").read_bytes().split(b"\0")
        if str(port).encode() in words and b"daphne" in words:
            text = (entry / "status").read_text()
            return int(text.partition("VmRSS:")[2].split()[0]) / 1024
    raise AssertionError("there is no such process")


def test_a_hundred_giants_are_refused_and_leave_no_trace_in_memory(cast, port):
    """W3: frames of 1 MiB end with 1009; the process grows by less than 20 MB."""
    headers = cookie(cast.rider)

    async def throw():
        async with socket_of(port, headers) as socket:
            await socket.send_str("x" * 2**20)
            return (await closed(socket, 10))[0]

    async def scene():
        await throw()
        before_mb = resident_mb(port)
        codes = [await throw() for _ in range(100)]
        return codes, resident_mb(port) - before_mb

    codes, grown_mb = asyncio.run(scene())
    assert codes == [live.TOO_BIG] * 100
    assert grown_mb < 20


class Party:
    """Many who talk in one conversation, one who listens, one who does not read."""

    def __init__(self, port, talk, people):
        self.port, self.talk = port, talk
        self.headers = [cookie(member) for member in people]
        self.sent_at, self.took_s = {}, []

    async def listen(self, socket):
        """Time every message."""
        while len(self.took_s) < SAID:
            frame = await socket.receive_json(timeout=20)
            if "beat" in frame:
                await socket.send_json({"beat": frame["beat"]})
            elif frame.get("event") == "message":
                key = frame["data"]["client_id"]
                self.took_s.append(time.monotonic() - self.sent_at[key])

    async def speak(self, headers, listening):
        """Say as much as one may, and stay until all of it is heard."""
        async with socket_of(self.port, headers) as socket:
            for _ in range(SAID_BY_EACH):
                key = str(uuid.uuid4())
                self.sent_at[key] = time.monotonic()
                said = {"conversation": str(self.talk.pk), "client_id": key, "text": "x" * 2000}
                await socket.send_json({"send": said})
                await asyncio.sleep(0.1)
            await listening

    async def run(self):
        """Return the code with which the slow one was let go, and how much the process grew."""
        slow, listener, *speakers = self.headers
        topic = f"conversation:{self.talk.pk}"
        async with socket_of(self.port, slow) as stuck, socket_of(self.port, listener) as ears:
            for socket in (stuck, ears):
                assert "subscribed" in await ask(socket, subscribe=topic)
            before_mb = resident_mb(self.port)
            listening = asyncio.ensure_future(self.listen(ears))
            await asyncio.gather(*(self.speak(headers, listening) for headers in speakers))
            grown_mb = resident_mb(self.port) - before_mb
            return (await closed(stuck, 10))[0], grown_mb


def test_who_does_not_read_is_let_go_and_holds_up_nobody(cast, port, now):
    """W5: what waits for the slow one is bounded; the others' p95 stays below 500 ms."""
    talk = talk_of(shared_ride(cast, now=now))
    people = [MemberFactory(organization=cast.organization) for _ in range(2 + SPEAKERS)]
    for member in people:
        Participant.objects.create(conversation=talk, member=member, joined_at=now)
    party = Party(port, talk, people)
    code, grown_mb = asyncio.run(party.run())
    # Who does not even read the close frame in time finds the connection gone.
    assert code in {live.TRY_LATER, aiohttp.WSCloseCode.ABNORMAL_CLOSURE}
    assert grown_mb < 20
    assert len(party.took_s) == SAID
    assert np.quantile(party.took_s, 0.95) < 0.5


def end_session(_cast, session):
    SessionStore(session).delete()


def remove_member(cast, _session):
    cast.rider.left_at = clock.now()
    cast.rider.save(update_fields=["left_at"])


def suspend_member(cast, _session):
    cast.rider.suspended_at = clock.now()
    cast.rider.save(update_fields=["suspended_at"])


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_who_may_no_longer_sign_in_loses_the_socket_within_five_seconds(cast, port, by):
    """W7: the session ends (a token is revoked with it), the membership ends, is suspended."""

    def sign_in():
        session = session_of(cast.rider)
        if by == "cookie":
            return session, {**ORIGIN, "Cookie": f"sessionid={session}"}
        token = create_access_token(cast.rider.user, SessionStore(session), {})
        return session, {"Host": "localhost", "Authorization": f"Bearer {token}"}

    async def scene(end):
        session, headers = await in_thread(sign_in)()
        async with socket_of(port, headers) as socket:
            assert "subscribed" in await ask(socket, subscribe="today")
            await in_thread(end)(cast, session)
            return await closed(socket, 6)

    for end in (end_session, suspend_member, remove_member):
        code, took_s = asyncio.run(scene(end))
        assert code == live.UNAUTHENTICATED, end.__name__
        assert took_s <= 5, end.__name__
        cast.rider.suspended_at = None
        cast.rider.save(update_fields=["suspended_at"])


def test_who_leaves_the_ride_loses_its_conversation_within_two_seconds(cast, port, now):
    """W2, over the network, from another process than the one that tells."""
    talk = talk_of(shared_ride(cast, now=now))

    def leave():
        booking = Booking.objects.get()
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
        outbox.relay(now=clock.now())

    async def scene():
        async with socket_of(port, await in_thread(cookie)(cast.rider)) as socket:
            assert "subscribed" in await ask(socket, subscribe=f"conversation:{talk.pk}")
            await in_thread(leave)()
            return await closed(socket, 5)

    code, took_s = asyncio.run(scene())
    assert code == live.LEFT
    assert took_s <= 2


def test_a_flood_of_messages_ends_over_the_network_too(cast, port, now):
    """W4: twenty in ten seconds are told, the next one is warned of, the one after ends it."""
    talk = talk_of(shared_ride(cast, now=now))

    async def scene():
        async with socket_of(port, await in_thread(cookie)(cast.rider)) as socket:
            answers = []
            for n in range(22):
                said = {
                    "conversation": str(talk.pk),
                    "client_id": str(uuid.uuid4()),
                    "text": str(n),
                }
                await socket.send_json({"send": said})
                if n < 21:
                    answers.append(await socket.receive_json(timeout=10))
            code, _took_s = await closed(socket, 10)
            return answers, code

    answers, code = asyncio.run(scene())
    assert ["ack" in answer for answer in answers] == [True] * 20 + [False]
    assert answers[-1]["error"] == "too_many_messages"
    assert code == live.POLICY
