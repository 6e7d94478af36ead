"""Who says yes to a proposed carpool sees its price, and pays with the yes."""

import pytest
from django.test import Client

from matching.selectors.proposals import ProposalView, get_proposal_for
from matching.services import Payment as PayWithYes
from matching.services import answer_proposal
from matching.tests.plan_factories import propose
from payments.models import Payment, RideFare
from payments.services.providers import testbank
from payments.tests.ride_fares import PAYS, nothing_is_lost, prepay_rides, settle_down
from payments.tests.test_sponsored_rides import budget
from rides.errors import PriceDiffers
from rides.models import Booking
from rides.services import PayBy
from rides.tests.api import Api

__all__ = ["prepay_rides"]  # fixtures
pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pair(cast, now):
    """The driver takes the rider along to the port."""
    return propose(cast.driver, cast.rider, now=now)


def say_yes(proposal, member, now, payment=None):
    return answer_proposal(proposal_id=proposal.pk, by=member, yes=True, now=now, payment=payment)


def price_of(proposal, rider):
    return ProposalView(get_proposal_for(rider, proposal.pk), rider).price.minor


def test_the_price_is_the_bookings(cast, pair, now):
    price = price_of(pair, cast.rider)
    say_yes(pair, cast.rider, now, PayWithYes(price, PAYS))
    say_yes(pair, cast.driver, now)
    booking = Booking.objects.get()
    assert booking.price_minor == price > 0
    assert booking.state == "held"
    settle_down(now)
    booking.refresh_from_db()
    assert (booking.state, RideFare.objects.get().state) == ("confirmed", "held")
    assert Payment.objects.get().captured == price
    nothing_is_lost()


def test_a_card_that_is_declined_may_be_followed_by_another_until_the_ride_is_near(cast, pair, now):
    declines = PayBy("test_bank", testbank.DECLINES)
    say_yes(pair, cast.rider, now, PayWithYes(price_of(pair, cast.rider), declines))
    say_yes(pair, cast.driver, now)
    settle_down(now)
    booking = Booking.objects.get()
    assert booking.state == "held"
    assert (booking.pickup_at - booking.held_until).total_seconds() == 3600


def test_another_price_than_was_shown_is_refused(cast, pair, now):
    price = price_of(pair, cast.rider)
    with pytest.raises(PriceDiffers):
        say_yes(pair, cast.rider, now, PayWithYes(price - 1, PAYS))
    assert pair.seats.get().answer == "none"


def test_without_a_way_the_seat_waits_and_is_asked_for(cast, pair, now):
    say_yes(pair, cast.rider, now)
    say_yes(pair, cast.driver, now)
    assert (Booking.objects.get().state, RideFare.objects.get().payment) == ("held", None)


def test_on_the_page_it_is_shown_with_what_the_organization_pays_and_paid(cast, pair, now):
    budget(cast, now, percent=40)
    say_yes(pair, cast.driver, now)
    client = Client()
    client.force_login(cast.rider.user)
    page = client.get("/plan/").content.decode()
    price = price_of(pair, cast.rider)
    part = price * 40 // 100
    assert f"Less what {cast.organization.name} pays" in page
    assert f'name="price_minor" value="{price}"' in page
    said = {"answer": "yes", "way": "test_bank:test_pays", "price_minor": price, "sponsored": part}
    answer = client.post(f"/plan/proposals/{pair.pk}/answer/", said)
    fare = RideFare.objects.get()
    assert answer["Location"] == f"/rides/{fare.ride_id}/"
    assert (fare.state, fare.amount, fare.sponsored) == ("held", price, part)
    assert Booking.objects.get().state == "confirmed"
    nothing_is_lost()


def test_an_app_pays_with_the_yes(cast, pair, now):
    say_yes(pair, cast.driver, now)
    api = Api(cast.rider)
    [shown] = api.get("proposals").json()["results"]
    said = {"yes": True, "price_minor": shown["price_minor"], "provider": "test_bank"}
    told = api.post(f"proposals/{pair.pk}/answer", said | {"method": testbank.PAYS}).json()
    assert api.get(f"bookings/{told['booking']}/fare").json()["state"] == "held"
    assert shown["currency"] == "EUR"
