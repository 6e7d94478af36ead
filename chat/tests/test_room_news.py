"""Who hears of what in a shared taxi, and who may follow it live."""

import pytest

from carpool.kernel import outbox
from chat.models import Kind, LiveEvent, Notification
from chat.selectors.news_texts import write_text
from chat.selectors.topics import open_topic
from chat.tests.factories import tell_everything
from rides import services as rides
from rides.errors import RoomNotFound
from rides.events import RoomMoneyChanged
from rides.models import RoomEnd
from rides.tests.factories import join, open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db]


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def news_of(member):
    tell_everything()
    return list(Notification.objects.filter(member=member).order_by("created_at"))


def kinds_of(member):
    return [one.kind for one in news_of(member)]


def test_the_host_hears_who_comes_and_who_goes(cast, room, now):
    join(cast.rider, room, now=now)
    rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
    came, left = news_of(cast.driver)
    assert (came.kind, left.kind) == (Kind.ROOM_JOINED, Kind.ROOM_JOINED)
    assert write_text(came).title == "Rita shares your taxi"
    assert write_text(left).title == "Rita left your taxi"
    assert write_text(left).path == f"/rooms/{room.pk}/"
    assert kinds_of(cast.rider) == []


def test_the_party_hears_that_it_is_time_and_that_the_taxi_is_called(cast, room, now):
    join(cast.rider, room, now=now)
    rides.watch(now=room.locks_at)
    rides.call_taxi(room_id=room.pk, by=cast.driver, now=room.locks_at)
    assert kinds_of(cast.rider) == [Kind.ROOM_LOCKED, Kind.ROOM_CALLED]
    assert kinds_of(cast.driver) == [Kind.ROOM_JOINED, Kind.ROOM_LOCKED]


def test_whoever_loses_a_seat_hears_that_the_room_is_off(cast, room, now):
    join(cast.rider, room, now=now)
    join(cast.colleague, room, now=now)
    rides.leave_room(room_id=room.pk, by=cast.colleague, now=now)
    later = now + (room.locks_at - now) / 2
    rides.cancel_room(room_id=room.pk, by=cast.driver, reason=RoomEnd.HOST, now=later)
    assert kinds_of(cast.rider) == [Kind.ROOM_CANCELLED]
    assert kinds_of(cast.colleague) == []
    assert Kind.ROOM_CANCELLED not in kinds_of(cast.driver)


def test_the_next_host_hears_that_they_are_asked(cast, room, now):
    join(cast.rider, room, now=now)
    rides.ask_to_host(room_id=room.pk, by=cast.driver, member_id=cast.rider.pk, now=now)
    assert kinds_of(cast.rider) == [Kind.ROOM_HOST_ASKED]


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("top_up_asked", Kind.ROOM_MORE_ASKED),
        ("fare_settled", Kind.ROOM_SETTLED),
        ("dispute_opened", Kind.ROOM_DISPUTED),
        ("dispute_won", Kind.ROOM_DISPUTED),
    ],
)
def test_somebody_hears_once_what_concerns_their_purse(cast, room, now, what, kind):
    for _ in range(2):
        event = RoomMoneyChanged(room_id=room.pk, member_id=cast.rider.pk, what=what, at=now)
        outbox.publish(event, now=now)
    news = news_of(cast.rider)
    assert [one.kind for one in news] == [kind]
    text = write_text(news[0])
    assert text.title
    assert text.body


def test_open_pages_hear_of_everything_without_a_name(cast, room, now):
    join(cast.rider, room, now=now)
    tell_everything()
    said = LiveEvent.objects.filter(topic_id=f"room:{room.pk}")
    assert {one.event for one in said} == {"room_gathering", "seats_changed"}
    assert all(one.data == {"room": str(room.pk)} for one in said)


def test_only_who_sees_a_room_may_follow_it(cast, room):
    assert open_topic(cast.rider, f"room:{room.pk}").name == f"room:{room.pk}"
    with pytest.raises(RoomNotFound):
        open_topic(cast.outsider, f"room:{room.pk}")
