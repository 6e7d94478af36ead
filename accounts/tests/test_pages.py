"""Pages about oneself, as a browser asks for them."""

import re
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import Car, Member, Place
from accounts.tests.factories import ELSEWHERE, HEAD_OFFICE, HOME_NORTH, CarFactory, UserFactory
from carpool.kernel.web import write_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, cast):
    """The rider's browser."""
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


CAR = {"make": "Kia", "model": "Rio", "colour": "Red", "plate": "kx-rt-42", "seats": "3"}


@pytest.mark.parametrize(
    "name", ["accounts:profile", "accounts:car-add", "rides:today", "rides:offer", "matching:find"]
)
def test_who_is_not_signed_in_is_asked_to(client, db, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).path == reverse("account_request_login_code")
    assert reverse(name) in answer["Location"]


@pytest.mark.parametrize("name", ["accounts:profile", "rides:today", "matching:find"])
def test_who_belongs_nowhere_reads_how_to_join(client, db, name):
    client.force_login(
        UserFactory(email="new@nowhere.example"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    answer = client.get(reverse(name), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("accounts:join")
    assert "new@nowhere.example does not belong" in answer.content.decode()


def test_members_have_no_business_on_the_join_page(page):
    assert page.get(reverse("accounts:join"))["Location"] == reverse("rides:today")


def test_sign_in_by_a_code_from_the_mailbox(client, cast):
    asked = client.post(reverse("account_request_login_code"), {"email": cast.rider.user.email})
    assert asked["Location"] == reverse("account_confirm_login_code")
    code = re.search(r"^    (\S+)$", mail.outbox[0].body, re.MULTILINE).group(1)
    assert code in mail.outbox[0].subject
    shown = client.get(asked["Location"]).content.decode()
    assert cast.rider.user.email in shown
    assert "password" not in shown.lower()
    entered = client.post(asked["Location"], {"code": code}, follow=True)
    assert entered.redirect_chain[-1][0] == reverse("rides:today")
    assert "Hello, Rita" in entered.content.decode()


def test_a_wrong_code_is_told_at_its_field(client, cast):
    asked = client.post(reverse("account_request_login_code"), {"email": cast.rider.user.email})
    entered = client.post(asked["Location"], {"code": "WRONG1"})
    assert entered.status_code == 200
    assert entered.context["verify_form"].errors["code"]


def test_signing_up_asks_for_an_address_only_and_joins_by_its_domain(client, cast):
    shown = client.get(reverse("account_signup")).content.decode()
    assert 'type="password"' not in shown
    sent = client.post(reverse("account_signup"), {"email": "fresh@copper.example"}, follow=True)
    code = re.search(r"^    (\S+)$", mail.outbox[0].body, re.MULTILINE).group(1)
    client.post(sent.redirect_chain[-1][0], {"code": code}, follow=True)
    member = Member.objects.get(user__email="fresh@copper.example")
    assert member.organization == cast.organization
    assert "Hello, Fresh" in client.get(reverse("rides:today")).content.decode()


def test_profile_shows_the_organization_and_saves_what_one_says(page, cast):
    shown = page.get(reverse("accounts:profile")).content.decode()
    assert "Copper" in shown
    assert reverse("accounts:organization") in shown
    assert "America/Santiago" in page.get(reverse("accounts:organization")).content.decode()
    form = {"display_name": "Rita Río", "phone": "+56 9 1234 5678", "language": "ko"}
    page.cookies["django_language"] = "en"
    saved = page.post(reverse("accounts:profile"), form)
    assert saved.cookies["django_language"]["max-age"] == 0
    del page.cookies["django_language"]
    assert "저장했어요" in page.get(saved["Location"]).content.decode()
    cast.rider.refresh_from_db()
    assert (cast.rider.display_name, cast.rider.language) == ("Rita Río", "ko")


@pytest.mark.parametrize(
    ("field", "value"), [("phone", "call me"), ("display_name", ""), ("language", "tlh")]
)
def test_profile_names_the_field_that_is_wrong(page, cast, field, value):
    form = {"display_name": "Rita", "phone": "", "language": "", field: value}
    answer = page.post(reverse("accounts:profile"), form)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    cast.rider.refresh_from_db()
    assert cast.rider.display_name == "Rita Rider"


def test_car_is_added_changed_and_removed(page, cast):
    page.post(reverse("accounts:car-add"), CAR)
    car = Car.objects.get(member=cast.rider)
    assert car.plate == "KX-RT-42"
    page.post(reverse("accounts:car", args=[car.pk]), CAR | {"colour": "Blue"})
    car.refresh_from_db()
    assert car.colour == "Blue"
    page.post(reverse("accounts:car-remove", args=[car.pk]))
    car.refresh_from_db()
    assert car.removed_at is not None
    assert page.get(reverse("accounts:car", args=[car.pk])).status_code == 404


def test_after_the_first_car_one_goes_on_to_the_offer(page):
    answer = page.post(reverse("accounts:car-add") + "?next=offer", CAR)
    assert answer["Location"] == reverse("rides:offer")


@pytest.mark.parametrize("seats", ["0", "99", "-1", "", "many"])
def test_car_with_impossible_seats_is_refused(page, cast, seats):
    answer = page.post(reverse("accounts:car-add"), CAR | {"seats": seats})
    assert list(answer.context["form"].errors) == ["seats"]
    assert not Car.objects.filter(member=cast.rider).exists()


def test_same_plate_twice_is_told_at_the_plate(page, cast):
    CarFactory(member=cast.rider, plate="KX-RT-42")
    answer = page.post(reverse("accounts:car-add"), CAR)
    assert list(answer.context["form"].errors) == ["plate"]


def test_nobody_opens_somebody_elses_car(page, cast):
    car = cast.driver.cars.get()
    assert page.get(reverse("accounts:car", args=[car.pk])).status_code == 404
    assert page.post(reverse("accounts:car-remove", args=[car.pk])).status_code == 404
    car.refresh_from_db()
    assert car.removed_at is None


def test_home_is_saved_moved_and_forgotten(page, cast, city):
    address = reverse("accounts:place", args=["home"])
    first = {"place_label": "Near the north", "place": write_place(HOME_NORTH)}
    page.post(address, first)
    page.post(address, first | {"place": write_place(HEAD_OFFICE)})
    place = Place.objects.get(member=cast.rider)
    assert place.location.coords == pytest.approx(HEAD_OFFICE)
    assert "Near the north" in page.get(address).content.decode()
    page.post(reverse("accounts:place-remove", args=[place.pk]))
    assert not Place.objects.filter(member=cast.rider).exists()


def test_without_scripts_an_address_in_words_is_looked_up(page, cast, city):
    page.post(
        reverse("accounts:place", args=["work"]),
        {"place_label": "Avenida Cuatro Esquinas", "place": ""},
    )
    place = Place.objects.get(member=cast.rider)
    assert city.boundary.covers(place.location)


@pytest.mark.parametrize(
    ("label", "point"),
    [("Nowhere at all xyzzy", ""), ("x", ""), ("Somewhere", "not,numbers"), ("Far", "999,999")],
)
def test_place_that_cannot_be_found_is_told_at_its_field(page, cast, city, label, point):
    answer = page.post(
        reverse("accounts:place", args=["home"]), {"place_label": label, "place": point}
    )
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) <= {"place", "place_label"}
    assert not Place.objects.filter(member=cast.rider).exists()


def test_place_that_no_map_knows_is_told_at_the_address(page, cast, city):
    answer = page.post(
        reverse("accounts:place", args=["home"]),
        {"place_label": "Santiago", "place": write_place(ELSEWHERE)},
    )
    assert list(answer.context["form"].errors) == ["place_label"]
    assert not Place.objects.filter(member=cast.rider).exists()


def test_unknown_kind_of_place_does_not_exist(page):
    assert page.get(reverse("accounts:place", args=["moon"])).status_code == 404


def test_nobody_forgets_somebody_elses_place(page, cast, city):
    from accounts.services import save_place

    place = save_place(member=cast.driver, kind="home", label="Mine", location=HOME_NORTH)
    assert page.post(reverse("accounts:place-remove", args=[place.pk])).status_code == 404
    assert Place.objects.filter(pk=place.pk).exists()


def test_signing_in_as_anybody_exists_in_the_demo_only(client, cast, settings):
    assert client.get(reverse("accounts:demo")).status_code == 404
    assert client.post(reverse("accounts:demo"), {"member": cast.rider.pk}).status_code == 404
    settings.DEMO = True
    assert "Rita Rider" in client.get(reverse("accounts:demo")).content.decode()
    answer = client.post(reverse("accounts:demo"), {"member": cast.rider.pk}, follow=True)
    assert "Hello, Rita" in answer.content.decode()


@pytest.mark.parametrize("who", ["", "nobody", "7b1d8a4e-0000-4000-8000-000000000000"])
def test_demo_refuses_to_be_nobody(client, cast, settings, who):
    settings.DEMO = True
    assert client.post(reverse("accounts:demo"), {"member": who}).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_request_login_code",
        "design",
        "offline",
        "manifest",
        "service-worker",
    ],
)
def test_open_pages_carry_a_strict_policy_and_no_inline_code(client, db, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    text = answer.content.decode()
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
