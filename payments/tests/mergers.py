"""Two half-empty taxis of one slot, whose hosts are asked whether they become one."""

from datetime import timedelta

import pytest

from accounts.tests.factories import MemberFactory
from carpool.kernel import clock, outbox
from chat.models import Notification
from matching.services import find_mergers
from payments import selectors, services
from payments.engine import chart
from payments.selectors import balance_of
from payments.services.providers import testbank
from payments.tests.test_rooms import join
from rides.models import MergerState, RoomMerger
from rides.tests.factories import open_room

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def play_money(settings, cast):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    cast.organization.currency = "CLP"
    cast.organization.save(update_fields=["currency"])


@pytest.fixture
def other_host(cast):
    return MemberFactory(organization=cast.organization, display_name="Hanna Host")


@pytest.fixture
def stays(cast, now):
    """Dora's room, in which Rita has a seat."""
    room = open_room(cast.driver, now=now)
    join(cast.rider, room, now)
    return room


@pytest.fixture
def goes(cast, other_host, stays, now):
    """Hanna's room of the same slot, in which Carl has a seat; it was opened later."""
    room = open_room(other_host, now=now)
    join(cast.colleague, room, now)
    return room


@pytest.fixture
def proposed(stays, goes, now):
    assert find_mergers(now=now) == 1
    hear(now)
    merger = RoomMerger.objects.get()
    assert merger.state == MergerState.PROPOSED
    return merger


def hear(now, rounds=4):
    """Let everybody hear of what happened."""
    for _ in range(rounds):
        outbox.relay(now=max(now, clock.now()) + MINUTE)
        services.sweep(now=now)


def say(merger, host, now, *, accept=True, method=testbank.PAYS, at_most=None):
    shown = selectors.merger_for(host, room_of(merger, host), now=now)
    most = shown.quote.price.at_most if shown else 0
    return services.answer_merger(
        merger_id=merger.pk, by=host, accept=accept, provider="test_bank", method=method,
        at_most=most if at_most is None else at_most, now=now,
    )  # fmt: skip


def room_of(merger, host):
    merger = RoomMerger.objects.get(pk=merger.pk)
    return merger.stays if merger.stays.host_id == host.pk else merger.goes


def people_of(room):
    return set(room.seats.occupying().values_list("rider__display_name", flat=True))


def escrow_for(room, person):
    account = chart.escrow(str(room.pk), str(person.pk), "CLP")
    return balance_of(room.organization_id, account).posted


def state_of(merger):
    return RoomMerger.objects.get(pk=merger.pk).state


def told(person):
    return set(Notification.objects.filter(member=person).values_list("kind", flat=True))
