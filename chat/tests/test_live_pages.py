"""A page hears also of what happened while it was being drawn."""

import re

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from carpool.tests.servers import session_of
from chat.services import announce
from chat.tests.factories import shared_ride
from chat.tests.test_poll import poll

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("city")]


@pytest.mark.parametrize("path", ["/", "/rides/{ride}/"])
def test_nothing_is_missed_between_a_page_and_its_first_word(cast, now, path):
    ride = shared_ride(cast, now=now)
    client = Client()
    client.force_login(cast.rider.user)
    page = client.get(path.format(ride=ride.pk)).content.decode()
    topic, last = re.search(r'data-live="([\w:-]+)" data-last="(\d+)"', page).groups()
    topics = [("ride", ride.pk), ("member", cast.rider.pk)]
    announce(topics=topics, event="seat_settled", data={}, now=now)
    _, answer = async_to_sync(poll)(session_of(cast.rider), f"{topic}@{last}")
    assert [frame["event"] for frame in answer["frames"]] == ["seat_settled"]
