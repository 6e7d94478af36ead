"""Who is told what positions prove, and once."""

import pytest

from chat.models import Kind, Notification
from chat.selectors.news_texts import write_text
from chat.tests.factories import tell_everything
from rides.tests.factories import book, offer
from tracking import services
from tracking.models import Verification
from tracking.services.telling import tell_judged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


@pytest.fixture
def verification(cast, now):
    booking = book(cast.rider, offer(cast.driver, now=now), now=now)
    return Verification.objects.create(booking=booking, ride=booking.ride, judged_at=now)


def told(member):
    return list(Notification.objects.filter(member=member, kind=Kind.TRIP_JUDGED))


@pytest.mark.parametrize(("granted", "word"), [(True, "counts"), (False, "stands")])
def test_who_objected_is_told_once_what_was_decided(cast, now, verification, granted, word):
    objection = services.appeal(
        verification_id=verification.pk, by=cast.rider, reason="A tunnel", now=now
    )
    services.decide_appeal(appeal_id=objection.pk, granted=granted, by=cast.operator.user, now=now)
    tell_everything()
    (news,) = told(cast.rider)
    assert word in write_text(news).body
    assert told(cast.driver) == []


def test_the_same_verdict_is_told_once(cast, now, verification):
    for _twice in range(2):
        people = [cast.rider.pk, cast.driver.pk]
        tell_judged(verification, people, "unproven", now)
        tell_everything()
    for member in (cast.rider, cast.driver):
        (news,) = told(member)
        assert "do not prove" in write_text(news).body
