"""Who shares a taxi talks with the others, from their seat until some days after."""

import pytest

from chat.errors import ConversationNotFound
from chat.models import Conversation
from chat.selectors import list_conversations
from chat.services import open_room_conversation
from chat.tests.factories import say, tell_everything
from rides import services as rides
from rides.errors import RoomNotFound
from rides.tests.factories import join, open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db]


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def people_in(talk):
    return set(talk.participants.filter(left_at=None).values_list("member", flat=True))


def said_in(talk):
    return list(talk.messages.order_by("sequence").values_list("code", flat=True))


def test_there_is_one_as_soon_as_somebody_joins_the_host(cast, room, now):
    tell_everything()
    assert not Conversation.objects.exists()
    join(cast.rider, room, now=now)
    tell_everything()
    talk = Conversation.objects.get(room=room)
    assert people_in(talk) == {cast.driver.pk, cast.rider.pk}
    assert said_in(talk) == ["joined"]


def test_who_leaves_is_out_and_who_comes_hears_nothing_of_before(cast, room, now):
    join(cast.rider, room, now=now)
    tell_everything()
    talk = Conversation.objects.get(room=room)
    say(talk, cast.driver, "Hello", now=now)
    rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
    join(cast.colleague, room, now=now)
    tell_everything()
    assert people_in(talk) == {cast.driver.pk, cast.colleague.pk}
    assert list(list_conversations(cast.rider)) == []
    assert talk.participants.get(member=cast.colleague).since_sequence >= 2


def test_a_cancelled_room_says_so_once_and_its_people_may_still_talk(cast, room, now):
    join(cast.rider, room, now=now)
    tell_everything()
    rides.cancel_room(room_id=room.pk, by=cast.driver, now=now)
    tell_everything()
    talk = Conversation.objects.get(room=room)
    assert said_in(talk) == ["joined", "room_cancelled"]
    assert people_in(talk) == {cast.driver.pk, cast.rider.pk}


def test_a_new_host_stays_and_the_old_one_is_out(cast, room, now):
    join(cast.rider, room, now=now)
    tell_everything()
    rides.ask_to_host(room_id=room.pk, by=cast.driver, member_id=cast.rider.pk, now=now)
    rides.take_over(room_id=room.pk, by=cast.rider, now=now)
    tell_everything()
    assert people_in(Conversation.objects.get(room=room)) == {cast.rider.pk}


def test_only_who_has_a_seat_opens_it(cast, room, now):
    talk = open_room_conversation(room_id=room.pk, by=cast.driver, now=now)
    assert people_in(talk) == {cast.driver.pk}
    with pytest.raises(ConversationNotFound):
        open_room_conversation(room_id=room.pk, by=cast.colleague, now=now)
    with pytest.raises(RoomNotFound):
        open_room_conversation(room_id=room.pk, by=cast.outsider, now=now)


def test_it_is_opened_by_api_and_page(cast, room, now, client):
    client.force_login(cast.driver.user)
    asked = {"room": str(room.pk)}
    answer = client.post("/api/v1/conversations", asked, content_type="application/json")
    assert answer.status_code == 200
    assert (answer.json()["room"], answer.json()["ride"]) == (str(room.pk), None)
    for body in ({}, asked | {"ride": str(room.pk)}):
        refused = client.post("/api/v1/conversations", body, content_type="application/json")
        assert refused.status_code == 400
    page = client.post(f"/rooms/{room.pk}/messages/", follow=True)
    assert page.status_code == 200
    assert b"Head office" in page.content
    listed = client.get("/messages/")
    assert b"Head office" in listed.content
