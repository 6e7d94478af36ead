"""Long polling, for those whose network lets no socket through."""

import asyncio
import json
import time
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.testing import HttpCommunicator

from carpool.tests.servers import session_of
from chat.consumers.poll import WAIT_S
from chat.tests.factories import say, shared_ride, talk_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("city")]


async def poll(session, *topics, wait=None):
    from carpool.asgi import application

    query = [("topic", topic) for topic in topics] + ([("wait", wait)] if wait else [])
    headers = [(b"host", b"localhost")]
    if session:
        headers.append((b"cookie", f"sessionid={session}".encode()))
    line = HttpCommunicator(application, "GET", f"/live/poll/?{urlencode(query)}", headers=headers)
    answer = await line.get_response(timeout=20)
    return answer["status"], json.loads(answer["body"])


def test_what_was_missed_comes_at_once(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    say(talk, cast.driver, "Gate 3", now=now)
    topic = f"conversation:{talk.pk}"
    status, answer = async_to_sync(poll)(session_of(cast.rider), f"{topic}@1", "counters")
    assert status == 200
    assert [frame["data"]["text"] for frame in answer["frames"]] == ["Gate 3"]
    assert answer["last"] == {topic: 2}
    assert answer["counters"]["messages"] == 2


def test_what_happens_while_one_waits_ends_the_waiting(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    session, topic = session_of(cast.rider), f"conversation:{talk.pk}"

    async def scene():
        waiting = asyncio.ensure_future(poll(session, topic))
        await asyncio.sleep(1)
        assert not waiting.done()
        began = time.monotonic()
        await sync_to_async(say)(talk, cast.driver, "Gate 3", now=now)
        answer = await waiting
        return answer, time.monotonic() - began

    (status, answer), took_s = async_to_sync(scene)()
    assert status == 200
    assert [frame["id"] for frame in answer["frames"]] == [2]
    assert took_s < WAIT_S / 2


def test_strangers_get_nothing(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    say(talk, cast.driver, "Gate 3", now=now)
    topics = (f"conversation:{talk.pk}@0", f"ride:{talk.ride_id}@0", "today", "nonsense")
    status, answer = async_to_sync(poll)(session_of(cast.outsider), *topics, wait="0")
    assert status == 200
    assert answer["frames"] == []
    assert answer["errors"] == {
        f"conversation:{talk.pk}": "conversation_not_found",
        f"ride:{talk.ride_id}": "ride_not_found",
        "nonsense": "topic_not_found",
    }
    assert async_to_sync(poll)("", *topics)[0] == 401
