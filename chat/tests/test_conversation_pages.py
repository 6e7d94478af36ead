"""Pages of conversations, as they are without scripts."""

import uuid
from datetime import timedelta

import pytest

from chat import services
from chat.tests.factories import say, shared_ride, talk_of
from rides.tests.factories import offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(cast, now):
    return talk_of(shared_ride(cast, now=now))


def test_one_goes_from_the_ride_to_its_conversation_and_speaks(talk, cast, client):
    client.force_login(cast.rider.user)
    address = f"/rides/{talk.ride_id}/messages/"
    assert address in client.get(f"/rides/{talk.ride_id}/").content.decode()
    page = client.post(address, follow=True)
    assert page.redirect_chain[-1][0] == f"/messages/{talk.pk}/"
    same = {"client_id": str(uuid.uuid4()), "text": "Hi\n<there>"}
    client.post(f"/messages/{talk.pk}/", same)
    page = client.post(f"/messages/{talk.pk}/", same, follow=True).content.decode()
    assert page.count("Hi<br>&lt;there&gt;") == 1
    page = client.post(f"/messages/{talk.pk}/", {"code": "here"}, follow=True).content.decode()
    assert "I am here" in page


def test_everybody_reads_what_happened_in_their_own_language(talk, cast, now, client):
    say(talk, cast.driver, "", now=now, kind="quick", code="five_late")
    cast.rider.language = "ko"
    cast.rider.save(update_fields=["language"])
    client.force_login(cast.rider.user)
    page = client.get(f"/messages/{talk.pk}/").content.decode()
    assert "5분 늦어요" in page
    assert "You ride along" not in page


def test_reading_clears_the_badge_and_shows_as_read(talk, cast, now, client):
    say(talk, cast.rider, "Gate 3?", now=now)
    client.force_login(cast.driver.user)
    assert 'class="talk__count"' in client.get("/messages/").content.decode()
    client.get(f"/messages/{talk.pk}/")
    assert 'class="talk__count"' not in client.get("/messages/").content.decode()
    client.force_login(cast.rider.user)
    assert "ticks-mark--read" in client.get(f"/messages/{talk.pk}/").content.decode()


@pytest.mark.parametrize("who", ["colleague", "manager", "operator", "outsider"])
def test_others_see_no_page_and_no_word(talk, cast, now, client, who):
    say(talk, cast.rider, "Between us", now=now)
    client.force_login(getattr(cast, who).user)
    assert client.get(f"/messages/{talk.pk}/").status_code == 404
    assert client.get(f"/messages/{talk.pk}/?fragment=log").status_code == 404
    assert client.post(f"/messages/{talk.pk}/", {"text": "Hi"}).status_code == 404
    page = client.get("/messages/").content.decode()
    assert "Between us" not in page
    assert str(talk.pk) not in page


def test_who_asks_is_masked_on_the_drivers_pages(cast, now, client):
    ride = offer(cast.driver, now=now)
    client.force_login(cast.colleague.user)
    assert "Ask the driver" in client.get(f"/rides/{ride.pk}/").content.decode()
    page = client.post(f"/rides/{ride.pk}/messages/", follow=True)
    address = page.redirect_chain[-1][0]
    assert "does not learn who you are" in page.content.decode()
    client.post(address, {"text": "Room for a cello?"})
    client.force_login(cast.driver.user)
    for page in ("/messages/", address):
        shown = client.get(page).content.decode()
        assert "Room for a cello?" in shown
        assert "A colleague" in shown
        assert "Carl" not in shown
        assert str(cast.colleague.pk) not in shown


def test_a_driver_who_takes_no_questions_says_so(cast, now, client):
    ride = offer(cast.driver, now=now)
    client.force_login(cast.driver.user)
    client.post("/messages/settings/", {})
    client.force_login(cast.colleague.user)
    page = client.post(f"/rides/{ride.pk}/messages/", follow=True)
    assert "This driver answers after you have booked" in page.content.decode()


def test_a_question_is_left_from_its_page(cast, now, client):
    ride = offer(cast.driver, now=now)
    talk = services.open_conversation(ride_id=ride.pk, by=cast.colleague, now=now)
    client.force_login(cast.driver.user)
    client.post(f"/messages/{talk.pk}/leave/")
    assert client.get(f"/messages/{talk.pk}/").status_code == 404


def test_what_cannot_be_sent_says_why(talk, cast, client):
    client.force_login(cast.rider.user)
    page = client.post(f"/messages/{talk.pk}/", {"text": "  "}, follow=True)
    assert "Write something first" in page.content.decode()


def test_earlier_messages_are_a_page_away(talk, cast, now, client):
    for n in range(70):
        say(talk, cast.rider, f"Line {n:02}", now=now + timedelta(seconds=n))
    client.force_login(cast.driver.user)
    page = client.get(f"/messages/{talk.pk}/").content.decode()
    assert "Line 69" in page
    assert "Line 09" not in page
    assert "?before=12" in page
    assert "Line 09" in client.get(f"/messages/{talk.pk}/?before=12").content.decode()
    for nonsense in ("x", "-1", "9" * 40):
        assert client.get(f"/messages/{talk.pk}/?before={nonsense}").status_code == 200
