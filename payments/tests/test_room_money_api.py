"""The money of a shared taxi by REST: the fare, top-ups, objections, being there."""

from datetime import timedelta

import pytest
import time_machine

from accounts.tests.factories import HOME_SOUTH, PORT
from carpool.kernel.geo import from_point
from carpool.kernel.tests.problems import assert_problem_shape
from payments.models import Dispute, Fare, FareState, Payment, TopUp, TopUpState
from payments.services.providers import testbank
from payments.tests.room_money import depart, highest, lock, receipt, ride_along
from payments.tests.test_rooms import join, nothing_is_lost, settle_down
from rides.models import RoomSeat
from rides.tests.api import Api
from rides.tests.factories import open_room

pytestmark = [pytest.mark.usefixtures("city"), pytest.mark.django_db(transaction=True)]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _play_money(settings, cast):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    cast.organization.currency = "CLP"
    cast.organization.save(update_fields=["currency"])


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


@pytest.fixture
def seat(cast, room, now):
    return join(cast.rider, room, now).seat


@pytest.fixture
def asked(cast, room, seat):
    """The party is half of what it could be: the rider is asked for the rest."""
    at = lock(room)
    return TopUp.objects.get(), at


@pytest.fixture
def arrived(cast, room, seat, asked):
    """The two went; the rider has not answered, so the host carries the rest."""
    ride_along(room, cast.driver, [seat])
    return depart(room, cast.driver)


def send(person, room, what, body=None, *, at, key="one"):
    """Send a form with a file, or JSON, as a client does at that moment."""
    form = "multipart" if any(hasattr(v, "read") for v in (body or {}).values()) else "json"
    with time_machine.travel(at, tick=False):
        answer = Api(person).client.post(
            f"/api/v1/rooms/{room.pk}/{what}", body or {}, format=form,
            headers={"Idempotency-Key": key},
        )  # fmt: skip
    if answer.status_code >= 400:
        assert_problem_shape(answer)
    return answer


def money(person, room, at):
    with time_machine.travel(at, tick=False):
        return Api(person).get(f"rooms/{room.pk}/money").json()


def fields_of(answer):
    return [error["field"] for error in answer.json()["errors"]]


class TestFigures:
    """Everybody sees the price, those with a seat also what is theirs."""

    def test_a_rider_sees_what_they_agreed_to_and_paid(self, cast, room, seat, now):
        shown = money(cast.rider, room, now)
        price = seat.pk and Payment.objects.get()
        assert shown["agreed"]["prepay"] == shown["paid"]["captured"] == price.captured
        assert shown["agreed"]["at_most"] == shown["price"]["at_most"]
        assert [way["method"] for way in shown["ways"]] == ["test_pays", "test_declines"]
        assert all(way["is_play_money"] for way in shown["ways"])

    def test_a_colleague_without_a_seat_sees_the_price_only(self, cast, room, arrived):
        send(cast.driver, room, "fare", {"amount": 9000, "photo": receipt()}, at=arrived)
        shown = money(cast.colleague, room, arrived)
        for name in ("agreed", "payment", "paid", "top_up", "fare", "dispute"):
            assert shown[name] is None, name
        assert shown["shares"] == []

    def test_all_parts_add_up_to_the_fare(self, cast, room, arrived):
        send(cast.driver, room, "fare", {"amount": 9001, "photo": receipt()}, at=arrived)
        shown = money(cast.rider, room, arrived)
        assert shown["fare"]["amount"] == 9001 == sum(one["fare_part"] for one in shown["shares"])
        own = next(one for one in shown["shares"] if not one["is_host"])
        assert own["prepaid"] == own["fare_part"] + own["penalty"] + own["back"]


class TestFare:
    """The host enters it with its receipt; the same request again changes nothing."""

    def test_it_is_settled_once_however_often_it_is_sent(self, cast, room, arrived):
        answers = [
            send(cast.driver, room, "fare", {"amount": 9000, "photo": receipt()}, at=arrived)
            for _n in range(2)
        ]
        assert [one.status_code for one in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert answers[1]["Idempotency-Replayed"] == "true"
        fare = Fare.objects.get()
        assert (fare.amount, fare.state) == (9000, FareState.SETTLED)
        assert fare.photo.open().read(2) == b"\xff\xd8"
        settle_down(arrived)
        nothing_is_lost()

    def test_another_photo_under_the_same_key_is_another_request(self, cast, room, arrived):
        send(cast.driver, room, "fare", {"amount": 9000, "photo": receipt()}, at=arrived)
        other = receipt()
        other.write(b"more")
        other.seek(0)
        answer = send(cast.driver, room, "fare", {"amount": 9000, "photo": other}, at=arrived)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"amount": 9000}, "photo"),
            ({"photo": None}, "amount"),
            ({"amount": "90.5", "photo": None}, "amount"),
            ({"amount": 0, "photo": None}, "amount"),
            ({"amount": 10**9, "photo": None}, "amount"),
        ],
    )
    def test_what_is_wrong_is_named(self, cast, room, arrived, body, field):
        body = {name: receipt() if value is None else value for name, value in body.items()}
        if not any(hasattr(value, "read") for value in body.values()):
            body["other"] = receipt()
        answer = send(cast.driver, room, "fare", body, at=arrived)
        assert answer.status_code in {400, 422}
        assert fields_of(answer) == [field]
        assert not Fare.objects.exists()

    def test_what_is_no_picture_is_refused_at_its_field(self, cast, room, arrived):
        fake = receipt()
        fake.seek(0)
        fake.truncate(9)
        answer = send(cast.driver, room, "fare", {"amount": 9000, "photo": fake}, at=arrived)
        assert (answer.status_code, answer.json()["code"]) == (422, "receipt_refused")
        assert fields_of(answer) == ["photo"]

    def test_only_the_host_enters_it(self, cast, room, arrived):
        body = {"amount": 9000, "photo": receipt()}
        assert send(cast.rider, room, "fare", body, at=arrived).status_code == 403


