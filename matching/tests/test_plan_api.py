"""Plans, proposals and assignments through the REST API."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Site
from accounts.services import save_place
from accounts.tests.factories import AT_SEA, HOME_NORTH, HOME_SOUTH
from carpool.kernel.geo import to_point
from carpool.kernel.tests.problems import assert_problem
from matching.models import AssignmentRun, CommutePlan
from matching.tests.plan_factories import propose, workday
from rides.models import Booking, Ride
from rides.tests.api import Api

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def week(cast):
    """A week of the driver's, as a client sends it."""
    home = save_place(member=cast.driver, kind="home", label="Home", location=HOME_NORTH)
    port = Site.objects.get(organization=cast.organization, name="Port")
    trip = {"direction": "to_work", "role": "either", "at": "08:30", "flexibility_s": 600}
    return {
        "home": str(home.pk),
        "work_site": str(port.pk),
        "car": str(cast.driver.cars.get().pk),
        "seats": 2,
        "detour_s": 600,
        "walk_m": 500,
        "trips": [trip | {"weekday": day} for day in range(5)],
    }


class TestPlan:
    """One's own week."""

    def test_a_week_is_written_down_and_read_again(self, cast, week):
        api = Api(cast.driver)
        assert_problem(api.get("plan"), 404, "plan_not_found")
        written = api.put("plan", week).json()
        assert written == api.get("plan").json()
        assert {k: written[k] for k in week} == week
        assert written["sentences"] == ["Mon–Fri you drive or ride along to work by 08:30."]
        shorter = api.put("plan", week | {"trips": week["trips"][:1]}).json()
        assert len(shorter["trips"]) == 1
        assert CommutePlan.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "status", "field"),
        [
            ({"home": str(uuid4())}, 404, "home"),
            ({"home": None}, 422, "home"),
            ({"work_site": str(uuid4())}, 404, "work_site"),
            ({"work_site": None}, 422, "work_site"),
            ({"work_place": str(uuid4())}, 422, "work_site"),
            ({"work_site": None, "work_place": str(uuid4())}, 404, "work_place"),
            ({"car": None}, 422, "car"),
            ({"car": str(uuid4())}, 404, "car"),
            ({"seats": 0}, 422, "seats"),
            ({"seats": 8}, 422, "seats"),
            ({"detour_s": -1}, 422, "detour_s"),
            ({"walk_m": 90_000}, 422, "walk_m"),
            ({"trips": None}, 400, "trips"),
        ],
    )
    def test_a_wrong_value_is_named(self, cast, week, changes, status, field):
        answer = Api(cast.driver).put("plan", week | changes)
        assert answer.status_code == status, answer.content
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert not CommutePlan.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "status", "field"),
        [
            ({"weekday": 7}, 422, "trips.2.weekday"),
            ({"weekday": 0}, 422, "trips.2"),
            ({"flexibility_s": 99_999}, 422, "trips.2.flexibility_s"),
            ({"role": "fly"}, 400, "trips.2.role"),
            ({"at": "late"}, 400, "trips.2.at"),
        ],
    )
    def test_a_wrong_trip_is_named_by_its_number(self, cast, week, changes, status, field):
        week["trips"][2] |= changes
        answer = Api(cast.driver).put("plan", week)
        assert answer.status_code == status, answer.content
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    def test_a_home_that_no_map_knows_is_named(self, cast, week):
        cast.driver.places.update(location=to_point(AT_SEA))
        answer = Api(cast.driver).put("plan", week)
        assert [error["field"] for error in answer.json()["errors"]] == ["home"]


class TestProposals:
    """What is proposed, and the answer."""

    def test_the_rider_reads_theirs_and_says_yes_once(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        api = Api(cast.rider)
        [shown] = api.get("proposals").json()["results"]
        assert (shown["id"], shown["state"]) == (str(proposal.pk), "open")
        assert shown["driver"] == {"id": str(cast.driver.pk), "first_name": "Dora"}
        assert shown["waits_for_me"]
        assert shown["added_s"] is None
        assert shown["riders"] == []
        assert shown["seat"]["pickup_label"]
        key = str(uuid4())
        for _ in range(2):
            said = api.post(f"proposals/{proposal.pk}/answer", {"yes": True}, key=key)
            assert said.status_code == 200, said.content
        assert said.json()["seat"]["answer"] == "yes"

    def test_the_drivers_yes_tells_of_the_ride(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        Api(cast.rider).post(f"proposals/{proposal.pk}/answer", {"yes": True})
        said = Api(cast.driver).post(f"proposals/{proposal.pk}/answer", {"yes": True}).json()
        assert (said["state"], said["ride"]) == ("taken", str(Ride.objects.get().pk))
        assert said["added_s"] >= 0
        mine = Api(cast.rider).get("proposals").json()["results"][0]
        assert mine["seat"]["booking"] == str(Booking.objects.get().pk)
        again = Api(cast.rider).post(f"proposals/{proposal.pk}/answer", {"yes": False})
        assert_problem(again, 409, "already_answered")

    def test_a_declined_one_says_why(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        Api(cast.driver).post(f"proposals/{proposal.pk}/answer", {"yes": False})
        [shown] = Api(cast.rider).get("proposals").json()["results"]
        assert (shown["state"], shown["closed_because"]) == ("declined", "driver")
        late = Api(cast.rider).post(f"proposals/{proposal.pk}/answer", {"yes": True})
        assert_problem(late, 409, "proposal_closed")

    def test_the_list_asks_as_often_for_many_as_for_few(self, cast, now):
        api = Api(cast.driver)

        def cost():
            api.get("proposals")
            with CaptureQueriesContext(connection) as caught:
                answer = api.get("proposals")
            return len(caught), len(answer.json()["results"])

        homes = {cast.rider: HOME_SOUTH}
        propose(cast.driver, cast.rider, now=now, homes=homes)
        few, one = cost()
        people = (cast.colleague, cast.manager, cast.operator)
        propose(cast.driver, *people, now=now, direction="to_home")
        many, two = cost()
        assert (one, two) == (1, 2)
        assert many == few <= 6


class TestAssignments:
    """For mobility managers."""

    def test_a_manager_asks_and_reads_how_it_stands(self, cast, now):
        body = {"service_date": workday(now).isoformat(), "direction": "to_work"}
        asked = Api(cast.manager).post("assignments", body)
        assert asked.status_code == 202, asked.content
        assert asked.json()["state"] == "queued"
        again = Api(cast.manager).post("assignments", body)
        assert_problem(again, 409, "run_under_way")
        [listed] = Api(cast.manager).get("assignments").json()["results"]
        assert listed == asked.json()
        assert AssignmentRun.objects.get().organization == cast.organization

    @pytest.mark.parametrize(
        ("changes", "status", "field"),
        [
            ({"service_date": "2020-01-01"}, 422, "service_date"),
            ({"service_date": "soon"}, 400, "service_date"),
            ({"direction": "up"}, 400, "direction"),
        ],
    )
    def test_a_wrong_value_is_named(self, cast, now, changes, status, field):
        body = {"service_date": workday(now).isoformat(), "direction": "to_work"} | changes
        answer = Api(cast.manager).post("assignments", body)
        assert answer.status_code == status
        assert [error["field"] for error in answer.json()["errors"]] == [field]
