"""The live socket: who may follow what, and that facts arrive."""

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from carpool.kernel import clock, outbox
from chat.consumers import MOST_TOPICS, UNAUTHENTICATED, LiveConsumer
from rides import services as rides
from rides.tests.factories import book, offer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("city")]


def socket_of(user):
    """Return a socket on which a user is signed in."""
    socket = WebsocketCommunicator(LiveConsumer.as_asgi(), "/ws/live/")
    socket.scope["user"] = user
    return socket


def following(user, *topics):
    """Return a coroutine that connects, follows the topics, and returns socket and answers."""

    async def connect():
        socket = socket_of(user)
        await socket.connect()
        answers = []
        for topic in topics:
            await socket.send_json_to({"subscribe": topic})
            answers.append(await socket.receive_json_from())
        return socket, answers

    return connect


def test_a_new_booking_reaches_the_drivers_open_page(cast, now):
    ride = offer(cast.driver, now=now)
    outbox.relay(now=clock.now())

    async def scene():
        socket, answers = await following(cast.driver.user, f"ride:{ride.pk}", "today")()
        assert answers == [{"subscribed": f"ride:{ride.pk}"}, {"subscribed": "today"}]
        booking = await sync_to_async(book)(cast.rider, ride, now=now)
        await sync_to_async(outbox.relay)(now=clock.now())
        facts = [await socket.receive_json_from(timeout=5) for _ in range(2)]
        await socket.disconnect()
        return booking, facts

    booking, facts = async_to_sync(scene)()
    assert {fact["topic"] for fact in facts} == {f"ride:{ride.pk}", f"member:{cast.driver.pk}"}
    for fact in facts:
        assert fact["event"] == "booking_confirmed"
        assert fact["data"] == {"ride": str(ride.pk), "booking": str(booking.pk)}


def test_a_ride_that_moves_on_is_told_to_those_aboard(cast, now):
    ride = offer(cast.driver, now=now)
    book(cast.rider, ride, now=now)
    outbox.relay(now=clock.now())

    async def scene():
        socket, _answers = await following(cast.rider.user, "today")()
        at = ride.departure_at
        await sync_to_async(rides.start_ride)(ride_id=ride.pk, by=cast.driver, now=at)
        await sync_to_async(outbox.relay)(now=clock.now())
        fact = await socket.receive_json_from(timeout=5)
        await socket.disconnect()
        return fact

    assert async_to_sync(scene)()["event"] == "ride_in_transit"


def test_strangers_follow_nothing(cast, now):
    ride = offer(cast.driver, now=now)

    async def scene():
        socket, answers = await following(
            cast.outsider.user, f"ride:{ride.pk}", "ride:nonsense", f"member:{cast.driver.pk}"
        )()
        await socket.disconnect()
        return answers

    assert [answer["error"] for answer in async_to_sync(scene)()] == ["ride_not_found"] * 3


def test_nobody_comes_in_without_signing_in():
    async def scene():
        socket = socket_of(AnonymousUser())
        await socket.connect()
        return await socket.receive_output()

    closed = async_to_sync(scene)()
    assert (closed["type"], closed["code"]) == ("websocket.close", UNAUTHENTICATED)


def test_nonsense_is_answered_and_the_socket_lives_on(cast):
    async def scene():
        socket = socket_of(cast.rider.user)
        await socket.connect()
        answers = []
        for text in ("{", "[]", '{"subscribe": 7}', '{"hello": "world"}'):
            await socket.send_to(text_data=text)
            answers.append(await socket.receive_json_from())
        await socket.send_json_to({"subscribe": "today"})
        answers.append(await socket.receive_json_from())
        await socket.disconnect()
        return answers

    *errors, last = async_to_sync(scene)()
    assert [answer["error"] for answer in errors] == ["invalid_message"] * 4
    assert last == {"subscribed": "today"}


def test_one_socket_follows_a_limited_number_of_topics(cast, now):
    async def scene(topics):
        socket, answers = await following(cast.driver.user, *topics)()
        await socket.disconnect()
        return answers

    rides_of_driver = [offer(cast.driver, now=now, hours=24 + 2 * n) for n in range(MOST_TOPICS)]
    topics = [f"ride:{ride.pk}" for ride in rides_of_driver] + ["today"]
    assert async_to_sync(scene)(topics)[-1] == {"error": "too_many_topics", "topic": "today"}
