"""Help, somebody who follows, and reports: by page and by API."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from phonenumbers import is_emergency_number

from accounts.models import Block, Report
from accounts.selectors import emergency_number
from accounts.selectors.emergency import ANYWHERE, NUMBERS
from carpool.kernel.geo import coarse_cell, from_point
from carpool.tests.belongings import DRIVERS_DOOR, RIDERS_DOOR
from carpool.tests.world import world_at
from rides import services
from rides.errors import BookingNotFound, RideNotShared, TooManyLinks
from rides.models import RideShare
from rides.selectors import follow_ride, get_fellow
from rides.tests.api import Api
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def enter(client, person):
    client.force_login(person.user, backend=BACKEND)


def page_of(client, token):
    return client.get(reverse("rides:follow", args=[token]))


# --- The link ----------------------------------------------------------------------------------


def test_a_contact_follows_without_an_account_and_learns_no_more_than_they_should(
    client, cast, now
):
    cast.rider.phone = "+56 9 7777 7777"
    cast.rider.save()
    with world_at("driving", cast, now) as world:
        for person in (cast.rider, cast.driver):
            token = services.share_ride(ride_id=world.ride.pk, by=person, now=world.now)
            answer = page_of(client, token)
            page = answer.content.decode()
            assert answer.status_code == 200
            assert person.first_name in page
            assert world.ride.car.plate in page
            for secret in (
                "Rider", "Driver", cast.rider.phone, cast.rider.user.email, str(cast.rider.pk),
                str(cast.driver.pk), DRIVERS_DOOR.label, RIDERS_DOOR.label, cast.organization.name,
                str(world.ride.pk),
            ):  # fmt: skip
                assert secret not in page, secret
            for door in (DRIVERS_DOOR, RIDERS_DOOR):
                assert f"{door.location.lat:.3f}" not in page
                assert f"{coarse_cell(door.location).lat:.5f}" not in page


def test_the_rider_shows_their_own_stops_and_the_driver_the_whole_way(cast, now):
    with world_at("driving", cast, now) as world:

        def followed(person):
            token = services.share_ride(ride_id=world.ride.pk, by=person, now=world.now)
            return follow_ride(token, now=world.now)[1]

        assert len(followed(cast.rider).stops) == 2
        start, *_inner, end = followed(cast.driver).stops
        assert start.place is None
        assert start.label == world.ride.origin_area
        assert end.place is not None, "a site of the organization is public"


def test_the_page_is_not_found_by_machines_nor_tells_where_one_came_from(client, cast, now):
    ride = offer(cast.driver, now=now)
    token = services.share_ride(ride_id=ride.pk, by=cast.driver, now=now)
    for asked, status in ((token, 200), ("x" * 43, 404)):
        answer = page_of(client, asked)
        assert answer.status_code == status
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]


def test_only_the_hash_of_a_token_is_stored(cast, now):
    ride = offer(cast.driver, now=now)
    token = services.share_ride(ride_id=ride.pk, by=cast.driver, now=now)
    other = services.share_ride(ride_id=ride.pk, by=cast.driver, now=now)
    assert token != other
    assert len(token) >= 43
    assert token not in str(RideShare.objects.values())


def test_a_link_ends_when_it_is_ended_and_an_hour_after_the_ride(client, cast, now):
    ride = offer(cast.driver, now=now)
    token = services.share_ride(ride_id=ride.pk, by=cast.driver, now=now)
    for minutes, status in ((59, 200), (61, 404)):
        with time_machine.travel(ride.arrival_at + timedelta(minutes=minutes), tick=False):
            assert page_of(client, token).status_code == status
    services.stop_sharing(ride_id=ride.pk, by=cast.driver, now=now)
    assert page_of(client, token).status_code == 404


def test_a_rider_who_gave_their_seat_back_cannot_share(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    services.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    for person in (cast.rider, cast.colleague):
        with pytest.raises(RideNotShared):
            services.share_ride(ride_id=ride.pk, by=person, now=now)


def test_a_link_dies_with_the_seat(client, cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    token = services.share_ride(ride_id=ride.pk, by=cast.rider, now=now)
    services.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
    assert page_of(client, token).status_code == 404


def test_five_links_are_enough(cast, now):
    ride = offer(cast.driver, now=now)
    for _ in range(5):
        services.share_ride(ride_id=ride.pk, by=cast.driver, now=now)
    with pytest.raises(TooManyLinks):
        services.share_ride(ride_id=ride.pk, by=cast.driver, now=now)


def test_guessing_links_is_slowed_down(client, db):
    answers = {page_of(client, f"guess-{number}").status_code for number in range(125)}
    assert answers == {404, 429}


def test_the_link_is_shown_once(client, cast, now):
    ride = offer(cast.driver, now=now)
    enter(client, cast.driver)
    address = reverse("rides:share", args=[ride.pk])
    assert b"/follow/" in client.post(address).content
    assert b"/follow/" not in client.get(address).content


# --- Help --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "number"),
    [("America/Santiago", "133"), ("Asia/Seoul", "112"), ("America/New_York", "911"),
     ("Europe/Paris", "112"), ("UTC", "112")],
)  # fmt: skip
def test_the_number_is_the_countrys(cast, zone, number):
    cast.organization.time_zone = zone
    assert emergency_number(cast.organization) == number


@pytest.mark.parametrize("country", sorted(NUMBERS))
def test_a_second_source_knows_each_number_as_one_for_emergencies(country):
    """Google's table of short numbers, from the countries' numbering plans."""
    assert is_emergency_number(NUMBERS[country], country)


def test_elsewhere_the_common_number_is_known_too():
    """Where we have no number of its own, 112 is one."""
    for country in ("DE", "ES", "FR", "IT", "KR", "PL", "PT", "SE", "TR", "ZA"):
        assert is_emergency_number(ANYWHERE, country), country


def test_help_is_one_plain_link_away_while_the_ride_is_under_way(client, cast, now):
    for day, (stage, shown) in enumerate((("booked", 0), ("leaving", 1), ("driving", 1))):
        with world_at(stage, cast, now + timedelta(days=7 * day)) as world:
            for person in (cast.driver, cast.rider):
                enter(client, person)
                page = client.get(reverse("rides:ride", args=[world.ride.pk])).content.decode()
                assert (reverse("rides:emergency", args=[world.ride.pk]) in page) is bool(shown)
            if shown:
                page = client.get(reverse("rides:emergency", args=[world.ride.pk]))
                assert 'href="tel:133"' in page.content.decode()
                assert world.ride.car.plate in page.content.decode()


# --- People ------------------------------------------------------------------------------------


def test_one_meets_the_driver_and_who_is_aboard_and_nobody_else(cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    assert get_fellow(cast.colleague, ride.pk)[1] == cast.driver
    assert get_fellow(cast.driver, ride.pk, booking.pk)[1] == cast.rider
    strangers = [(cast.colleague, booking.pk), (cast.driver, None), (cast.rider, booking.pk)]
    for member, which in strangers:
        with pytest.raises(BookingNotFound):
            get_fellow(member, ride.pk, which)


def test_a_person_is_reported_and_blocked_from_the_ride(client, cast, now):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    enter(client, cast.driver)
    address = reverse("rides:fellow", args=[ride.pk]) + f"?booking={booking.pk}"
    page = client.get(address).content.decode()
    assert "Rita" in page
    assert client.post(address, {}).status_code == 200
    answer = client.post(address, {"reason": "no_show", "text": "<b>Twice</b>"}, follow=True)
    assert "Rita" not in str(next(iter(answer.context["messages"])))
    report = Report.objects.get()
    assert (report.reporter, report.reported) == (cast.driver, cast.rider)
    assert report.subject_id == str(ride.pk)
    client.post(reverse("rides:fellow-block", args=[ride.pk]) + f"?booking={booking.pk}")
    assert Block.objects.get().blocked == cast.rider


def test_nobody_reads_that_they_were_reported_or_blocked(client, cast, now):
    ride = offer(cast.driver, now=now)
    book(cast.rider, ride, now=now)
    Api(cast.rider).post(f"rides/{ride.pk}/reports", {"reason": "driving", "text": "Afraid"})
    Api(cast.rider).post(f"rides/{ride.pk}/blocks")
    enter(client, cast.driver)
    for address in ("/", f"/rides/{ride.pk}/", "/profile/", "/profile/safety/"):
        page = client.get(address).content.decode()
        assert "Afraid" not in page
        assert "Unblock" not in page
    assert Api(cast.driver).get("me/blocks").json() == []
    assert [row["first_name"] for row in Api(cast.rider).get("me/blocks").json()] == ["Dora"]


def test_places_on_the_followed_way_are_stops_only(cast, now):
    with world_at("driving", cast, now) as world:
        token = services.share_ride(ride_id=world.ride.pk, by=cast.rider, now=world.now)
        stops = world.ride.stops.filter(booking__rider=cast.rider)
        assert [stop.place for stop in follow_ride(token, now=world.now)[1].stops] == [
            from_point(stop.location) for stop in stops
        ]
