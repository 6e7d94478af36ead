"""What somebody is asked to add stands in their wallet, with its answer."""

import pytest
import time_machine
from django.test import Client

from payments.models import TopUp, TopUpState
from payments.tests.room_money import lock
from payments.tests.test_rooms import join
from rides.tests.api import Api
from rides.tests.factories import open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _switched_on(settings):
    settings.PAYMENT_PROVIDERS = ["test_bank"]


def test_the_wallet_asks_too_and_takes_the_answer(cast, now):
    room = open_room(cast.driver, now=now)
    for person in (cast.rider, cast.colleague):
        join(person, room, now)
    at = lock(room)
    top_up = TopUp.objects.get(rider_id=cast.rider.pk)
    client = Client()
    client.force_login(cast.rider.user)
    page = client.get("/wallet/").content.decode()
    address = f"/rooms/{room.pk}/top-ups/{top_up.pk}/"
    assert f'action="{address}"' in page
    assert f'href="/rooms/{room.pk}/"' in page
    assert f'href="/wallet/receipts/{room.pk}.pdf"' in page
    (told,) = Api(cast.rider).get("wallet").json()["asked"]
    assert (told["top_up"]["amount"], told["top_up"]["state"]) == (top_up.amount, "asked")
    assert told["trip"]["id"] == str(room.pk)
    with time_machine.travel(at, tick=False):
        client.post(address, {"answer": "yes", "way": "test_bank:test_pays"})
    top_up.refresh_from_db()
    assert top_up.state == TopUpState.PAID
    assert address not in client.get("/wallet/").content.decode()
    assert Api(cast.rider).get("wallet").json()["asked"] == []
