"""Saying things: order, repetition, limits, and what text may be."""

import threading
import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from carpool.kernel import clock, outbox
from carpool.kernel.errors import DomainError, InvalidInput
from carpool.kernel.wording import flag
from chat import selectors, services
from chat.errors import (
    ConversationClosed,
    ConversationNotFound,
    MessageEmpty,
    MessageTooLong,
    QuestionsNotTaken,
    TooManyMessages,
)
from chat.models import Conversation, Message, MessageKind
from chat.services import batches
from chat.services.texts import clean_text
from chat.tests.factories import draft, say, shared_ride, talk_of
from rides import services as rides
from rides.models import Booking
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def talk(cast, now):
    return talk_of(shared_ride(cast, now=now))


def numbers(conversation):
    return list(conversation.messages.order_by("sequence").values_list("sequence", flat=True))


def test_a_booking_opens_the_rides_conversation_and_says_who_joined(talk, cast):
    assert {p.member for p in talk.participants.all()} == {cast.driver, cast.rider}
    message = talk.messages.get()
    assert (message.kind, message.code) == (MessageKind.SYSTEM, "joined")
    assert message.data == {"participant": str(talk.participants.get(member=cast.rider).pk)}


def test_a_ride_without_riders_has_no_conversation(cast, now):
    offer(cast.driver, now=now)
    outbox.relay(now=clock.now())
    assert not Conversation.objects.exists()


def test_facts_told_twice_change_nothing(talk, now):
    services.follow_ride(ride_id=talk.ride_id, now=now)
    services.follow_ride(ride_id=talk.ride_id, now=now)
    assert numbers(talk) == [1]


def test_messages_are_numbered_without_gaps(talk, cast, now):
    for text in ("One", "Two", "Three"):
        say(talk, cast.rider, text, now=now)
    assert numbers(talk) == [1, 2, 3, 4]


def test_a_batch_takes_a_constant_number_of_queries(talk, cast, now, django_assert_num_queries):
    # savepoint pair; lock the conversations, read where the senders stand, write
    for size in (1, 15):
        drafts = [draft(talk, cast.rider, f"{size}/{n}") for n in range(size)]
        with django_assert_num_queries(5):
            results = services.post_messages(drafts=drafts, now=now)
        assert all(isinstance(result, Message) for result in results)


def test_the_same_message_sent_again_is_the_same_message(talk, cast, now):
    same = uuid.uuid4()
    first = say(talk, cast.rider, "On my way", now=now, client_id=same)
    again = say(talk, cast.rider, "On my way", now=now, client_id=same)
    assert first.pk == again.pk
    assert numbers(talk) == [1, 2]
    twice = draft(talk, cast.rider, client_id=uuid.uuid4())
    results = services.post_messages(drafts=[twice, twice], now=now)
    assert results[0] is results[1]
    assert numbers(talk) == [1, 2, 3]


def test_client_ids_of_two_people_do_not_meet(talk, cast, now):
    same = uuid.uuid4()
    say(talk, cast.rider, "Mine", now=now, client_id=same)
    say(talk, cast.driver, "Mine too", now=now, client_id=same)
    assert numbers(talk) == [1, 2, 3]


@pytest.mark.parametrize("who", ["colleague", "manager", "operator", "outsider"])
def test_who_is_not_aboard_says_and_reads_nothing(talk, cast, now, who):
    member = getattr(cast, who)
    with pytest.raises(ConversationNotFound):
        say(talk, member, now=now)
    with pytest.raises(ConversationNotFound):
        selectors.view_conversation(member, talk.pk)
    assert not selectors.list_conversations(member)


def test_one_bad_message_does_not_hold_up_the_others(talk, cast, now):
    drafts = [
        draft(talk, cast.rider, "Fine"),
        draft(talk, cast.outsider, "Let me in"),
        draft(talk, cast.driver, " \u202e\x00 "),
        draft(talk, cast.driver, "Fine too"),
    ]
    results = services.post_messages(drafts=drafts, now=now)
    assert [type(result) for result in results] == [
        Message,
        ConversationNotFound,
        MessageEmpty,
        Message,
    ]
    assert numbers(talk) == [1, 2, 3]


def test_who_gives_the_seat_back_hears_no_more(talk, cast, now):
    say(talk, cast.driver, "See you", now=now)
    booking = Booking.objects.get()
    rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    outbox.relay(now=clock.now())
    assert talk.messages.last().code == "left"
    with pytest.raises(ConversationNotFound):
        say(talk, cast.rider, "Wait", now=now)
    with pytest.raises(ConversationNotFound):
        selectors.get_participant(cast.rider, talk.pk)


def test_who_comes_back_does_not_read_what_was_said_meanwhile(talk, cast, now):
    rides.cancel_booking(booking_id=Booking.objects.get().pk, by=cast.rider, reason="", now=now)
    outbox.relay(now=clock.now())
    say(talk, cast.driver, "Among ourselves", now=now)
    book(cast.rider, talk.ride, now=now)
    outbox.relay(now=clock.now())
    place = selectors.get_participant(cast.rider, talk.pk)
    assert [m.code for m in selectors.list_messages(place)] == ["joined"]


