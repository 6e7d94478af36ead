"""Ratings over REST and on pages: what each of the two sees, and that nobody sees a blind one."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import MemberFactory
from carpool.kernel import outbox
from carpool.tests.addresses import api_endpoints, page_paths
from carpool.tests.world import address_of, world_at
from chat.models import Notification
from rides import services
from rides.models import Deed, DeedObjection, Review
from rides.tests.api import Api, wish_for
from rides.tests.factories import book, offer
from rides.tests.travelled import over, rate, settle, trip

pytestmark = pytest.mark.usefixtures("city")
BACKEND = "django.contrib.auth.backends.ModelBackend"
SECRET = "Sekretessa drives like a snail"
DAY = timedelta(days=1)
# Where ratings stand, or people whom they are about.
NEAR = ("bookings/", "rides/", "profile/", "me", "notifications", "searches", "instant")


def signed_in(member):
    client = Client()
    client.force_login(member.user, backend=BACKEND)
    return client


@pytest.fixture
def booking(cast, now):
    """A trip that is over; the clock stands a while after it."""
    found = trip(cast.driver, cast.rider, now=now)
    with time_machine.travel(over(found.ride), tick=False):
        yield found


def tell(now):
    while outbox.relay(now=now + timedelta(seconds=1)):
        pass


def test_both_rate_and_then_read_each_other(cast, booking):
    path, rider, driver = f"bookings/{booking.pk}/rating", Api(cast.rider), Api(cast.driver)
    blank = rider.get(path).json()
    assert (blank["can_write"], blank["mine"], blank["theirs"]) == (True, None, None)
    assert blank["other"]["first_name"] == cast.driver.first_name
    said = {"overall": 4, "driving": 5, "comment": "Calm"}
    assert rider.put(path, said).json()["mine"]["overall"] == 4
    assert driver.get(path).json()["theirs"] is None
    both = driver.put(path, {"overall": 5}).json()
    assert both["theirs"]["comment"] == "Calm"
    assert both["can_write"] is False
    assert driver.put(path, {"overall": 1}).json()["code"] == "rating_closed"
    [received] = driver.get("me/ratings").json()["results"]
    assert (received["overall"], received["subject_role"]) == (4, "driver")
    assert received["author"] == {"id": str(cast.rider.pk), "first_name": cast.rider.first_name}


@pytest.mark.parametrize("body", [{}, {"overall": 0}, {"overall": 6}, {"overall": 3, "driving": 2}])
def test_a_wrong_field_is_named(cast, booking, body):
    answer = Api(cast.driver).put(f"bookings/{booking.pk}/rating", body)
    assert answer.status_code in {400, 422}
    named = "driving" if "driving" in body else "overall"
    assert named in str(answer.json())


def test_the_same_sent_twice_changes_nothing(cast, booking):
    path = f"bookings/{booking.pk}/rating"
    first, second = (Api(cast.rider).put(path, {"overall": 4}).json() for _ in range(2))
    assert first == second
    assert Review.objects.count() == 1


def test_no_answer_and_no_page_tells_anybody_of_a_blind_rating(cast, now):
    """Everybody looks everywhere, the rated one included."""
    with world_at("over", cast, now) as world:
        rate(world.booking, cast.rider, 1, now=world.now, comment=SECRET)
        before = Review.objects.get()
        looks = sorted(path for method, path in api_endpoints() if method == "GET" and path)
        for who in ("driver", "colleague", "operator"):
            person = getattr(cast, who)
            if who != "driver":  # who is not even of the trip looks where it could stand
                looks = [path for path in looks if path.startswith(NEAR)]
            client = signed_in(person)
            for path in looks:
                if "review_id" in path:
                    continue
                answer = world.send(person, "GET", path)
                text = "" if answer.streaming else answer.content.decode(errors="ignore")
                assert SECRET not in text, (who, path)
                assert str(before.pk) not in text, (who, path)
            for path in sorted(page_paths()):
                address = address_of(path, world) if "review_id" not in path else "today"
                is_near = who == "driver" or path.startswith(NEAR)
                if "<" in address or "^" in address or not is_near:
                    continue
                page = client.get(f"/{address}")
                text = "" if page.streaming else page.content.decode(errors="ignore")
                assert SECRET not in text, (who, path)
                assert str(before.pk) not in text, (who, path)
            assert client.get(reverse("rides:review-report", args=[before.pk])).status_code == 404
            report = {"reason": "other"}
            assert Api(person).post(f"me/ratings/{before.pk}/reports", report).status_code == 404
        mine = signed_in(cast.rider).get(reverse("rides:rate", args=[world.booking.pk]))
        assert SECRET in mine.content.decode(), "control: its writer reads it"


def test_that_the_other_has_rated_is_not_told_either(cast, booking):
    path, driver = f"bookings/{booking.pk}/rating", Api(cast.driver)
    page = reverse("rides:rate", args=[booking.pk])

    def looks():
        return driver.get(path).json(), _without_tokens(signed_in(cast.driver).get(page))

    before = looks()
    rate(booking, cast.rider, 1, now=over(booking.ride))
    assert looks() == before


def _without_tokens(answer):
    text = answer.content.decode()
    return [line for line in text.splitlines() if "csrf" not in line and "nonce" not in line]


def test_ones_own_reliability_says_what_it_is_made_of(cast, booking):
    settle(booking, now=over(booking.ride))
    api = Api(cast.driver)
    own = api.get("me/reliability").json()
    assert (own["score"], own["kept"], own["shown_from"]) == (None, None, 3)
    assert own["words"] == "New here: too few rides to tell."
    [deed] = api.get("me/deeds").json()["results"]
    assert (deed["kind"], deed["role"], deed["objection"]) == ("came", "driver", None)
    said = api.post(f"me/deeds/{deed['id']}/objection", {"text": "I was ill"})
    assert (said.status_code, said.json()["state"]) == (201, "open")
    again = api.post(f"me/deeds/{deed['id']}/objection", {"text": "I was"})
    assert again.json()["code"] == "objection_closed"
    assert (
        Api(cast.rider).post(f"me/deeds/{deed['id']}/objection", {"text": "x"}).status_code == 404
    )


def known_driver(cast, count=3):
    """The driver is known: so many came, and it was settled."""
    booking = book(cast.rider, offer(cast.driver, now=cast.now, hours=20), now=cast.now)
    for number in range(count):
        rider = MemberFactory(organization=cast.organization)
        booking.pk, booking.rider = uuid4(), rider
        booking.save(force_insert=True)
        at = cast.now - DAY * (number + 1)
        Deed.objects.create(member=cast.driver, booking=booking, role="driver", kind="came", at=at)
        Deed.objects.create(member=rider, booking=booking, role="rider", kind="came", at=at)


def test_it_is_shown_before_booking(cast, now):
    cast.now = now
    known_driver(cast)
    ride = offer(cast.driver, now=now, hours=48)
    words = "Kept 3 of 3 rides."
    [found] = Api(cast.colleague).post("searches", wish_for(ride)).json()["offers"]
    assert found["reliability"]["words"] == found["ride"]["reliability"]["words"] == words
    assert found["reliability"]["score"] == 92
    assert any("92 of 100" in reason for reason in found["reasons"])
    shown = Api(cast.colleague).get(f"rides/{ride.pk}").json()
    assert (shown["reliability"]["kept"], shown["reliability"]["total"]) == (3, 3)
    page = signed_in(cast.colleague).get(reverse("rides:ride", args=[ride.pk])).content.decode()
    assert words in page


def test_a_driver_who_decides_sees_how_surely_the_rider_comes_and_nobody_else_does(cast, now):
    for hours in (24, 36, 48):
        other = trip(cast.driver, cast.rider, now=now, hours=hours)
        Deed.objects.create(member=cast.rider, booking=other, role="rider", kind="came", at=now)
    ride = offer(cast.driver, now=now, hours=96, booking_mode="confirm")
    booking = book(cast.rider, ride, now=now)
    shown = Api(cast.driver).get(f"rides/{booking.ride_id}").json()["bookings"][0]
    assert shown["reliability"]["words"] == "Kept 3 of 3 rides."
    assert (
        Api(cast.rider).get(f"rides/{booking.ride_id}").json()["bookings"][0]["reliability"] is None
    )
    for page in (reverse("rides:today"), reverse("rides:ride", args=[booking.ride_id])):
        assert "Kept 3 of 3 rides." in signed_in(cast.driver).get(page).content.decode()


# --- pages ----------------------------------------------------------------------------------------
def test_stars_are_given_on_a_page_without_a_script(cast, booking):
    client, page = signed_in(cast.rider), reverse("rides:rate", args=[booking.pk])
    text = client.get(page).content.decode()
    assert text.count('type="radio"') == 4 * 5
    assert "5 of 5 stars" in text
    wrong = client.post(page, {"comment": "No stars"})
    assert wrong.status_code == 200
    assert wrong.context["form"].errors.keys() == {"overall"}
    said = {"overall": "4", "driving": "5", "comment": "<b>Hi"}
    assert client.post(page, said).status_code == 302
    assert client.get(page).context["form"].initial["overall"] == 4
    driver = signed_in(cast.driver)
    assert driver.get(page).content.decode().count('type="radio"') == 3 * 5, "riders do not drive"
    assert driver.post(page, {"overall": "5"}).status_code == 302
    both = driver.get(page).content.decode()
    assert "&lt;b&gt;Hi" in both
    assert 'type="radio"' not in both


def test_today_and_the_ride_lead_to_the_rating(cast, booking):
    settle(booking, now=over(booking.ride))
    link = reverse("rides:rate", args=[booking.pk])
    for member in (cast.rider, cast.driver):
        client = signed_in(member)
        for page in (reverse("rides:today"), reverse("rides:ride", args=[booking.ride_id])):
            assert link in client.get(page).content.decode()
    assert link not in signed_in(cast.colleague).get(reverse("rides:today")).content.decode()


def test_my_reliability_shows_ratings_and_deeds_and_takes_objections(cast, booking):
    moment = over(booking.ride)
    settle(booking, now=moment)
    rate(booking, cast.rider, 3, now=moment, comment="Fine so far")
    client, page = signed_in(cast.driver), reverse("rides:reliability")
    assert "Fine so far" not in client.get(page).content.decode()
    rate(booking, cast.driver, now=moment)
    text = client.get(page).content.decode()
    assert "Fine so far" in text
    deed = Deed.objects.get(member=cast.driver)
    link = reverse("rides:deed", args=[deed.pk])
    assert link in text
    assert client.post(link, {"text": ""}).status_code == 200
    assert client.post(link, {"text": "I was early"}).status_code == 302
    assert "I was early" in client.get(link).content.decode()
    report = reverse("rides:review-report", args=[Review.objects.get(subject=cast.driver).pk])
    assert client.post(report, {"reason": "harassment"}).status_code == 302


def test_an_operator_decides_objections_in_the_admin(cast, booking):
    settle(booking, now=over(booking.ride))
    deed = Deed.objects.get(member=cast.driver)
    said = services.object_to_deed(
        deed_id=deed.pk, by=cast.driver, text="Wrong", now=over(booking.ride)
    )
    desk = signed_in(cast.operator)
    listing = reverse("admin:rides_deedobjection_changelist")
    assert "Wrong" in desk.get(listing).content.decode()
    desk.post(listing, {"action": "grant", "_selected_action": [said.pk]})
    decided = DeedObjection.objects.get()
    assert (decided.state, decided.decided_by) == ("granted", cast.operator.user)


# --- news -----------------------------------------------------------------------------------------
def test_both_are_asked_once_to_rate_and_told_once_when_rated(cast, booking):
    moment = over(booking.ride)
    settle(booking, now=moment)
    tell(moment)
    asked = Notification.objects.filter(kind="ride_to_rate")
    assert set(asked.values_list("member", flat=True)) == {cast.driver.pk, cast.rider.pk}
    rate(booking, cast.rider, now=moment)
    tell(moment)
    assert not Notification.objects.filter(kind="rated").exists()
    rate(booking, cast.driver, now=moment)
    services.watch(now=moment + 20 * DAY)
    tell(moment + 20 * DAY)
    told = Notification.objects.filter(kind="rated")
    assert set(told.values_list("member", flat=True)) == {cast.driver.pk, cast.rider.pk}
    assert told.count() == asked.count() == 2
    news = signed_in(cast.driver).get(reverse("chat:notifications")).content.decode()
    assert "rated you" in news


def test_whoever_has_rated_already_is_not_asked(cast, booking):
    moment = over(booking.ride)
    rate(booking, cast.rider, now=moment)
    settle(booking, now=moment)
    tell(moment)
    asked = Notification.objects.filter(kind="ride_to_rate")
    assert list(asked.values_list("member", flat=True)) == [cast.driver.pk]
