"""Reasons of cancellations: counted for managers, and only when enough people gave them."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.tests.factories import MemberFactory
from rides import services as rides
from rides.models import Booking, CancelCode
from rides.selectors import count_reasons
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
MONTH = timedelta(days=32)


@pytest.fixture
def given_up(cast, now):
    """Six people give back a seat: five are ill, one does not feel at ease."""
    cast.driver.cars.update(seats=8)
    ride = offer(cast.driver, now=now, seats=8, detour_s=3600)
    for code in [CancelCode.ILL] * 5 + [CancelCode.UNEASY]:
        booking = book(MemberFactory(organization=cast.organization), ride, now=now)
        rides.cancel_booking(
            booking_id=booking.pk, by=booking.rider, reason="Sorry", code=code, now=now
        )


def test_a_reason_of_five_people_is_counted_and_one_of_fewer_is_not(cast, now, given_up):
    found = count_reasons(cast.organization, now=now + MONTH)
    assert [(one.label, one.people, one.seats) for one in found] == [("I am ill", 5, 5)]


def test_the_month_that_goes_on_is_not_counted(cast, now, given_up):
    assert count_reasons(cast.organization, now=now) == []


def test_five_seats_of_four_people_are_not_enough(cast, now, given_up):
    first, second = Booking.objects.filter(cancel_code="ill")[:2]
    Booking.objects.filter(pk=first.pk).update(cancelled_by=second.rider)
    assert count_reasons(cast.organization, now=now + MONTH) == []


def test_other_organizations_do_not_count(cast, now, given_up):
    assert count_reasons(cast.outsider.organization, now=now + MONTH) == []


def test_nobody_but_a_manager_looks(cast):
    for member, status in ((cast.manager, 200), (cast.driver, 403)):
        client = Client()
        client.force_login(member.user)
        assert client.get("/organization/cancellations/").status_code == status


def test_the_other_side_reads_the_word_and_not_the_reason(cast, now):
    booking = book(cast.rider, offer(cast.driver, now=now), now=now)
    client = Client()
    client.force_login(cast.rider.user)
    client.post(f"/bookings/{booking.pk}/cancel/", {"reason": "See you", "code": "uneasy"})
    booking.refresh_from_db()
    assert (booking.cancel_reason, booking.cancel_code) == ("See you", "uneasy")
    client.force_login(cast.driver.user)
    page = client.get(f"/rides/{booking.ride_id}/").content.decode()
    assert "at ease" not in page.split("<dialog")[0]
    client.post(f"/bookings/{booking.pk}/cancel/", {"code": "ride_changed"})
    booking.refresh_from_db()
    assert booking.cancel_code == "uneasy"
