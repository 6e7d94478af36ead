"""Whoever comes back from a provider's pages to the room's page has their seat."""

import pytest

from accounts.tests.factories import PORT
from payments.services import End, join_room, payer_returned
from payments.tests.at_provider import approve, running_simulator, switch_on
from rides.models import RoomSeat, SeatState
from rides.services import TripEnd
from rides.tests.factories import open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


def test_the_seat_is_taken_before_the_outbox_tells_it(settings, cast, now):
    room = open_room(cast.driver, now=now)
    with running_simulator("stripe") as stripe:
        switch_on(settings, stripe)
        joined = join_room(
            room_id=room.pk, rider=cast.rider, dropoff=TripEnd(PORT, "Port"), provider="stripe",
            method="card", now=now,
        )  # fmt: skip
        seat = RoomSeat.objects.get(pk=joined.seat.pk)
        assert seat.state == SeatState.HELD
        path, told = approve(joined.payment.pay_at)
        key, end = path.strip("/").split("/")[-2:]
        payer_returned(payment_id=joined.payment.pk, key=key, end=End(end), told=told, now=now)
    seat.refresh_from_db()
    assert seat.state == SeatState.TAKEN
