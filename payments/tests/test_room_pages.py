"""The pages of shared taxis: what one sees, what one can do, and what it says before one does."""

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.services import save_place
from accounts.tests.factories import HEAD_OFFICE, HOME_NORTH, PORT, MemberFactory
from carpool.kernel.geo import LonLat, crow_fly_m, from_point
from carpool.kernel.web import write_place
from payments.models import SeatPrice
from payments.services import join_room
from payments.services.providers.testbank import DECLINES, PAYS
from rides import services as rides
from rides.models import Room, RoomSeat, RoomState, SeatState
from rides.selectors import fill_link, get_dispatch, view_room
from rides.services import TripEnd
from rides.tests.factories import join, next_slot, open_room

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _play_money(settings, cast):
    settings.PAYMENT_PROVIDERS = ["test_bank"]
    cast.organization.currency = "CLP"
    cast.organization.save(update_fields=["currency"])


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now)


def client_of(member):
    client = Client()
    client.force_login(member.user)
    return client


def look(member, room, **query):
    answer = client_of(member).get(f"/rooms/{room.pk}/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def press(who, room, action, **fields):
    return client_of(who).post(f"/rooms/{room.pk}/{action}/", fields, follow=True)


def take(member, room, now, method=PAYS):
    return join_room(
        room_id=room.pk,
        rider=member,
        dropoff=TripEnd(PORT, "Port"),
        provider="test_bank",
        method=method,
        now=now,
    )


def receipt():
    out = BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "JPEG")
    return SimpleUploadedFile("receipt.jpg", out.getvalue(), "image/jpeg")


class TestOpening:
    """A room is opened after its price was shown, between public places."""

    def fields(self, cast, now, **changes):
        local = next_slot(now).astimezone(cast.organization.zone)
        return {
            "origin_label": "My home",
            "origin": write_place(HOME_NORTH),
            "destination_label": "Port",
            "destination": write_place(PORT),
            "day": local.date().isoformat(),
            "slot": f"{local:%H:%M}",
            "least_party": 2,
            "most_party": 4,
            "split_rule": "equal",
            "note": "",
            **changes,
        }

    def test_the_price_is_shown_first_and_then_the_room_is_opened(self, cast, now):
        client = client_of(cast.rider)
        fields = self.fields(cast, now)
        shown = client.post("/rooms/open/", fields)
        high = shown.context["preview"].price.high
        assert not Room.objects.exists()
        assert f'name="shown" value="{high}"' in shown.content.decode()
        opened = client.post("/rooms/open/", {**fields, "shown": high, "open": "1"})
        room = Room.objects.get()
        assert opened["Location"] == f"/rooms/{room.pk}/"
        assert room.host == cast.rider

    def test_nobody_meets_at_a_home(self, cast, now):
        save_place(member=cast.rider, kind="home", label="My home", location=HOME_NORTH)
        client, fields = client_of(cast.rider), self.fields(cast, now)
        high = client.post("/rooms/open/", fields).context["preview"].price.high
        client.post("/rooms/open/", {**fields, "shown": high, "open": "1"})
        room = Room.objects.get()
        assert 5 < crow_fly_m(from_point(room.pickup), HOME_NORTH) < 800
        assert "home" not in room.pickup_label.lower()

    def test_another_price_than_the_one_shown_opens_nothing(self, cast, now):
        client, fields = client_of(cast.rider), self.fields(cast, now)
        answer = client.post("/rooms/open/", {**fields, "shown": 1, "open": "1"})
        assert "The price has changed" in answer.content.decode()
        assert not Room.objects.exists()

    def test_where_no_tariff_is_known_no_room_is_opened(self, cast, now, monkeypatch):
        monkeypatch.setattr("payments.selectors.tariffs.list_tariffs", tuple)
        answer = client_of(cast.rider).post("/rooms/open/", self.fields(cast, now))
        assert "Nobody knows what a taxi costs there" in answer.content.decode()

    def test_what_makes_no_sense_is_said_at_its_field(self, cast, now):
        answer = client_of(cast.rider).post(
            "/rooms/open/", self.fields(cast, now, least_party=4, most_party=2, shown=0, open="1")
        )
        assert not Room.objects.exists()
        assert answer.context["form"].errors


