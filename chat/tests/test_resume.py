"""After a break: who comes back hears what they missed, once and in its order."""

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from carpool.kernel import clock, outbox
from chat import services
from chat.consumers import live
from chat.services import live as live_services
from chat.tests.factories import say, shared_ride, talk_of
from chat.tests.sockets import connected
from rides import services as rides
from rides.models import Booking
from rides.tests.factories import book, offer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("city")]
in_thread = sync_to_async


def tell():
    outbox.relay(now=clock.now())


def test_who_comes_back_hears_what_they_missed(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    topic = f"conversation:{talk.pk}"
    for text in ("One", "Two", "Three"):
        say(talk, cast.rider, text, now=now)

    async def scene():
        async with connected(cast.driver.user) as socket:
            answer = await socket.ask(subscribe=topic, after=2)
            return answer, [await socket.hear() for _ in range(2)]

    answer, missed = async_to_sync(scene)()
    assert answer["last"] == 4
    assert [(m["id"], m["data"]["text"]) for m in missed] == [(3, "Two"), (4, "Three")]


def test_facts_of_a_ride_are_repeated_too(cast, now):
    ride = offer(cast.driver, now=now)
    topic = f"ride:{ride.pk}"
    book(cast.rider, ride, now=now)
    book(cast.colleague, ride, now=now)
    tell()

    async def scene():
        async with connected(cast.driver.user) as socket:
            first = await socket.ask(subscribe=topic, after=1)
            return first["last"], await socket.hear()

    last, missed = async_to_sync(scene)()
    assert last == 2
    assert missed["id"] == 2


def test_who_missed_too_much_is_told_to_load_anew(cast, now, monkeypatch):
    talk = talk_of(shared_ride(cast, now=now))
    monkeypatch.setattr("chat.selectors.looks.MOST_MISSED", 3)
    for n in range(6):
        say(talk, cast.rider, str(n), now=now)

    async def scene():
        async with connected(cast.driver.user) as socket:
            await socket.ask(subscribe=f"conversation:{talk.pk}", after=1)
            return [await socket.hear() for _ in range(4)]

    *told, last = async_to_sync(scene)()
    assert [frame["id"] for frame in told] == [2, 3, 4]
    assert (last["event"], last["id"]) == ("reload", 7)


@pytest.mark.parametrize("after", [-1, 99, "3", None, 2.5, True, []])
def test_a_number_that_cannot_be_is_the_present(cast, now, after):
    talk = talk_of(shared_ride(cast, now=now))

    async def scene():
        async with connected(cast.driver.user) as socket:
            answer = await socket.ask(subscribe=f"conversation:{talk.pk}", after=after)
            return answer["last"], await socket.receive_nothing(timeout=0.2)

    assert async_to_sync(scene)() == (1, True)


def test_events_that_overtake_each_other_are_put_in_order(cast, now, monkeypatch):
    talk = talk_of(shared_ride(cast, now=now))
    late = []
    monkeypatch.setattr(live_services, "send_frames", late.extend)
    messages = [say(talk, cast.rider, str(n), now=now) for n in range(3)]
    monkeypatch.undo()
    frames = [services.message_frame(message) for message in messages]

    async def scene():
        async with connected(cast.driver.user) as socket:
            await socket.ask(subscribe=f"conversation:{talk.pk}")
            following = next(iter(live.hub().sockets)).followed[f"conversation:{talk.pk}"]
            following.last = 1
            order = [frames[2], frames[0], frames[2], frames[1], frames[0]]
            await in_thread(live_services.send_frames)(order)
            heard = [await socket.hear() for _ in range(3)]
            return heard, await socket.receive_nothing(timeout=0.3)

    heard, is_quiet = async_to_sync(scene)()
    assert [frame["id"] for frame in heard] == [2, 3, 4]
    assert is_quiet


def test_what_redis_never_delivered_is_found_by_the_look(cast, now, monkeypatch):
    talk = talk_of(shared_ride(cast, now=now))
    topics = (f"conversation:{talk.pk}", f"ride:{talk.ride_id}")

    async def lost(_group, _message):
        raise ConnectionError

    async def scene():
        async with connected(cast.driver.user, *topics) as socket:
            monkeypatch.setattr(
                live_services.get_channel_layer(), "group_send", lost, raising=False
            )
            await in_thread(say)(talk, cast.rider, "Still there?", now=now)
            booking = await in_thread(Booking.objects.get)()
            await in_thread(rides.cancel_booking)(
                booking_id=booking.pk, by=cast.driver, reason="", now=now
            )
            await in_thread(tell)()
            return [await socket.hear() for _ in range(3)]

    heard = async_to_sync(scene)()
    assert {frame["event"] for frame in heard} == {"message", "booking_cancelled"}
