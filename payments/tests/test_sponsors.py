"""An organization pays (a part of) its members' seats, within its rules and its money."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from accounts.tests.factories import PORT
from payments import services
from payments.engine import chart
from payments.engine.split import percent_of
from payments.errors import SponsorPaysLess
from payments.models import Payment, SponsorBudget, SponsorGrant
from payments.selectors import (
    Shortfall,
    audit_books,
    balance_of,
    escrow_of,
    late_fee,
    prepaid_for,
    preview_joining,
    support_of,
    trial_balance,
)
from payments.selectors.movement_words import What
from payments.selectors.wallet import Own, page_of_movements, purses_of
from payments.services.providers import testbank
from payments.tests.budgets import fund
from payments.tests.room_money import HOUR, MINUTE, depart, enter, highest, lock, ride_along
from payments.tests.test_rooms import join, settle_down
from rides import services as rides
from rides.models import SeatState
from rides.services import TripEnd
from rides.tests.api import Api, end
from rides.tests.factories import open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _switched_on(settings, cast):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    cast.organization.currency = "CLP"
    cast.organization.save(update_fields=["currency"])
    for member in (cast.driver, cast.rider, cast.colleague):
        member.refresh_from_db()


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def budget(cast, now, *, money=1_000_000, **rules):
    plain = {"percent": 50, "first_day": (now - timedelta(days=2)).date(), "is_on": True}
    row = SponsorBudget.objects.create(organization=cast.organization, name="All", **plain | rules)
    if money:
        fund(row, money, now=now)
    return row


def left(row):
    account = chart.sponsor(str(row.pk), "CLP")
    return balance_of(row.organization_id, account).posted


def hidden(page):
    """Return what the form of a yes sends without being asked."""
    form = page[page.index('id="pay"') :]
    return dict(re.findall(r'name="(stop|at_most|sponsored)" value="([^"]*)"', form))


def nothing_is_lost():
    assert list(audit_books()) == []
    assert sum(line.total for line in trial_balance()) == 0


class TestPaying:
    """What is paid, and by whom."""

    def test_half_is_paid_by_each(self, cast, room, now):
        row = budget(cast, now)
        joined = join(cast.rider, room, now)
        part = percent_of(joined.terms.prepay, 50)
        assert joined.payment.captured == joined.terms.prepay - part
        assert left(row) == 1_000_000 - part
        assert escrow_of(room.organization_id, room.pk) == joined.terms.prepay
        nothing_is_lost()

    def test_all_of_it_needs_no_payment_of_the_rider(self, cast, room, now):
        budget(cast, now, percent=100)
        joined = join(cast.rider, room, now)
        assert joined.seat.state == SeatState.TAKEN
        assert [one.provider for one in Payment.objects.all()] == ["sponsor"]
        nothing_is_lost()

    @pytest.mark.parametrize(
        "rules",
        [
            {"is_on": False}, {"money": 0}, {"first_day_in": 1}, {"last_day_ago": 1},
            {"most_per_month": 0},
        ],
    )  # fmt: skip
    def test_outside_of_its_rules_nothing_is_paid(self, cast, room, now, rules):
        rules = dict(rules)
        if days := rules.pop("first_day_in", 0):
            rules["first_day"] = (now + timedelta(days=days + 1)).date()
        if days := rules.pop("last_day_ago", 0):
            rules["last_day"] = (now - timedelta(days=days + 1)).date()
        budget(cast, now, **rules)
        joined = join(cast.rider, room, now)
        assert joined.payment.captured == joined.terms.prepay
        assert not SponsorGrant.objects.exists()

    def test_no_more_is_paid_than_the_rules_and_the_money_allow(self, cast, room, now):
        row = budget(cast, now, money=700, most_per_trip=500)
        join(cast.rider, room, now)
        assert left(row) == 200
        join(cast.colleague, room, now)
        assert left(row) == 0
        nothing_is_lost()

    def test_a_months_most_counts_what_was_not_given_back(self, cast, room, now):
        row = budget(cast, now, most_per_month=600)
        join(cast.rider, room, now)
        assert left(row) == 1_000_000 - 600
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        settle_down(now)
        assert left(row) == 1_000_000
        join(cast.rider, room, now)
        assert left(row) == 1_000_000 - 600


class TestGivingBack:
    """Each gets back their own."""

    def test_leaving_in_time_gives_each_their_own(self, cast, room, now):
        row = budget(cast, now)
        joined = join(cast.rider, room, now)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        settle_down(now)
        payment = Payment.objects.get(pk=joined.payment.pk)
        assert (payment.refunded, left(row)) == (payment.captured, 1_000_000)
        assert escrow_of(room.organization_id, room.pk) == 0
        nothing_is_lost()

    def test_a_seat_that_is_never_paid_costs_the_sponsor_nothing(self, cast, room, now):
        row = budget(cast, now)
        join(cast.rider, room, now, method=testbank.DECLINES)
        settle_down(now)
        assert left(row) == 1_000_000
        nothing_is_lost()

    def test_the_wallet_tells_it(self, cast, room, now):
        budget(cast, now)
        joined = join(cast.rider, room, now)
        (mine,) = purses_of(Own(cast.rider))
        assert mine.total == joined.terms.prepay
        rides.leave_room(room_id=room.pk, by=cast.rider, now=now)
        settle_down(now)
        told = {one.what for one in page_of_movements(Own(cast.rider)).movements}
        assert {What.SPONSORED, What.PREPAID, What.RETURNED, What.REFUNDED} <= told
        (mine,) = purses_of(Own(cast.rider))
        assert mine.total == 0

    def test_of_who_leaves_late_the_fee_is_their_own(self, cast, room, now):
        row = budget(cast, now)
        joined, _other = join(cast.rider, room, now), join(cast.colleague, room, now)
        at = lock(room)
        seat = joined.seat
        paid = prepaid_for(seat)
        fee = late_fee(room, paid)
        assert fee == min(paid.captured, percent_of(joined.terms.prepay, 50))
        before = left(row)
        rides.leave_room(room_id=room.pk, by=cast.rider, now=at + MINUTE)
        settle_down(at + MINUTE)
        other = room.seats.get(rider=cast.colleague)
        ride_along(room, cast.driver, [other])
        enter(room, cast.driver, highest(room) // 2, depart(room, cast.driver) + MINUTE)
        settle_down(room.departure_at + HOUR)
        own = Payment.objects.get(pk=joined.payment.pk)
        grant = SponsorGrant.objects.get(seat_id=seat.pk)
        assert own.captured - own.refunded <= fee
        assert own.captured - own.refunded > 0
        assert grant.payment.refunded == grant.payment.captured
        assert left(row) >= before + grant.payment.captured
        nothing_is_lost()


class TestTheYes:
    """Nobody pays more than they were shown."""

    def test_the_price_says_what_is_left_to_pay(self, cast, room, now):
        budget(cast, now, money=500)
        price = preview_joining(cast.rider, room.pk, TripEnd(PORT, "Port"), now=now).price
        assert (price.sponsored, price.shortfall) == (500, Shortfall.BUDGET)
        assert price.own_prepay == price.prepay - 500
        assert price.own_at_most == price.at_most - 500
        joined = join(cast.rider, room, now)
        assert joined.payment.captured == price.own_prepay
        price = preview_joining(cast.colleague, room.pk, TripEnd(PORT, "Port"), now=now).price
        assert (price.sponsored, price.own_prepay) == (0, price.prepay)
        assert price.shortfall == Shortfall.BUDGET

    def test_a_months_most_is_said(self, cast, room, now):
        budget(cast, now, most_per_month=0)
        price = preview_joining(cast.rider, room.pk, TripEnd(PORT, "Port"), now=now).price
        assert (price.sponsored, price.shortfall) == (0, Shortfall.MONTH)

    def test_of_a_partners_room_nothing_is_paid(self, cast, room, now):
        budget(cast, now)
        support = support_of(cast.rider, now=now)
        assert support.pays_for(room.organization_id, "CLP")
        assert not support.pays_for(room.organization_id, "KRW")
        assert not support.pays_for(uuid4(), "CLP")

    def test_when_the_budget_pays_less_by_now_nothing_happens(self, cast, room, now):
        row = budget(cast, now, money=900)
        with pytest.raises(SponsorPaysLess):
            services.join_room(
                room_id=room.pk, rider=cast.rider, dropoff=TripEnd(PORT, "Port"),
                provider="test_bank", method=testbank.PAYS, sponsored=901, now=now,
            )  # fmt: skip
        assert left(row) == 900
        assert not room.seats.filter(rider=cast.rider).exists()
        assert not Payment.objects.exists()

    def test_the_page_shows_the_price_anew(self, cast, room, now):
        row = budget(cast, now)
        client = Client()
        client.force_login(cast.rider.user)
        address = f"/rooms/{room.pk}/join/"
        shown = client.get(address).content.decode()
        assert f"Less what {cast.organization.name} pays" in shown
        fields = hidden(shown)
        row.is_on = False
        row.save()
        answer = client.post(address, fields | {"way": "test_bank:test_pays"})
        assert str(SponsorPaysLess.title) in answer.content.decode()
        assert not room.seats.filter(rider=cast.rider).exists()
        row.percent, row.is_on = 100, True
        row.save()
        shown = client.get(address).content.decode()
        assert f"Join: {cast.organization.name} pays" in shown
        fields = hidden(shown)
        answer = client.post(address, fields | {"way": "sponsor:"}, follow=True)
        assert f"{cast.organization.name} paid for you" in answer.content.decode()
        assert room.seats.get(rider=cast.rider).state == SeatState.TAKEN

    def test_an_app_is_told_and_says_so(self, cast, room, now):
        budget(cast, now)
        api = Api(cast.rider)
        listed = api.get("rooms").json()["results"][0]["price"]
        quoted = api.post(f"rooms/{room.pk}/quote", {"dropoff": end(PORT, "Port")}).json()["price"]
        alone = api.get(f"rooms/{room.pk}").json()["price"]
        assert listed["sponsored"] == alone["sponsored"] == percent_of(alone["prepay"], 50)
        assert quoted["sponsor"] == cast.organization.name
        assert quoted["own_prepay"] == quoted["prepay"] - quoted["sponsored"]
        said = {
            "dropoff": end(PORT, "Port"), "provider": "test_bank", "method": "test_pays",
            "at_most": quoted["at_most"],
        }  # fmt: skip
        more = said | {"sponsored": quoted["sponsored"] + 1}
        refused = api.post(f"rooms/{room.pk}/join", more)
        assert (refused.status_code, refused.json()["code"]) == (409, "sponsor_pays_less")
        joined = api.post(f"rooms/{room.pk}/join", said | {"sponsored": quoted["sponsored"]})
        assert joined.json()["captured"] == quoted["own_prepay"]
        mine = api.get(f"rooms/{room.pk}").json()["mine"]
        assert (mine["prepaid"], mine["sponsored"]) == (quoted["own_prepay"], quoted["sponsored"])
        assert mine["payment"] == joined.json()["payment"]
        assert mine["pay_at"] == ""
