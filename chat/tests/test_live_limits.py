"""What a socket does not let pass: foreign pages, floods, giants, the slow and the signed-out."""

import json
import uuid

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils.html import escape

from carpool.tests.servers import session_of
from chat.consumers import live, registry
from chat.consumers.hub import hub
from chat.models import Message
from chat.tests.factories import shared_ride, talk_of
from chat.tests.sockets import Socket, connected
from rides.tests.factories import offer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("city")]
in_thread = sync_to_async
FOREIGN = [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://evil.example:80",
    "null",
    "file://",
    None,
]


def knock(member, origin):
    """Connect through the whole application with a cookie; tell whether one gets in."""
    headers = [(b"cookie", f"sessionid={session_of(member)}".encode()), (b"host", b"localhost")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))

    from carpool.asgi import application

    async def scene():
        socket = WebsocketCommunicator(application, "/ws/live/", headers=headers)
        accepted, _code = await socket.connect(timeout=5)
        if accepted:
            await socket.send_json_to({"subscribe": "today"})
            answer = await socket.receive_json_from(timeout=5)
            await socket.disconnect()
            return "subscribed" in answer
        return False

    return async_to_sync(scene)()


def test_pages_of_others_get_no_socket_by_our_cookie(cast):
    """W1: six of six refused, our own page let in."""
    assert [knock(cast.rider, origin) for origin in FOREIGN] == [False] * 6
    assert knock(cast.rider, "http://localhost")


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024])
def test_a_giant_ends_the_socket(cast, size):
    """W3, at the consumer; Daphne's own wall is tested with a real server."""

    async def scene():
        async with connected(cast.rider.user) as socket:
            await socket.send_to(text_data="x" * size)
            return await socket.closed()

    assert async_to_sync(scene)() == live.TOO_BIG


def test_bytes_end_the_socket(cast):
    async def scene():
        async with connected(cast.rider.user) as socket:
            await socket.send_to(bytes_data=b"\x00")
            return await socket.closed()

    assert async_to_sync(scene)() == live.TOO_BIG


def test_twenty_messages_a_warning_and_the_end(cast, now):
    """W4."""
    talk = talk_of(shared_ride(cast, now=now))

    async def scene():
        answers = []
        async with connected(cast.rider.user) as socket:
            for n in range(22):
                said = {
                    "conversation": str(talk.pk),
                    "client_id": str(uuid.uuid4()),
                    "text": str(n),
                }
                await socket.send_json_to({"send": said})
                if n < 21:
                    answers.append(await socket.hear())
            return answers, await socket.closed()

    answers, code = async_to_sync(scene)()
    assert ["ack" in answer for answer in answers] == [True] * 20 + [False]
    assert answers[-1]["error"] == "too_many_messages"
    assert code == live.POLICY
    assert Message.objects.filter(sender__member=cast.rider).count() == 20


def test_a_flood_of_anything_is_warned_of_and_ended(cast):
    async def scene():
        async with connected(cast.rider.user) as socket:
            for _ in range(live.MOST_FRAMES + 1):
                await socket.send_json_to({"beat": 0})
            heard = await socket.hear()
            return heard, await socket.closed()

    heard, code = async_to_sync(scene)()
    assert heard == {"error": "too_many_frames"}
    assert code == live.POLICY


def test_ten_sockets_each_and_no_more(cast):
    """W4; a socket that ends makes room, and somebody else has ten of their own."""

    async def scene():
        sockets = [Socket(cast.rider.user) for _ in range(11)]
        for socket in sockets[:10]:
            await socket.connect()
            assert (await socket.ask(subscribe="today"))["subscribed"]
        await sockets[10].connect()
        refused = await sockets[10].closed()
        async with connected(cast.driver.user, "today"):
            pass
        await sockets[0].disconnect()
        async with connected(cast.rider.user, "today"):
            pass
        for socket in sockets[1:]:
            await socket.disconnect()
        return refused

    assert async_to_sync(scene)() == live.TOO_MANY_SOCKETS