class TestJoining:
    """What one pays is said before, and nothing else is paid."""

    def test_what_is_shown_is_what_is_paid(self, cast, room):
        client = client_of(cast.rider)
        shown = client.get(f"/rooms/{room.pk}/join/")
        price = shown.context["preview"].price
        assert price.prepay == -(-price.high // 4)
        assert price.at_most == -(-price.high // 2)
        assert "Test money: nothing is charged" in shown.content.decode()
        answer = client.post(
            f"/rooms/{room.pk}/join/",
            {
                "stop": shown.context["dropoff"],
                "at_most": price.at_most,
                "way": f"test_bank:{PAYS}",
            },
            follow=True,
        )
        assert "You have a seat." in answer.content.decode()
        agreed = SeatPrice.objects.get(seat_id=room.seats.get(rider=cast.rider).pk)
        assert (agreed.payment.captured, agreed.at_most) == (price.prepay, price.at_most)

    def test_a_declined_payment_frees_the_seat_and_says_so(self, cast, room):
        client = client_of(cast.rider)
        shown = client.get(f"/rooms/{room.pk}/join/").context
        answer = client.post(
            f"/rooms/{room.pk}/join/",
            {
                "stop": shown["dropoff"],
                "at_most": shown["preview"].price.at_most,
                "way": f"test_bank:{DECLINES}",
            },
        )
        assert "was declined" in answer.content.decode()
        assert room.seats.get(rider=cast.rider).state == SeatState.RELEASED

    def test_a_yes_to_another_price_pays_nothing(self, cast, room):
        client = client_of(cast.rider)
        dropoff = client.get(f"/rooms/{room.pk}/join/").context["dropoff"]
        answer = client.post(
            f"/rooms/{room.pk}/join/",
            {"stop": dropoff, "at_most": 1, "way": f"test_bank:{PAYS}"},
        )
        assert "The price has changed" in answer.content.decode()
        assert not room.seats.filter(rider=cast.rider).exists()

    def test_a_home_is_no_drop_off_but_the_corner_near_it_is(self, cast, now):
        home = LonLat(PORT.lon + 0.0012, PORT.lat + 0.0008)
        room = open_room(cast.driver, now=now)
        shown = client_of(cast.rider).get(
            f"/rooms/{room.pk}/join/",
            {"stop": "own", "dropoff": write_place(home), "dropoff_label": "My door 7"},
        )
        preview = shown.context["preview"]
        assert 3 < crow_fly_m(preview.dropoff.location, home) < 800
        assert preview.dropoff.label != "My door 7"

    def test_an_unreadable_place_is_refused_in_words(self, cast, room):
        answer = client_of(cast.rider).get(f"/rooms/{room.pk}/join/", {"stop": "nowhere"})
        assert answer.status_code == 200
        assert answer.context["preview"] is None

    def test_a_full_or_closed_taxi_says_so(self, cast, now):
        room = open_room(cast.driver, now=now, most_party=2)
        take(cast.colleague, room, now)
        page = client_of(cast.rider).get(f"/rooms/{room.pk}/join/").content.decode()
        assert "This taxi is full" in page
        later = open_room(cast.manager, now=now)
        with time_machine.travel(later.departure_at - 29 * MINUTE, tick=False):
            page = client_of(cast.rider).get(f"/rooms/{later.pk}/join/").content.decode()
        assert "This room takes nobody any more" in page


class TestOneEvening:
    """A room's page from gathering to settled, for host, rider and passer-by."""

    def test_each_state_shows_each_person_their_next_step(self, cast, room, now):
        rider, host = cast.rider, cast.driver
        take(rider, room, now)
        take(cast.colleague, room, now)
        assert "Close the party now" in look(host, room)
        assert "Give my seat back" in look(rider, room)
        assert "Join: you pay at most" in look(cast.manager, room)
        with time_machine.travel(room.locks_at, tick=False) as clock:
            rides.watch(now=room.locks_at)
            settle_facts()
            assert "Call the taxi" in look(host, room)
            assert "Call the taxi" not in look(rider, room)
            press(host, room, "call", plate="TX-42", driver="Ana")
            page = look(rider, room)
            code = room.seats.get(rider=rider).boarding_code
            assert "TX-42" in page
            assert code in page
            assert "data-boarding-code" not in look(host, room), "who boards says it"
            assert "TX-42" not in look(cast.manager, room)
            press(host, room, "board", code=code)
            assert "You are aboard" in look(rider, room)
            clock.move_to(room.absent_from)
            seat = room.seats.get(rider=cast.colleague)
            press(host, room, "absent", seat=seat.pk)
            assert "did not come" in look(cast.colleague, room).lower()
            press(host, room, "depart")
            clock.move_to(room.absent_from + 20 * MINUTE)
            press(host, room, "arrive")
            assert "Enter the fare" in look(host, room)
            page = press(host, room, "fare", amount="12000", photo=receipt()).content.decode()
            check_shares(page, fare=12_000)
            check_shares(look(rider, room), fare=12_000)

    def test_leaving_says_what_it_costs_before(self, cast, room, now):
        paid = take(cast.rider, room, now).payment.captured
        take(cast.colleague, room, now)
        assert "It costs you nothing" in look(cast.rider, room)
        with time_machine.travel(room.locks_at, tick=False):
            rides.watch(now=room.locks_at)
            settle_facts()
            answer = client_of(cast.rider).get(f"/rooms/{room.pk}/")
            assert "It is late" in answer.content.decode()
            context = answer.context
            assert context["late_fee"] + context["late_back"] == paid
            assert context["late_fee"] == paid // 2

    def test_a_host_hands_over_and_leaves(self, cast, room, now):
        take(cast.rider, room, now)
        press(cast.driver, room, "ask", member=cast.rider.pk)
        assert "asks you to take over" in look(cast.rider, room)
        press(cast.rider, room, "take-over")
        room.refresh_from_db()
        assert room.host == cast.rider
        assert "You prepay nothing" in look(cast.rider, room)

    def test_a_cancelled_room_gives_everything_back_and_says_so(self, cast, room, now):
        take(cast.rider, room, now)
        page = press(cast.driver, room, "cancel", reason="no_taxi").content.decode()
        assert "No taxi was found" in page
        assert "Everybody gets all their money back" in look(cast.rider, room)

    def test_a_wrong_code_and_a_strangers_press_change_nothing(self, cast, room, now):
        take(cast.rider, room, now)
        rides.lock_room(room_id=room.pk, by=cast.driver, now=now)
        press(cast.driver, room, "call")
        page = press(cast.driver, room, "board", code="none").content.decode()
        assert "boarding code" in page
        assert press(cast.manager, room, "depart").status_code == 200
        room.refresh_from_db()
        assert room.state == RoomState.CALLED
        assert client_of(cast.outsider).post(f"/rooms/{room.pk}/depart/").status_code == 404

    def test_the_page_asks_as_often_for_four_as_for_two(
        self, cast, room, now, django_assert_max_num_queries
    ):
        take(cast.rider, room, now)
        client = client_of(cast.rider)
        client.get(f"/rooms/{room.pk}/")
        with django_assert_max_num_queries(14):
            client.get(f"/rooms/{room.pk}/")
        for _ in range(2):
            join(MemberFactory(organization=cast.organization), room, now=now)
        with django_assert_max_num_queries(14):
            client.get(f"/rooms/{room.pk}/")


def settle_facts():
    """Deliver what has happened, as the worker does."""
    from carpool.kernel import clock, outbox

    outbox.relay(now=clock.now())


def check_shares(page, *, fare):
    """Add every number of the table of parts again."""
    rows = re.findall(
        r'data-funded="(\d+)" data-part="(\d+)" data-penalty="(\d+)" data-back="(\d+)"', page
    )
    amounts = [tuple(map(int, row)) for row in rows]
    assert len(amounts) == 3
    assert sum(part for _funded, part, _penalty, _back in amounts) == fare
    for funded, part, penalty, back in amounts[1:]:
        assert funded == part + penalty + back
    assert int(re.search(r'data-fare="(\d+)"', page)[1]) == fare


class TestDispatch:
    """Links into taxi apps come from meeting points, and say exactly those."""

    def test_kakao_t_gets_the_meeting_points_to_a_millionth_of_a_degree(self, cast, now):
        cast.organization.currency = "KRW"
        cast.organization.save(update_fields=["currency"])
        room = open_room(cast.driver, now=now)
        kakao, uber = get_dispatch(view_room(cast.driver, room.pk)).apps
        said = parse_qs(urlsplit(kakao.link).query, strict_parsing=True)
        assert kakao.link.startswith("kakaot://taxi/set?")
        for name, place in (("origin", room.pickup), ("dest", room.seats.get().dropoff)):
            assert abs(float(said[f"{name}_lat"][0]) - place.y) < 1e-6
            assert abs(float(said[f"{name}_lng"][0]) - place.x) < 1e-6
        assert kakao.android.endswith("com.kakao.taxi")
        assert uber.link.startswith("https://m.uber.com/ul/?action=setPickup&")

    def test_uber_gets_places_and_their_names(self, cast, now):
        room = open_room(cast.driver, now=now, pickup=TripEnd(HEAD_OFFICE, "A & B / Straße 서울"))
        (uber,) = get_dispatch(view_room(cast.driver, room.pk)).apps
        said = parse_qs(urlsplit(uber.link).query, strict_parsing=True)
        assert abs(float(said["pickup[latitude]"][0]) - HEAD_OFFICE.lat) < 1e-6
        assert abs(float(said["pickup[longitude]"][0]) - HEAD_OFFICE.lon) < 1e-6
        assert abs(float(said["dropoff[latitude]"][0]) - PORT.lat) < 1e-6
        assert abs(float(said["dropoff[longitude]"][0]) - PORT.lon) < 1e-6
        assert said["pickup[nickname]"] == ["A & B / Straße 서울"]
        assert said["dropoff[nickname]"] == ["Port"]

    def test_an_operators_template_is_filled_as_it_stands(self):
        link = fill_link("x://go?a={from_lat},{from_lng}&n={to_name}", PORT, "P", PORT, "a?b#c&d=1")
        assert unquote(link).endswith("n=a?b#c&d=1")
        assert parse_qs(urlsplit(link).query)["n"] == ["a?b#c&d=1"]

    def test_no_home_is_in_any_link(self, cast, now):
        room = open_room(cast.driver, now=now)
        save_place(member=cast.driver, kind="home", label="Home", location=HOME_NORTH)
        links = " ".join(app.link for app in get_dispatch(view_room(cast.driver, room.pk)).apps)
        assert f"{HOME_NORTH.lat:.4f}" not in links

    def test_stops_on_the_way_are_a_hint(self, cast, now):
        room = open_room(cast.driver, now=now)
        seat = join(cast.rider, room, now=now)
        far = RoomSeat.objects.get(room=room, rider=cast.driver)
        RoomSeat.objects.filter(pk=seat.pk).update(position=0, dropoff_label="First corner")
        RoomSeat.objects.filter(pk=far.pk).update(position=1)
        assert get_dispatch(view_room(cast.driver, room.pk)).between == ["First corner"]