class TestTopUp:
    """Without a yes nothing is taken; a yes is charged once."""

    def test_a_yes_is_charged_once_however_often_it_is_sent(self, cast, room, asked):
        top_up, at = asked
        assert money(cast.rider, room, at)["top_up"]["amount"] == top_up.amount
        yes = {"accept": True, "provider": "test_bank", "method": testbank.PAYS}
        answers = [
            send(cast.rider, room, f"top-ups/{top_up.pk}", yes, at=at).json() for _n in range(3)
        ]
        assert {one["state"] for one in answers} == {TopUpState.PAID}
        assert {one["payment"]["captured"] for one in answers} == {top_up.amount}
        assert Payment.objects.count() == 2
        settle_down(at)
        assert money(cast.rider, room, at)["paid"]["captured"] == -(-highest(room) // 2)
        nothing_is_lost()

    def test_a_declined_payment_leaves_the_question_open(self, cast, room, asked):
        top_up, at = asked
        yes = {"accept": True, "provider": "test_bank", "method": testbank.DECLINES}
        assert send(cast.rider, room, f"top-ups/{top_up.pk}", yes, at=at).status_code == 200
        with time_machine.travel(at, tick=False):
            settle_down(at)
        assert money(cast.rider, room, at)["top_up"]["state"] == TopUpState.ASKED

    def test_a_no_takes_nothing(self, cast, room, asked):
        top_up, at = asked
        answer = send(cast.rider, room, f"top-ups/{top_up.pk}", {"accept": False}, at=at)
        assert (answer.status_code, answer.json()["state"]) == (200, TopUpState.REFUSED)
        again = send(cast.rider, room, f"top-ups/{top_up.pk}", {"accept": False}, at=at, key="two")
        assert (again.status_code, again.json()["code"]) == (409, "top_up_closed")

    def test_a_yes_names_by_what_it_is_paid(self, cast, room, asked):
        top_up, at = asked
        answer = send(cast.rider, room, f"top-ups/{top_up.pk}", {"accept": True}, at=at)
        assert answer.status_code == 400
        assert fields_of(answer) == ["provider"]

    def test_nobody_answers_for_others_or_in_another_room(self, cast, room, asked, now):
        top_up, at = asked
        no = {"accept": False}
        assert send(cast.driver, room, f"top-ups/{top_up.pk}", no, at=at).status_code == 404
        other = open_room(cast.colleague, now=now)
        assert send(cast.rider, other, f"top-ups/{top_up.pk}", no, at=at).status_code == 404
        assert TopUp.objects.get().state == TopUpState.ASKED

    def test_the_host_carries_the_rest(self, cast, room, asked):
        _top_up, at = asked
        assert money(cast.driver, room, at)["waiting"] == 1
        answer = send(cast.driver, room, "absorb", at=at)
        assert answer.json()["locked"]["host_absorbs"]
        assert answer.json()["waiting"] == 0
        assert send(cast.rider, room, "absorb", at=at).status_code == 403


class TestObjection:
    """One's own part, once."""

    def test_it_is_held_once_however_often_it_is_sent(self, cast, room, arrived):
        send(cast.driver, room, "fare", {"amount": 9000, "photo": receipt()}, at=arrived)
        body = {"reason": "The receipt says 8,000"}
        answers = [send(cast.rider, room, "dispute", body, at=arrived) for _n in range(2)]
        assert [one.status_code for one in answers] == [201, 201]
        assert Dispute.objects.get().reason == answers[1].json()["reason"]
        assert money(cast.rider, room, arrived)["dispute"]["state"] == "open"
        again = send(cast.rider, room, "dispute", body, at=arrived, key="two")
        assert (again.status_code, again.json()["code"]) == (409, "dispute_closed")
        nothing_is_lost()

    def test_before_there_is_a_fare_there_is_nothing_to_object_to(self, cast, room, arrived):
        answer = send(cast.rider, room, "dispute", {"reason": "Too much"}, at=arrived)
        assert (answer.status_code, answer.json()["code"]) == (404, "fare_not_found")

    def test_a_reason_is_needed(self, cast, room, arrived):
        send(cast.driver, room, "fare", {"amount": 9000, "photo": receipt()}, at=arrived)
        answer = send(cast.rider, room, "dispute", {"reason": " "}, at=arrived, key="two")
        assert fields_of(answer) == ["reason"]


class TestBeingThere:
    """Only that one is near is kept."""

    def test_near_the_pick_up_counts_elsewhere_does_not(self, cast, room, seat, asked):
        at = room.departure_at - MINUTE
        there = from_point(room.pickup)
        far = {"place": {"lon": HOME_SOUTH.lon, "lat": HOME_SOUTH.lat}}
        answer = send(cast.rider, room, "here", far, at=at)
        assert (answer.status_code, fields_of(answer)) == (409, ["place"])
        near = {"place": {"lon": there.lon, "lat": there.lat}}
        assert send(cast.rider, room, "here", near, at=at).status_code == 200
        assert RoomSeat.objects.get(pk=seat.pk).seen_at == at
        assert send(cast.colleague, room, "here", near, at=at).status_code == 404

    def test_a_place_is_needed(self, cast, room, seat):
        body = {"place": {"lon": PORT.lon}}
        answer = send(cast.rider, room, "here", body, at=room.departure_at - MINUTE)
        assert (answer.status_code, fields_of(answer)) == (400, ["place.lat"])
