"""Moderators see what was flagged, and only that; what they decide is written down."""

import pytest
from django.core import mail

from carpool.kernel import clock, outbox
from chat import services
from chat.errors import MessageNotFlagged
from chat.models import Message, MessageReview
from chat.services.forgetting import erase_chat
from chat.tests.factories import say as say_something
from chat.tests.factories import shared_ride, talk_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
QUEUE = "/admin/chat/message/"
BAD = "you fucking idiot"


@pytest.fixture
def talk(cast, now):
    return talk_of(shared_ride(cast, now=now))


@pytest.fixture
def moderator(cast, client):
    client.force_login(cast.operator.user)
    return client


def say(*said, now):
    """Say something, and let the word lists look at it."""
    message = say_something(*said, now=now)
    services.flag_messages()
    return message


def decide(client, message, step):
    chosen = {"action": step, "_selected_action": [message.pk]}
    assert client.post(QUEUE, chosen).status_code == 302


def test_only_flagged_messages_stand_in_the_queue(talk, cast, now, moderator):
    say(talk, cast.rider, "Between us", now=now)
    say(talk, cast.rider, BAD, now=now)
    page = moderator.get(QUEUE).content.decode()
    assert BAD in page
    assert "Between us" not in page


def test_a_message_that_is_left_leaves_the_queue_and_nothing_else(talk, cast, now, moderator):
    message = say(talk, cast.rider, BAD, now=now)
    decide(moderator, message, "keep")
    assert BAD not in moderator.get(QUEUE).content.decode()
    assert BAD in moderator.get(QUEUE, {"decision": "made"}).content.decode()
    message.refresh_from_db()
    assert (message.text, message.removed_at) == (BAD, None)


def test_a_removed_message_is_gone_from_every_page(talk, cast, now, moderator, client):
    message = say(talk, cast.rider, BAD, now=now)
    decide(moderator, message, "remove")
    client.force_login(cast.driver.user)
    page = client.get(f"/messages/{talk.pk}/").content.decode()
    assert "fucking" not in page
    assert "Removed by a moderator" in page
    assert Message.objects.get(pk=message.pk).text == ""


def test_who_is_warned_gets_a_letter_that_names_nobody(talk, cast, now, moderator):
    message = say(talk, cast.rider, BAD, now=now)
    decide(moderator, message, "warn")
    outbox.relay(now=clock.now())
    letter = next(one for one in mail.outbox if cast.rider.user.email in one.to)
    assert "Dora" not in letter.body
    assert Message.objects.get(pk=message.pk).removed_at is not None


def test_each_decision_is_written_down_with_who_made_it(talk, cast, now, moderator):
    message = say(talk, cast.rider, BAD, now=now)
    decide(moderator, message, "keep")
    services.review_message(
        message_id=message.pk, step="remove", by=cast.operator.user, now=clock.now()
    )
    rows = MessageReview.objects.values_list("step", "moderator", "excerpt")
    assert list(rows) == [
        ("keep", cast.operator.user.pk, BAD),
        ("remove", cast.operator.user.pk, BAD),
    ]
    page = moderator.get(f"{QUEUE}{message.pk}/change/").content.decode()
    assert "Take out of sight" in page


def test_what_was_not_flagged_is_no_moderators_business(talk, cast, now):
    message = say(talk, cast.rider, "Between us", now=now)
    with pytest.raises(MessageNotFlagged):
        services.review_message(
            message_id=message.pk, step="remove", by=cast.operator.user, now=now
        )


def test_who_is_forgotten_is_forgotten_by_moderators_too(talk, cast, now):
    message = say(talk, cast.rider, BAD, now=now)
    services.review_message(message_id=message.pk, step="keep", by=cast.operator.user, now=now)
    erase_chat(cast.rider.pk, now)
    assert not Message.objects.filter(text=BAD).exists()
    assert MessageReview.objects.get().excerpt == ""


def test_others_do_not_moderate(cast, client):
    for who in ("manager", "driver", "outsider"):
        client.force_login(getattr(cast, who).user)
        assert client.get(QUEUE).status_code == 302
