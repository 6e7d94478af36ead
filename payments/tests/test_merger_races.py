"""Whoever is first while two taxis become one: seats and money are right afterwards."""

import threading
from contextlib import suppress
from functools import partial

import pytest
from django.db import connection

from accounts.tests.factories import MemberFactory
from carpool.kernel.errors import DomainError
from payments.models import Payment
from payments.tests.mergers import (
    goes,
    hear,
    other_host,
    people_of,
    play_money,
    proposed,
    say,
    state_of,
    stays,
)
from payments.tests.test_rooms import in_escrow, join, nothing_is_lost
from rides import services as rides
from rides.models import MergerState, RoomMerger, RoomSeat, SeatState
from rides.selectors import get_merger
from rides.services import mergers

__all__ = ["goes", "other_host", "play_money", "proposed", "stays"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


def run_at_once(*acts):
    """Run acts in threads of their own, at the same moment; return what each came to."""
    barrier, ends = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n, act):
        barrier.wait()
        try:
            act()
            ends[n] = "done"
        except DomainError as error:
            ends[n] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ends


@pytest.mark.parametrize("is_locked", [True, False])
def test_two_rooms_become_one_once_and_the_control_without_locks_twice(
    cast, other_host, proposed, now, monkeypatch, is_locked
):
    """Two processes merge the same two rooms at once.

    With the locks the second one waits, and finds it done. The control has the lock patched out:
    both read the same seats before either writes, and both move them.
    """
    say(proposed, other_host, now)
    RoomMerger.objects.update(stays_agreed_at=now)
    both_have_read, plan = threading.Barrier(2), mergers.plan_merger

    def read_and_wait(*args, **said):
        with suppress(threading.BrokenBarrierError):
            both_have_read.wait(3)
        return plan(*args, **said)

    def without_lock(merger_id):
        merger = get_merger(merger_id)
        return merger, merger.stays, merger.goes

    monkeypatch.setattr(mergers, "plan_merger", read_and_wait)
    if not is_locked:
        monkeypatch.setattr(mergers, "lock_merger", without_lock)
    merge = partial(mergers.merge_rooms, merger_id=proposed.pk, now=now)
    ends = run_at_once(merge, merge)
    assert sorted(ends) == (["done", "merger_closed"] if is_locked else ["done", "done"])


class TestRaces:
    """Whoever is first, nobody sits on a seat that is not there, and no coin is lost."""

    @pytest.mark.parametrize("turn", range(3))
    def test_one_joins_while_the_two_become_one(
        self, cast, other_host, stays, goes, proposed, now, turn
    ):
        say(proposed, other_host, now)
        late = MemberFactory(organization=cast.organization)
        ends = run_at_once(lambda: say(proposed, cast.driver, now), lambda: join(late, stays, now))
        assert ends[0] in {"done", "merger_not_found", "merger_closed", "rooms_do_not_fit"}
        hear(now)
        inside = RoomSeat.objects.occupying().filter(room=stays)
        numbers = list(inside.values_list("number", flat=True))
        assert len(numbers) == len(set(numbers)) <= stays.most_party
        merged = state_of(proposed) == MergerState.MERGED
        assert inside.filter(rider=late).exists() is not merged
        assert in_escrow(stays) + in_escrow(goes) == sum(
            one.captured - one.refunded for one in Payment.objects.all()
        )
        nothing_is_lost()

    def test_both_say_yes_at_once(self, cast, other_host, stays, goes, proposed, now):
        run_at_once(lambda: say(proposed, cast.driver, now), lambda: say(proposed, other_host, now))
        hear(now)
        assert state_of(proposed) == MergerState.MERGED
        assert len(people_of(stays)) == 4
        nothing_is_lost()

    def test_a_rider_leaves_while_the_two_become_one(
        self, cast, other_host, stays, goes, proposed, now
    ):
        say(proposed, other_host, now)
        run_at_once(
            lambda: say(proposed, cast.driver, now),
            lambda: rides.leave_room(
                room_id=RoomSeat.objects.get(rider=cast.colleague).room_id, by=cast.colleague,
                now=now,
            ),
        )  # fmt: skip
        hear(now)
        left = Payment.objects.get(payer_id=cast.colleague.pk)
        seat = RoomSeat.objects.get(rider=cast.colleague)
        assert (left.refunded == left.captured) is (seat.state == SeatState.RELEASED)
        nothing_is_lost()
