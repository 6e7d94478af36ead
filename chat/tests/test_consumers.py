"""The live socket: who may follow what, that events arrive, once, in order, and after a break."""

import asyncio
import threading
import uuid

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import AnonymousUser

from carpool.kernel import clock, outbox
from chat import services
from chat.consumers import live, watch
from chat.models import LiveEvent, Message
from chat.services import live as live_services
from chat.tests.factories import draft, say, shared_ride, talk_of
from chat.tests.sockets import Socket, connected
from rides import services as rides
from rides.models import Booking
from rides.tests.factories import book, offer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("city")]
in_thread = sync_to_async


def tell():
    outbox.relay(now=clock.now())


def test_a_new_booking_reaches_the_drivers_open_page(cast, now):
    ride = offer(cast.driver, now=now)
    tell()

    async def scene():
        async with connected(cast.driver.user, f"ride:{ride.pk}", "today") as socket:
            booking = await in_thread(book)(cast.rider, ride, now=now)
            await in_thread(tell)()
            return booking, [await socket.hear() for _ in range(2)]

    booking, facts = async_to_sync(scene)()
    assert {fact["topic"] for fact in facts} == {f"ride:{ride.pk}", f"member:{cast.driver.pk}"}
    for fact in facts:
        assert (fact["event"], fact["id"]) == ("booking_confirmed", 1)
        assert fact["data"] == {"ride": str(ride.pk), "booking": str(booking.pk)}


def test_a_ride_that_moves_on_is_told_to_those_aboard(cast, now):
    ride = shared_ride(cast, now=now)

    async def scene():
        async with connected(cast.rider.user, "today") as socket:
            at = ride.departure_at
            await in_thread(rides.start_ride)(ride_id=ride.pk, by=cast.driver, now=at)
            await in_thread(tell)()
            return await socket.hear()

    assert async_to_sync(scene)()["event"] == "ride_in_transit"