def test_a_pickup_that_moves_is_told(talk, cast, now):
    place = talk.participants.get(member=cast.rider)
    booking = Booking.objects.get()
    later = booking.pickup_at + timedelta(minutes=4)
    Booking.objects.filter(pk=booking.pk).update(pickup_at=later)
    services.follow_ride(ride_id=talk.ride_id, now=now)
    told = talk.messages.last()
    assert told.code == "time_changed"
    assert told.data["participant"] == str(place.pk)
    assert told.data["after"] == later.isoformat().replace("+00:00", "Z")


def test_a_cancelled_ride_is_told_once_and_people_may_still_talk(talk, cast, now):
    rides.cancel_ride(ride_id=talk.ride_id, by=cast.driver, reason="Flu", now=now)
    outbox.relay(now=clock.now())
    outbox.relay(now=clock.now())
    codes = list(talk.messages.values_list("code", flat=True))
    assert codes == ["joined", "ride_cancelled"]
    say(talk, cast.rider, "Get well soon", now=now)


def test_a_week_after_the_ride_there_is_only_reading(talk, cast):
    say(talk, cast.rider, "My glove?", now=talk.closes_at - timedelta(seconds=1))
    with pytest.raises(ConversationClosed):
        say(talk, cast.rider, "My glove!", now=talk.closes_at)
    assert selectors.list_messages(selectors.get_participant(cast.rider, talk.pk)).count() == 2


def test_twenty_messages_in_ten_seconds_and_no_more(talk, cast, now):
    drafts = [draft(talk, cast.rider, str(n)) for n in range(25)]
    results = services.post_messages(drafts=drafts, now=now)
    assert [isinstance(r, TooManyMessages) for r in results] == [False] * 20 + [True] * 5
    with pytest.raises(TooManyMessages):
        say(talk, cast.rider, now=now + timedelta(seconds=9))
    say(talk, cast.driver, now=now + timedelta(seconds=9))
    say(talk, cast.rider, now=now + timedelta(seconds=11))


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x07", "\u202e\u2066"])
def test_nothing_is_no_message(text):
    with pytest.raises(MessageEmpty):
        clean_text(text)


def test_a_message_has_a_length():
    assert clean_text("x" * 2000)
    with pytest.raises(MessageTooLong):
        clean_text("x" * 2001)


def test_markup_stays_text_and_control_characters_go():
    assert clean_text("<b>1</b>\x00\x1b[31m\r\nnext\u202e") == "<b>1</b>[31m\nnext"
    assert clean_text("a\n\n\n\n\nb") == "a\n\nb"
    assert clean_text("\u1112\u1161\u11ab") == "한"


@pytest.mark.parametrize(
    "text", ["you are a fucking idiot", "씨발 왜 늦어", "hola puta", "f u c k"]
)
def test_what_hurts_is_flagged(text):
    assert flag(text) == "profanity"


@pytest.mark.parametrize(
    "text", ["Meet at Scunthorpe, class 5", "시발점에서 만나요", "Assess the cockpit", "7시에 봬요"]
)
def test_what_only_looks_so_is_not(text):
    assert flag(text) == ""


def test_a_flag_is_for_moderators_and_holds_nothing_back(talk, cast, now):
    message = say(talk, cast.rider, "fucking traffic", now=now)
    fine = say(talk, cast.rider, "Heavy traffic", now=now)
    assert services.flag_messages() == 2
    assert services.flag_messages() == 0, "each is looked at once"
    message.refresh_from_db()
    fine.refresh_from_db()
    assert (message.flagged_for, fine.flagged_for) == ("profanity", "")
    assert selectors.render_message(message)["text"] == "fucking traffic"
    assert "flagged" not in str(selectors.render_message(message))


def test_a_removed_message_shows_nothing_of_itself(talk, cast, now):
    message = say(talk, cast.rider, "Something bad", now=now)
    services.remove_message(message_id=message.pk, now=now)
    message.refresh_from_db()
    shown = selectors.render_message(message)
    assert (shown["text"], shown["is_removed"]) == ("", True)


def test_quick_replies_are_of_a_list(talk, cast, now):
    assert say(talk, cast.rider, "", now=now, kind="quick", code="here").code == "here"
    for kind, code in (("quick", "nonsense"), ("system", "joined"), ("photo", "")):
        with pytest.raises(InvalidInput):
            say(talk, cast.rider, "x", now=now, kind=kind, code=code)


