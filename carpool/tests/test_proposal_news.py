"""What people hear of a carpool that was proposed to them: once, and no more than that."""

from datetime import timedelta

import pytest

from carpool.kernel import outbox
from chat.models import Kind, Notification
from matching import services
from matching.tests.plan_factories import propose

MADE, TAKEN, CLOSED = Kind.PROPOSAL_MADE, Kind.PROPOSAL_TAKEN, Kind.PROPOSAL_CLOSED


@pytest.fixture
def proposal(cast, now):
    """Two riders and a driver, who have been told."""
    proposal = propose(cast.driver, cast.rider, cast.colleague, now=now)
    relay(now)
    for member in (cast.driver, cast.rider, cast.colleague):
        assert heard(member) == [MADE]
    return proposal


def relay(now):
    for _round in range(5):
        outbox.relay(now=now + timedelta(minutes=1))


def heard(member):
    kinds = Notification.objects.filter(member=member, kind__startswith="proposal_")
    return sorted(kinds.values_list("kind", flat=True))


def decide(proposal, who, yes, now):
    services.answer_proposal(proposal_id=proposal.pk, by=who, yes=yes, now=now)
    relay(now)


@pytest.mark.parametrize(("yes", "kind"), [(True, TAKEN), (False, CLOSED)])
def test_the_driver_hears_what_became_of_their_own_proposal(cast, proposal, now, yes, kind):
    decide(proposal, cast.driver, yes, now)
    for member in (cast.driver, cast.rider, cast.colleague):
        assert heard(member) == sorted([MADE, kind])
    assert heard(cast.outsider) == []


def test_the_driver_hears_that_nobody_wants_to_ride_along(cast, proposal, now):
    decide(proposal, cast.rider, False, now)
    assert heard(cast.driver) == [MADE], "somebody else still may come"
    decide(proposal, cast.colleague, False, now)
    assert heard(cast.driver) == [CLOSED, MADE]
    assert heard(cast.rider) == heard(cast.colleague) == [MADE], "they know: they said no"


def test_the_driver_hears_that_the_time_to_answer_is_over(cast, proposal, now):
    late = proposal.answer_by + timedelta(seconds=1)
    assert services.expire_proposals(now=late) == 1
    relay(late)
    assert heard(cast.driver) == [CLOSED, MADE]