def test_only_who_is_in_a_conversation_follows_it_or_speaks(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    topic = f"conversation:{talk.pk}"
    rides.cancel_booking(booking_id=Booking.objects.get().pk, by=cast.rider, reason="", now=now)
    tell()
    book(cast.colleague, talk.ride, now=now)
    tell()
    people = ("driver", "colleague", "rider", "manager", "operator", "outsider")

    async def tries(member):
        async with connected(member.user) as socket:
            followed = await socket.ask(subscribe=topic)
            said = {"conversation": str(talk.pk), "client_id": str(uuid.uuid4()), "text": "Hi"}
            await socket.send_json_to({"send": said})
            answer = await socket.hear()
            while "event" in answer:
                answer = await socket.hear()
            return "subscribed" in followed, "ack" in answer

    may = {who: async_to_sync(tries)(getattr(cast, who)) for who in people}
    assert may == {who: (who in {"driver", "colleague"},) * 2 for who in people}


def test_strangers_follow_nothing(cast, now):
    ride = offer(cast.driver, now=now)

    async def scene():
        async with connected(cast.outsider.user) as socket:
            wanted = (
                f"ride:{ride.pk}",
                "ride:nonsense",
                f"member:{cast.driver.pk}",
                f"conversation:{uuid.uuid4()}",
                "",
            )
            return [(await socket.ask(subscribe=topic))["error"] for topic in wanted]

    assert async_to_sync(scene)() == [
        "ride_not_found",
        "topic_not_found",
        "topic_not_found",
        "conversation_not_found",
        "topic_not_found",
    ]


def test_nobody_comes_in_without_signing_in():
    async def scene():
        socket = Socket(AnonymousUser())
        await socket.connect()
        return await socket.closed()

    assert async_to_sync(scene)() == live.UNAUTHENTICATED


def test_what_one_says_the_other_hears_once_and_in_order(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    topic = f"conversation:{talk.pk}"

    async def scene():
        async with (
            connected(cast.driver.user, topic) as driver,
            connected(cast.rider.user, topic) as rider,
        ):
            for n in range(10):
                said = {
                    "conversation": str(talk.pk),
                    "client_id": str(uuid.UUID(int=n)),
                    "text": f"{n} <b>",
                    "language": "ko",
                }
                await rider.send_json_to({"send": said})
                await rider.send_json_to({"send": said})
            heard = [await driver.hear_event("message") for _ in range(10)]
            assert await driver.receive_nothing(timeout=0.3)
            acks = []
            while len(acks) < 20:
                answer = await rider.hear()
                acks += [answer["sequence"]] if "ack" in answer else []
            return heard, acks

    heard, acks = async_to_sync(scene)()
    assert [frame["id"] for frame in heard] == list(range(2, 12))
    assert [frame["data"]["text"] for frame in heard] == [f"{n} <b>" for n in range(10)]
    assert {frame["data"]["language"] for frame in heard} == {"ko"}
    assert acks == [n for n in range(2, 12) for _twice in range(2)]
    assert Message.objects.filter(conversation=talk).count() == 11


def test_who_leaves_a_conversation_is_cut_off_within_two_seconds(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    loop_time = lambda: asyncio.get_running_loop().time()  # noqa: E731

    async def scene():
        async with connected(cast.rider.user, f"conversation:{talk.pk}") as socket:
            booking = await in_thread(Booking.objects.get)()
            await in_thread(rides.cancel_booking)(
                booking_id=booking.pk, by=cast.rider, reason="", now=now
            )
            began = loop_time()
            await in_thread(tell)()
            return await socket.closed(), loop_time() - began

    code, took_s = async_to_sync(scene)()
    assert code == live.LEFT
    assert took_s <= 2


def test_leaving_is_seen_even_when_redis_says_nothing(cast, now, monkeypatch):
    talk = talk_of(shared_ride(cast, now=now))
    monkeypatch.setattr(live_services, "send_frames", lambda _frames: None)

    async def scene():
        async with connected(cast.rider.user, f"conversation:{talk.pk}") as socket:
            await in_thread(talk.participants.filter(member=cast.rider).update)(left_at=now)
            return await socket.closed(timeout=3)

    assert async_to_sync(scene)() == live.LEFT


def test_who_begins_to_follow_during_a_look_is_not_taken_for_gone(cast, now, monkeypatch):
    """What a look did not ask after, it knows nothing of."""
    talk = talk_of(shared_ride(cast, now=now))
    looking, followed = threading.Event(), threading.Event()
    find = watch.selectors.list_gone

    def slow(pairs):
        looking.set()
        followed.wait(5)
        return find(pairs)

    async def scene():
        async with connected(cast.rider.user) as socket:
            monkeypatch.setattr(watch.selectors, "list_gone", slow)
            await asyncio.to_thread(looking.wait, 5)
            answer = await socket.ask(subscribe=f"conversation:{talk.pk}")
            followed.set()
            return answer, await socket.receive_nothing(timeout=1.5)

    answer, is_quiet = async_to_sync(scene)()
    assert "subscribed" in answer
    assert is_quiet


def test_who_types_is_shown_to_the_others(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    topic = f"conversation:{talk.pk}"
    place = talk.participants.get(member=cast.rider)

    async def scene():
        async with (
            connected(cast.driver.user, topic) as driver,
            connected(cast.rider.user, topic) as rider,
            connected(cast.outsider.user) as outsider,
        ):
            for _ in range(5):
                await rider.send_json_to({"typing": str(talk.pk)})
            heard = await driver.hear()
            error = await outsider.ask(typing=str(talk.pk))
            return heard, await driver.receive_nothing(timeout=0.3), error

    heard, is_quiet, error = async_to_sync(scene)()
    assert heard == {
        "topic": topic,
        "event": "typing",
        "data": {"participant": str(place.pk)},
    }
    assert is_quiet
    assert error["error"] == "conversation_not_found"


def test_reading_is_told_to_the_others_and_clears_the_badge(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    say(talk, cast.driver, "Gate 3", now=now)

    async def scene():
        async with (
            connected(cast.driver.user, f"conversation:{talk.pk}") as driver,
            connected(cast.rider.user, "counters") as rider,
        ):
            before = await rider.hear_event("counters")
            await rider.send_json_to({"read": str(talk.pk), "sequence": 2})
            mark = await driver.hear_event("mark")
            after = await rider.hear_event("counters")
            return before["data"]["messages"], mark["data"], after["data"]["messages"]

    before, mark, after = async_to_sync(scene)()
    assert (before, after) == (2, 0)
    assert (mark["read"], mark["received"]) == (2, 2)


def test_nonsense_is_answered_and_the_socket_lives_on(cast):
    async def scene():
        async with connected(cast.rider.user) as socket:
            answers = []
            for text in ("{", "[]", '{"subscribe": 7}', '{"hello": "world"}', "null", "\ud800"):
                await socket.send_to(text_data=text)
                answers.append(await socket.hear())
            answers.append(await socket.ask(send={"conversation": 5}))
            answers.append(await socket.ask(send={"client_id": str(uuid.uuid4())}))
            answers.append(await socket.ask(subscribe="today"))
            return answers

    *errors, bad_client, bad_conversation, last = async_to_sync(scene)()
    assert [answer["error"] for answer in errors] == ["invalid_message"] * 6
    assert bad_client["error"] == "invalid_input"
    assert bad_conversation["error"] == "conversation_not_found"
    assert last["subscribed"] == "today"


def test_what_is_over_is_forgotten_after_two_days(cast, now):
    shared_ride(cast, now=now)
    LiveEvent.objects.all().update(at=now - live_services.KEPT_FOR)
    assert live_services.forget(now=now) == 0
    LiveEvent.objects.all().update(at=now - live_services.KEPT_FOR * 2)
    assert live_services.forget(now=now) > 0
    assert not LiveEvent.objects.exists()


def test_a_batch_of_sockets_is_written_together(cast, now, monkeypatch):
    """Two hundred messages at once cost a few transactions, not two hundred."""
    talk = talk_of(shared_ride(cast, now=now))
    sizes = []
    write = services.write_batch

    def counted(*, drafts, now):
        sizes.append(len(drafts))
        return write(drafts=drafts, now=now)

    monkeypatch.setattr(services, "write_batch", counted)

    async def scene():
        async with connected(cast.rider.user, "counters") as socket:
            await socket.hear_event("counters")
            consumer = next(iter(live.hub().sockets))
            for _ in range(19):
                live.hub().post(consumer, draft(talk, cast.rider))
            heard = []
            while sum("ack" in answer for answer in heard) < 19:
                heard.append(await socket.hear())

    async_to_sync(scene)()
    assert sum(sizes) == 19
    assert len(sizes) <= 2