def test_marks_only_move_forward_and_never_beyond_what_was_said(talk, cast, now):
    say(talk, cast.driver, "One", now=now)
    say(talk, cast.driver, "Two", now=now)

    def move(**how):
        services.move_marks(marks=[services.Mark(talk.pk, cast.rider.pk, **how)], now=now)
        place = talk.participants.get(member=cast.rider)
        return place.received_sequence, place.read_sequence

    assert move(received=2) == (2, 0)
    assert move(read=2) == (2, 2)
    assert move(read=1) == (2, 2)
    assert move(read=10**15) == (3, 3)
    services.move_marks(marks=[services.Mark(talk.pk, cast.outsider.pk, read=3)], now=now)
    assert selectors.count_unread(cast.rider) == 0
    assert selectors.count_unread(cast.outsider) == 0


def test_one_reads_what_one_says(talk, cast, now):
    assert selectors.count_unread(cast.driver) == 1
    say(talk, cast.driver, "Welcome", now=now)
    assert selectors.count_unread(cast.driver) == 0
    assert selectors.count_unread(cast.rider) == 2


# --- before booking ---------------------------------------------------------------------------
def test_a_colleague_asks_and_the_driver_does_not_learn_who(cast, now):
    ride = offer(cast.driver, now=now)
    talk = services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now)
    assert services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now) == talk
    say(talk, cast.colleague, "Room for a cello?", now=now)
    shown = selectors.view_conversation(cast.driver, talk.pk)
    [asker] = shown.others
    assert (asker.name, asker.is_masked) == ("A colleague", True)
    assert str(cast.colleague.pk) not in repr(shown.people)
    assert [p.name for p in selectors.view_conversation(cast.colleague, talk.pk).others] == ["Dora"]


def test_two_who_ask_do_not_hear_each_other(cast, now):
    ride = offer(cast.driver, now=now)
    one = services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now)
    two = services.open_conversation(ride_id=ride.pk, by=cast.rider, now=now)
    assert one != two
    with pytest.raises(ConversationNotFound):
        selectors.view_conversation(cast.rider, one.pk)


def test_a_driver_may_refuse_to_be_asked(cast, now):
    ride = offer(cast.driver, now=now)
    services.change_talk_settings(member=cast.driver, takes_questions=False)
    with pytest.raises(QuestionsNotTaken):
        services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now)
    services.change_talk_settings(member=cast.driver, takes_questions=True)
    assert services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now)


def test_nobody_asks_about_a_ride_they_cannot_see_or_that_has_left(cast, now):
    ride = offer(cast.driver, now=now)
    with pytest.raises(DomainError, match="ride"):
        services.open_conversation(ride_id=ride.pk, by=cast.outsider, now=now)
    with pytest.raises(DomainError):
        services.open_conversation(ride_id=ride.pk, by=cast.rider, now=ride.departure_at)
    assert not Conversation.objects.exists()


def test_a_question_can_be_left_and_a_shared_ride_cannot(cast, talk, now):
    question = services.open_conversation(ride_id=talk.ride_id, by=cast.colleague, now=now)
    services.leave_conversation(conversation_id=question.pk, by=cast.driver, now=now)
    assert question.messages.get().code == "left"
    with pytest.raises(ConversationNotFound):
        say(question, cast.driver, now=now)
    with pytest.raises(ConversationNotFound):
        services.leave_conversation(conversation_id=talk.pk, by=cast.driver, now=now)


# --- all at once ------------------------------------------------------------------------------
def post_from_threads(talk, people, count):
    """Let people send ``count`` messages each, from threads, twice the same; return the errors."""
    failed, ready = [], threading.Barrier(len(people))

    def talk_away(member):
        ready.wait()
        try:
            for n in range(count):
                one = draft(talk, member, f"{member.display_name} {n}")
                for _twice in range(2):
                    services.post_message(draft=one, by=member, now=clock.now())
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=talk_away, args=(member,)) for member in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_doubled_or_out_of_order(cast, now):
    talk = talk_of(shared_ride(cast, now=now))
    assert post_from_threads(talk, [cast.driver, cast.rider], 15) == []
    assert numbers(talk) == list(range(1, 32))
    for member in (cast.driver, cast.rider):
        said = talk.messages.filter(sender__member=member).order_by("sequence")
        assert [m.text for m in said] == [f"{member.display_name} {n}" for n in range(15)]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_messages_collide(cast, now, monkeypatch):
    """The control: the lock is what the test above is about."""
    talk = talk_of(shared_ride(cast, now=now))
    barrier = threading.Barrier(2)

    def unlocked(ids):
        rows = Conversation.objects.filter(pk__in=list(ids))
        return {row.pk: batches.Line(row.last_sequence, row.closes_at) for row in rows}

    read = batches.read_standings

    def slow(drafts, since):
        with suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=5)
        return read(drafts, since)

    monkeypatch.setattr(batches, "lock_conversations", unlocked)
    monkeypatch.setattr(batches, "read_standings", slow)
    failed = post_from_threads(talk, [cast.driver, cast.rider], 1)
    assert any("one_message_per_number" in str(error) for error in failed)
