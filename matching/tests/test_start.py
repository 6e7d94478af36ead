"""A new member is on the road within a minute: three screens, four requests after the first."""

import pytest
from django.urls import reverse

from accounts.models import Place, PlaceKind
from accounts.selectors import list_sites
from accounts.tests.factories import AT_SEA, HOME_NORTH, PORT, CarFactory, MemberFactory
from carpool.kernel.web import write_place
from matching.models import CommutePlan, CommuteRole, Direction

WORK = reverse("matching:start-step", args=["work"])

BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(client, cast):
    client.force_login(cast.colleague.user, backend=BACKEND)
    return client


HOME = {"place_label": "Calle Uno 1", "place": write_place(HOME_NORTH)}
TIMES = {"arrive": "08:30", "leave": "17:30", "role": "either"}
CAR = {"has_car": "yes", "make": "Kia", "model": "Rio", "colour": "Red", "plate": "kx-rt-42"}


def work(cast, **changes):
    site = list_sites(cast.colleague).get(name="Port")
    return {"site": str(site.pk), "has_car": "no"} | changes


def test_three_answers_make_home_work_car_and_a_week(newcomer, cast):
    assert "/start/" in newcomer.get("/").content.decode()
    requests, address = 1, "/start/"
    newcomer.get(address)
    for body in (HOME, work(cast, **CAR), TIMES):
        answer = newcomer.post(address, body)
        assert answer.status_code == 302, answer.context["form"].errors
        address = answer["Location"]
        newcomer.get(address)
        requests += 2
    assert requests <= 7
    assert address == "/plan/"
    kinds = set(Place.objects.filter(member=cast.colleague).values_list("kind", flat=True))
    assert kinds == {PlaceKind.HOME, PlaceKind.WORK}
    assert cast.colleague.cars.get().plate == "KX-RT-42"
    plan = CommutePlan.objects.get(member=cast.colleague)
    assert plan.work_site.name == "Port"
    assert plan.trips.count() == 10
    assert {trip.role for trip in plan.trips.all()} == {CommuteRole.EITHER}
    assert {(t.direction, f"{t.at:%H:%M}") for t in plan.trips.all()} == {
        (Direction.TO_WORK, "08:30"),
        (Direction.TO_HOME, "17:30"),
    }
    assert "/start/" not in newcomer.get("/").content.decode()


def test_it_takes_six_taps_beside_the_address(newcomer, cast):
    """Begin · Next · (site and car are set) Next · (times are set) Make my plan."""
    newcomer.post("/start/", HOME)
    form = newcomer.get(WORK).context["form"]
    newcomer.post(WORK, {name: form[name].value() or "" for name in form.fields})
    form = newcomer.get("/start/times/").context["form"]
    answer = newcomer.post("/start/times/", {name: form[name].value() for name in form.fields})
    assert answer["Location"] == "/plan/"
    assert {t.role for t in cast.colleague.commute_plan.trips.all()} == {CommuteRole.RIDE}


@pytest.mark.parametrize("step", ["", "work/", "times/"])
def test_every_screen_can_be_skipped(newcomer, step):
    page = newcomer.get(f"/start/{step}").content.decode()
    assert "Skip" in page
    assert f"Step {('', 'work/', 'times/').index(step) + 1} of 3" in page


@pytest.mark.parametrize(
    ("step", "changes", "field"),
    [
        ("home", {"place": write_place(AT_SEA), "place_label": "x"}, None),
        ("home", {"place": "", "place_label": ""}, "place_label"),
        ("work", {"site": "00000000-0000-0000-0000-000000000000"}, "site"),
        ("work", CAR | {"plate": ""}, "plate"),
        ("times", {"leave": "07:00"}, "leave"),
        ("times", {"role": "fly"}, "role"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(newcomer, cast, step, changes, field):
    newcomer.post("/start/", HOME)
    right = {"home": HOME, "work": work(cast), "times": TIMES}[step]
    answer = newcomer.post(f"/start/{step}/", right | changes)
    if field is not None:
        assert list(answer.context["form"].errors) == [field]
    assert not CommutePlan.objects.filter(member=cast.colleague).exists()


def test_without_home_the_last_screen_says_what_is_missing(newcomer):
    answer = newcomer.post("/start/times/", TIMES)
    assert answer.status_code == 200
    assert "Say where you live." in answer.content.decode()


def test_coming_again_shows_what_is_known_and_adds_no_second_car(newcomer, cast):
    CarFactory(member=cast.colleague, plate="KX-RT-42")
    newcomer.post("/start/", HOME)
    newcomer.post(WORK, work(cast, **CAR))
    assert "Calle Uno 1" in newcomer.get("/start/").content.decode()
    assert newcomer.get(WORK).context["form"]["has_car"].value() == "yes"
    assert cast.colleague.cars.count() == 1


def test_there_is_no_fourth_screen_and_nobody_comes_unasked(newcomer, client):
    assert newcomer.get("/start/fourth/").status_code == 404
    client.logout()
    assert client.get("/start/").status_code == 302


def test_an_organization_without_sites_asks_where_one_works(client, cast, db):
    neighbour = MemberFactory(car=False)
    client.force_login(neighbour.user, backend=BACKEND)
    client.post("/start/", HOME)
    assert "data-map" in client.get(WORK).content.decode()
    empty = client.post(WORK, {"has_car": "no"})
    assert list(empty.context["form"].errors) == ["place_label"]
    place = {"place_label": "The harbour", "place": write_place(PORT), "has_car": "no"}
    assert client.post(WORK, place)["Location"] == "/start/times/"
    assert "The harbour" in client.get(WORK).content.decode()
    assert client.post("/start/times/", TIMES | {"role": "ride"})["Location"] == "/plan/"
    assert CommutePlan.objects.get(member=neighbour).work_end[1] == "The harbour"
