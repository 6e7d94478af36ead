"""Moderators see what was flagged, and only that; a removed message is gone from every page."""

import pytest

from chat.tests.factories import say, shared_ride, talk_of

pytestmark = pytest.mark.django_db


def test_moderators_see_flagged_messages_only_and_remove_them(cast, now, client):
    talk = talk_of(shared_ride(cast, now=now))
    say(talk, cast.rider, "Between us", now=now)
    bad = say(talk, cast.rider, "you fucking idiot", now=now)
    client.force_login(cast.operator.user)
    page = client.get("/admin/chat/message/").content.decode()
    assert "you fucking idiot" in page
    assert "Between us" not in page
    chosen = {"action": "remove", "_selected_action": [bad.pk]}
    assert client.post("/admin/chat/message/", chosen).status_code == 302
    client.force_login(cast.driver.user)
    page = client.get(f"/messages/{talk.pk}/").content.decode()
    assert "fucking" not in page
    assert "Removed by a moderator" in page


def test_others_do_not_moderate(cast, client):
    for who in ("manager", "driver", "outsider"):
        client.force_login(getattr(cast, who).user)
        assert client.get("/admin/chat/message/").status_code == 302
