"""The plan's pages, as a browser asks for them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.models import Site
from accounts.services import save_place
from accounts.tests.factories import HOME_NORTH
from matching.models import AssignmentRun, CommutePlan, ProposalState, RunState
from matching.tests.plan_factories import plan, propose, running, workday
from rides.models import Booking, Ride

pytestmark = pytest.mark.usefixtures("city")
PAGE = "/plan/"


def browser(member):
    """Return a browser in which somebody is signed in."""
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def week(member, **changes):
    """What the form sends: ride to work and home, Monday speaking for all workdays."""
    home = member.places.filter(kind="home").first() or save_place(
        member=member, kind="home", label="Calle Norte", location=HOME_NORTH
    )
    port = Site.objects.get(organization=member.organization, name="Port")
    car = member.cars.first()
    return {
        "home": str(home.pk),
        "work": f"site:{port.pk}",
        "car": str(car.pk) if car else "",
        "seats": "2",
        "detour_minutes": "10",
        "walk_m": "800",
        "keeps_looking": "on",
        "same": "on",
        "to_work_0_role": "ride",
        "to_work_0_at": "08:15",
        "to_work_0_flexibility": "20",
        "to_home_0_role": "ride",
        "to_home_0_at": "17:00",
        "to_home_0_flexibility": "15",
    } | changes


class TestWeek:
    """Entering a week."""

    def test_who_has_no_home_is_asked_for_it_first(self, cast):
        text = text_of(browser(cast.rider).get(PAGE))
        assert "First, your home" in text
        assert "data-plan" not in text

    def test_the_form_begins_with_what_is_known(self, cast):
        save_place(member=cast.driver, kind="home", label="Calle Norte", location=HOME_NORTH)
        initial = browser(cast.driver).get(PAGE).context["form"].initial
        assert initial["car"] == str(cast.driver.cars.get().pk)
        assert initial["work"].startswith("site:")
        assert initial["same"]

    def test_monday_speaks_for_all_workdays(self, cast):
        answer = browser(cast.rider).post(PAGE, week(cast.rider), follow=True)
        assert "Proposals come in the evening" in text_of(answer)
        assert "Mon–Fri you ride along to work by 08:15." in text_of(answer)
        trips = CommutePlan.objects.get(member=cast.rider).trips
        assert trips.filter(role="ride").count() == 10
        assert trips.filter(role="none").count() == 4
        assert set(trips.filter(direction="to_work").values_list("flexibility_s", flat=True)) == {
            1200,
            900,
        }

    def test_days_may_differ(self, cast):
        own = {"same": "", "to_work_2_role": "either", "to_work_2_at": "07:00"}
        car = week(cast.driver)
        answer = browser(cast.driver).post(PAGE, car | own, follow=True)
        text = text_of(answer)
        assert "Mon you ride along to work by 08:15." in text
        assert "Wed you drive or ride along to work by 07:00." in text

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"home": "nowhere"}, "home"),
            ({"work": ""}, "work"),
            ({"seats": "0"}, "seats"),
            ({"detour_minutes": "500"}, "detour_minutes"),
            ({"to_work_0_at": ""}, "to_work_0_at"),
            ({"to_work_0_at": "late"}, "to_work_0_at"),
            ({"to_work_0_role": "fly"}, "to_work_0_role"),
            ({"to_work_0_role": "drive"}, "car"),
        ],
    )
    def test_a_wrong_value_is_marked_where_it_stands(self, cast, changes, field):
        answer = browser(cast.rider).post(PAGE, week(cast.rider, **changes))
        assert list(answer.context["form"].errors) == [field]
        assert f'id="id_{field}_error"' in text_of(answer)
        assert not CommutePlan.objects.exists()

    def test_the_preview_says_what_was_entered_and_saves_nothing(self, cast):
        address = reverse("matching:plan-preview")
        changed = week(cast.rider, to_home_0_at="nonsense")
        text = text_of(browser(cast.rider).post(address, changed))
        assert "Mon–Fri you ride along to work by 08:15." in text
        assert "home at 17:30" in text
        assert not CommutePlan.objects.exists()

    def test_the_plan_rests_and_goes_on(self, cast, now):
        plan(cast.rider, now=now)
        client = browser(cast.rider)
        until = now.date() + timedelta(days=9)
        text = text_of(client.post(reverse("matching:plan-pause"), {"until": until}, follow=True))
        assert "Your plan rests until" in text
        client.post(reverse("matching:plan-pause"), {"until": ""})
        assert not CommutePlan.objects.get().is_active
        client.post(reverse("matching:plan-resume"))
        assert CommutePlan.objects.get().is_active
        early = client.post(reverse("matching:plan-pause"), {"until": "2020-01-01"}, follow=True)
        assert "Choose a day to come" in text_of(early)

    def test_without_a_plan_there_is_nothing_to_rest(self, cast):
        assert browser(cast.rider).post(reverse("matching:plan-pause")).status_code == 404

    def test_in_korean(self, cast, now):
        plan(cast.rider, now=now)
        client = browser(cast.rider)
        client.cookies["django_language"] = "ko"
        text = text_of(client.get(PAGE))
        with translation.override("ko"):
            assert translation.gettext("My week") in text
        assert "My week" not in text


class TestProposals:
    """Answering with one tap."""

    def answer(self, member, proposal, said):
        address = reverse("matching:proposal-answer", args=[proposal.pk])
        return browser(member).post(address, {"answer": said}, follow=True)

    def test_driver_and_rider_read_what_concerns_them(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        theirs = text_of(browser(cast.rider).get(PAGE))
        assert "Ride along with Dora?" in theirs
        assert "Dora Driver" not in theirs
        assert cast.driver.cars.get().plate not in theirs
        mine = text_of(browser(cast.driver).get(PAGE))
        assert "Take 1 colleague along?" in mine
        assert proposal.seats.get().pickup_area in mine
        assert "Ride along with" not in text_of(browser(cast.colleague).get(PAGE))

    def test_two_taps_make_a_ride_with_a_seat(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        assert "booked as soon as the driver" in text_of(self.answer(cast.rider, proposal, "yes"))
        done = self.answer(cast.driver, proposal, "yes")
        ride = Ride.objects.get(driver=cast.driver)
        assert done.redirect_chain == [(reverse("rides:ride", args=[ride.pk]), 302)]
        assert Booking.objects.get().ride == ride

    def test_no_is_as_short(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        assert "Fine" in text_of(self.answer(cast.driver, proposal, "no"))
        proposal.refresh_from_db()
        assert proposal.state == ProposalState.DECLINED
        assert "no longer open" in text_of(self.answer(cast.rider, proposal, "yes"))

    def test_what_is_neither_yes_nor_no_is_asked_again(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        assert "yes or no" in text_of(self.answer(cast.rider, proposal, "perhaps"))

    def test_another_organizations_proposal_does_not_exist(self, cast, now):
        proposal = propose(cast.driver, cast.rider, now=now)
        assert self.answer(cast.outsider, proposal, "yes").status_code == 404

    def test_every_page_counts_what_waits(self, cast, now):
        propose(cast.driver, cast.rider, now=now)
        assert "1 carpool is proposed to you" in text_of(browser(cast.rider).get("/"))
        assert "tabs__count" in text_of(browser(cast.rider).get("/find/"))
        assert "tabs__count" not in text_of(browser(cast.colleague).get("/"))

    def test_the_fragment_holds_the_proposals_only(self, cast, now):
        propose(cast.driver, cast.rider, now=now)
        text = text_of(browser(cast.rider).get(PAGE, {"fragment": "proposals"}))
        assert "Ride along with Dora?" in text
        assert "<html" not in text

    def test_the_page_costs_as_many_queries_with_many_riders(self, cast, now):
        def cost(member):
            client = browser(member)
            client.get(PAGE)
            with CaptureQueriesContext(connection) as caught:
                client.get(PAGE)
            return len(caught)

        propose(cast.driver, cast.rider, now=now)
        few = cost(cast.driver)
        propose(cast.driver, cast.colleague, cast.manager, cast.operator, now=now)
        assert cost(cast.driver) == few
        assert few <= 22


class TestComputing:
    """What one sees of the computation."""

    def test_everybody_sees_that_it_is_under_way_or_failed(self, cast, now):
        run = running(cast.driver, workday(now), "to_work", now=now)
        client = browser(cast.rider)
        assert "Putting cars together" in text_of(client.get(PAGE))
        assert "Putting cars together" not in text_of(browser(cast.outsider).get(PAGE))
        AssignmentRun.objects.filter(pk=run.pk).update(state=RunState.FAILED, finished_at=now)
        assert "could not be computed" in text_of(client.get(PAGE))

    def test_a_manager_asks_for_proposals_and_nobody_else_may(self, cast, now):
        day = workday(now).isoformat()
        address = reverse("matching:plan-run")
        refused = browser(cast.rider).post(address, {"service_date": day}, follow=True)
        assert "Only mobility managers" in text_of(refused)
        assert not AssignmentRun.objects.exists()
        manager = browser(cast.manager)
        assert "being computed" in text_of(
            manager.post(address, {"service_date": day}, follow=True)
        )
        assert AssignmentRun.objects.count() == 2
        again = manager.post(address, {"service_date": day}, follow=True)
        assert "computed already" in text_of(again)
        bad = manager.post(address, {"service_date": "soon"}, follow=True)
        assert "Choose a day" in text_of(bad)
