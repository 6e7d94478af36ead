"""Who blocked somebody is not written to by them any more."""

import pytest

from accounts.services import block_member
from carpool.kernel import clock, outbox
from chat.models import Conversation, ConversationKind
from rides.tests.api import Api
from rides.tests.factories import offer

pytestmark = pytest.mark.usefixtures("city")


@pytest.mark.parametrize("blocker", ["driver", "rider"])
def test_a_block_closes_the_questions_between_the_two_and_no_others(cast, now, blocker):
    ride = offer(cast.driver, now=now)
    closes_at = ride.arrival_at
    kept = {"kind": ConversationKind.QUESTION, "organization": cast.organization, "ride": ride}
    question, other = (
        Conversation.objects.create(asker=asker, closes_at=closes_at, **kept)
        for asker in (cast.rider, cast.colleague)
    )
    by, blocked = cast.driver, cast.rider
    if blocker == "rider":
        by, blocked = blocked, by
    block_member(by=by, other=blocked, now=now)
    outbox.relay(now=clock.now())
    question.refresh_from_db()
    other.refresh_from_db()
    assert question.closes_at < closes_at
    assert other.closes_at == closes_at


def test_nobody_asks_a_driver_who_blocked_them(cast, now):
    ride = offer(cast.driver, now=now)
    block_member(by=cast.driver, other=cast.rider, now=now)
    answer = Api(cast.rider).post("conversations", {"ride": str(ride.pk)})
    assert answer.status_code == 404
    assert not Conversation.objects.exists()