def test_ten_sockets_hold_without_redis_too(cast, monkeypatch):
    async def away(*_arguments):
        raise ConnectionError

    monkeypatch.setattr(registry.SocketRegistry, "admit", away)
    test_ten_sockets_each_and_no_more(cast)


def test_a_reader_who_does_not_read_is_let_go_and_its_queue_stays_small(cast, monkeypatch):
    """W5, at the consumer: what goes out unread is counted, and there is a limit."""

    async def scene(answers_beats):
        sent = 0
        async with connected(cast.rider.user, "today") as socket:
            consumer = next(iter(hub().sockets))
            for n in range(100):
                await consumer._out(json.dumps({"n": n, "text": "x" * 8000}))
                if consumer.is_closing:
                    return sent
                sent += 8000
                heard = await socket.hear()
                if answers_beats and await beat_follows(socket, consumer):
                    beat = (await socket.hear())["beat"]
                    await socket.send_json_to({"beat": beat})
                    while consumer.confirmed < beat:
                        await in_thread(lambda: None)()
                assert "n" in heard or "beat" in heard
            return sent

    async def beat_follows(socket, consumer):
        return consumer.asked == consumer.sent

    assert async_to_sync(scene)(answers_beats=False) <= live.MOST_UNREAD_BYTES
    assert async_to_sync(scene)(answers_beats=True) == 800_000


def test_a_session_that_ends_ends_its_sockets_within_five_seconds(cast):
    """W7; the member's other session stays."""
    keys = [session_of(cast.rider) for _ in range(2)]

    async def scene():
        async with (
            connected(cast.rider.user, "today", session=SessionStore(keys[0])) as ended,
            connected(cast.rider.user, "today", session=SessionStore(keys[1])) as stays,
        ):
            await in_thread(Session.objects.filter(pk=keys[0]).delete)()
            code = await ended.closed(timeout=5)
            return code, await stays.ask(subscribe="counters")

    code, answer = async_to_sync(scene)()
    assert code == live.UNAUTHENTICATED
    assert answer["subscribed"] == "counters"


def test_a_member_who_is_removed_loses_the_socket(cast, now):
    async def scene():
        async with connected(cast.rider.user, "today") as socket:
            cast.rider.left_at = now
            await in_thread(cast.rider.save)(update_fields=["left_at"])
            return await socket.closed(timeout=5)

    assert async_to_sync(scene)() == live.UNAUTHENTICATED


def test_one_socket_follows_a_limited_number_of_topics(cast, now):
    rides_of_driver = [
        offer(cast.driver, now=now, hours=24 + 2 * n) for n in range(live.MOST_TOPICS)
    ]
    topics = [f"ride:{ride.pk}" for ride in rides_of_driver]

    async def scene():
        async with connected(cast.driver.user, *topics) as socket:
            return await socket.ask(subscribe="today")

    assert async_to_sync(scene)() == {"error": "too_many_topics", "topic": "today"}


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% debug %}",
    "javascript:alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "&lt;b&gt; stays &amp; stays",
]


def test_markup_is_stored_as_it_was_said_and_shown_as_text(cast, now, client):
    """W8: all of it escaped on the page."""
    talk = talk_of(shared_ride(cast, now=now))

    async def scene():
        async with connected(cast.rider.user) as socket:
            for text in HOSTILE:
                said = {
                    "conversation": str(talk.pk),
                    "client_id": str(uuid.uuid4()),
                    "text": f"{text}\x00\x1b",
                }
                assert "ack" in await socket.ask(send=said)

    async_to_sync(scene)()
    stored = Message.objects.filter(sender__member=cast.rider).order_by("sequence")
    assert [message.text for message in stored] == HOSTILE
    client.force_login(cast.driver.user)
    page = client.get(f"/messages/{talk.pk}/").content.decode()
    for text in HOSTILE:
        assert escape(text) in page
        if text != escape(text):
            assert text not in page
