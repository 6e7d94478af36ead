"""News of messages: to who is behind, once until they read, and nothing of what was said."""

from datetime import timedelta

import pytest
from django.urls import reverse

from carpool.kernel.tests.problems import api_client
from chat import services
from chat.models import Channel, Delivery, DeliveryState, Kind, Notification
from chat.selectors.news_texts import write_text
from chat.services import preferences
from chat.services.message_news import FRESH_FOR, GRACE, tell_of_messages
from chat.tests.factories import draft, say, shared_ride, talk_of
from rides.tests.factories import offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
SECRET = "The code of the gate is 4711"


@pytest.fixture
def talk(cast, now):
    return talk_of(shared_ride(cast, now=now))


def news_of(member):
    return Notification.objects.filter(member=member, kind=Kind.MESSAGE_RECEIVED)


def read(talk, member, number, *, now):
    services.move_marks(marks=[services.Mark(talk.pk, member.pk, read=number)], now=now)


def test_who_does_not_read_is_told_once_until_they_do(talk, cast, now):
    later = now + GRACE
    for text in ("One", "Two", "Three"):
        say(talk, cast.rider, text, now=now)
    assert tell_of_messages(now=later) == 1
    say(talk, cast.rider, "Four", now=now)
    assert tell_of_messages(now=later) == 0
    assert news_of(cast.driver).count() == 1
    assert not news_of(cast.rider).exists(), "nobody hears of what they said themselves"
    read(talk, cast.driver, 5, now=later)
    assert tell_of_messages(now=later) == 0
    say(talk, cast.rider, "Five", now=now)
    assert tell_of_messages(now=later) == 1
    assert news_of(cast.driver).count() == 2


def test_whoever_reads_at_once_is_told_nothing(talk, cast, now):
    message = say(talk, cast.rider, now=now)
    assert tell_of_messages(now=now + GRACE - timedelta(seconds=1)) == 0
    read(talk, cast.driver, message.sequence, now=now)
    assert tell_of_messages(now=now + GRACE) == 0


def test_reading_the_conversation_takes_note_of_its_news_and_stops_the_push(talk, cast, now):
    message = say(talk, cast.rider, now=now)
    tell_of_messages(now=now + GRACE)
    news = news_of(cast.driver).get()
    Delivery.objects.get_or_create(
        notification=news, channel=Channel.PUSH, defaults={"next_attempt_at": now}
    )
    read(talk, cast.driver, message.sequence, now=now + GRACE)
    news.refresh_from_db()
    assert news.read_at == now + GRACE
    assert news.deliveries.get().state == DeliveryState.SKIPPED


def test_the_text_says_who_wrote_and_never_what(talk, cast, now):
    say(talk, cast.rider, SECRET, now=now)
    tell_of_messages(now=now + GRACE)
    news = news_of(cast.driver).get()
    text = write_text(news)
    assert text.title == "Rita wrote to you"
    assert text.path == reverse("chat:conversation", args=[talk.pk])
    shown = f"{text.title} {text.body}"
    for hidden in (SECRET, "4711", "Rider", talk.ride.origin_label, str(talk.ride.origin.x)[:7]):
        assert hidden not in shown
    assert "4711" not in str(news.facts)


def test_who_asks_before_booking_stays_unnamed(cast, now):
    ride = offer(cast.driver, now=now)
    question = services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now)
    say(question, cast.colleague, "Room for a bike?", now=now)
    tell_of_messages(now=now + GRACE)
    news = news_of(cast.driver).get()
    assert news.actor is None
    assert write_text(news).title == "A colleague wrote to you"
    answer = api_client(cast.driver).get("/api/v1/notifications").json()
    assert "Carl" not in str(answer)
    assert answer["results"][0]["conversation"] == str(question.pk)


def test_a_muted_conversation_makes_no_news(talk, cast, now):
    services.mute_conversation(conversation_id=talk.pk, by=cast.driver, is_muted=True)
    say(talk, cast.rider, now=now)
    assert tell_of_messages(now=now + GRACE) == 0
    services.mute_conversation(conversation_id=talk.pk, by=cast.driver, is_muted=False)
    assert tell_of_messages(now=now + GRACE) == 1


def test_what_happened_in_the_ride_is_no_message(talk, cast, now):
    assert talk.last_sequence == 1, "somebody joined"
    assert tell_of_messages(now=now + timedelta(minutes=1)) == 0


def test_who_has_left_hears_no_more(talk, cast, now):
    say(talk, cast.rider, now=now)
    talk.participants.filter(member=cast.driver).update(left_at=now)
    assert tell_of_messages(now=now + GRACE) == 0


def test_old_messages_are_no_news(talk, cast, now):
    say(talk, cast.rider, now=now)
    assert tell_of_messages(now=now + FRESH_FOR + GRACE) == 0


def test_news_go_as_the_member_chose(talk, cast, now):
    wanted = {(Kind.MESSAGE_RECEIVED, c): c == Channel.EMAIL for c in Channel}
    preferences.save_matrix(member=cast.driver, wanted=wanted)
    say(talk, cast.rider, now=now)
    tell_of_messages(now=now + GRACE)
    news = news_of(cast.driver).get()
    assert not news.in_app
    assert [d.channel for d in news.deliveries.all()] == [Channel.EMAIL]


def test_each_piece_of_news_takes_a_fixed_number_of_queries(
    cast, now, django_assert_max_num_queries
):
    for n in range(3):
        ride = offer(cast.driver, now=now, hours=24 * (n + 1))
        question = services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now)
        services.post_messages(drafts=[draft(question, cast.colleague)], now=now)
    # Finding whom to tell; then nine for each piece of news, its counter and its deliveries.
    with django_assert_max_num_queries(8 + 3 * 9):
        assert tell_of_messages(now=now + GRACE) == 3


def test_muting_by_the_api_and_by_the_page(talk, cast, client, now):
    address = f"/api/v1/conversations/{talk.pk}/muted"
    answer = api_client(cast.driver).put(address, {"is_muted": True}, format="json")
    assert answer.json()["is_muted"] is True
    client.force_login(cast.driver.user)
    page = reverse("chat:conversation", args=[talk.pk])
    assert "Get news again" in client.get(page).content.decode()
    client.post(reverse("chat:mute", args=[talk.pk]), {"muted": "no"})
    assert "Mute this conversation" in client.get(page).content.decode()
    assert not talk.participants.get(member=cast.driver).is_muted
