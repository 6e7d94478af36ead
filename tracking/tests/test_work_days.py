"""The log of working days: what proven trips tell, what people say, what managers count."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import PlaceKind, Site
from accounts.services import change_policies, save_place
from accounts.tests.factories import MemberFactory
from carpool.kernel.geo import from_point, offset_m, to_point
from rides.services import state_proof, withdraw_proof
from rides.tests.api import Api
from rides.tests.factories import book, offer
from tracking import services
from tracking.errors import DayNotOpen
from tracking.models import DayKind, Trace, Verification, WorkDay
from tracking.selectors.personal import export_positions
from tracking.selectors.work_days import count_work_days, month_sheet
from tracking.services.fixes import Fix
from tracking.services.forgetting import erase_positions
from tracking.services.uniting import unite_positions
from tracking.services.work_days import forget_old_days
from tracking.tests.factories import send
from tracking.tests.test_verifying import judge, travel

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def ride(cast, now):
    return offer(cast.driver, now=now, hours=24)


@pytest.fixture
def booking(cast, ride, now):
    booking = book(cast.rider, ride, now=now)
    ride.refresh_from_db()
    return booking


def ends_at(member, ride, place, at):
    """Let somebody's phone have been there last."""
    Trace.objects.update_or_create(
        ride=ride, member=member,
        defaults={
            "day": at.date(), "positions_count": 9, "location": to_point(place), "located_at": at,
        },
    )  # fmt: skip


def only_site(cast, place, *, east_m=0.0, radius_m=25):
    Site.objects.all().delete()
    there = to_point(offset_m(place, east_m=east_m, north_m=0))
    return Site.objects.create(
        organization=cast.organization, name="Gate", location=there, radius_m=radius_m
    )


def proven(booking, at):
    state_proof(booking_id=booking.pk, proof_class="C", now=at)
    services.log_work_days(booking_id=booking.pk)


def local(member, at):
    return at.astimezone(member.organization.zone).date()


class TestProven:
    """A proven trip that ends at work logs the day."""

    def test_two_phones_that_arrive_at_work_log_both_their_days(self, cast, ride, booking):
        end = from_point(ride.destination)
        only_site(cast, end, radius_m=300)
        judge(travel(cast, ride, booking))
        assert Verification.objects.get().accepted
        days = {day.member_id: day for day in WorkDay.objects.all()}
        assert cast.driver.pk in days
        day = days[cast.driver.pk]
        assert (day.kind, day.date) == (DayKind.ON_SITE, local(cast.driver, day.arrived_at))

    @pytest.mark.parametrize(("east_m", "is_logged"), [(95, True), (130, False)])
    def test_within_so_many_metres(self, cast, ride, booking, now, east_m, is_logged):
        at = ride.arrival_at
        only_site(cast, from_point(ride.destination), east_m=east_m)
        ends_at(cast.rider, ride, from_point(ride.destination), at)
        proven(booking, at)
        assert WorkDay.objects.exists() == is_logged

    def test_how_near_is_the_organizations_rule(self, cast, ride, booking, now):
        change_policies(
            organization=cast.organization, values={"workplace_m": 300}, by=None, now=now
        )
        only_site(cast, from_point(ride.destination), east_m=250)
        ends_at(cast.rider, ride, from_point(ride.destination), ride.arrival_at)
        proven(booking, ride.arrival_at)
        assert WorkDay.objects.count() == 1

    def test_the_place_one_saved_as_work_counts_too(self, cast, ride, booking):
        Site.objects.all().delete()
        end = from_point(ride.destination)
        save_place(member=cast.rider, kind=PlaceKind.WORK, label="Work", location=end)
        for who in (cast.rider, cast.driver):
            ends_at(who, ride, end, ride.arrival_at)
        proven(booking, ride.arrival_at)
        assert [day.member_id for day in WorkDay.objects.all()] == [cast.rider.pk]

    def test_who_sent_no_positions_is_not_logged(self, cast, ride, booking):
        only_site(cast, from_point(ride.destination))
        ends_at(cast.driver, ride, from_point(ride.destination), ride.arrival_at)
        proven(booking, ride.arrival_at)
        assert [day.member_id for day in WorkDay.objects.all()] == [cast.driver.pk]

    def test_told_twice_it_is_one_day(self, cast, ride, booking):
        only_site(cast, from_point(ride.destination))
        ends_at(cast.rider, ride, from_point(ride.destination), ride.arrival_at)
        for _round in range(3):
            proven(booking, ride.arrival_at)
        assert WorkDay.objects.count() == 1

    def test_what_a_phone_sends_after_the_proof_tells_where_the_trip_ended(
        self, cast, ride, booking
    ):
        gate = offset_m(from_point(ride.destination), east_m=500, north_m=0)
        only_site(cast, gate)
        judge(travel(cast, ride, booking))
        assert Verification.objects.get().accepted
        assert not WorkDay.objects.exists()
        at = ride.arrival_at + timedelta(minutes=2)
        send(cast.driver, ride, [Fix(90_000, at, gate)], now=at + timedelta(minutes=20))
        (day,) = WorkDay.objects.all()
        assert (day.member_id, day.arrived_at) == (cast.driver.pk, at)
        later, elsewhere = at + timedelta(minutes=5), from_point(ride.origin)
        send(cast.driver, ride, [Fix(90_001, later, elsewhere)], now=at + timedelta(minutes=20))
        assert not WorkDay.objects.exists()

    def test_an_unproven_trip_logs_nothing(self, cast, ride, booking):
        only_site(cast, from_point(ride.destination))
        ends_at(cast.rider, ride, from_point(ride.destination), ride.arrival_at)
        services.log_work_days(booking_id=booking.pk)
        assert not WorkDay.objects.exists()

    def test_a_withdrawn_proof_takes_the_day_out_and_leaves_what_was_said(
        self, cast, ride, booking
    ):
        only_site(cast, from_point(ride.destination))
        for who in (cast.rider, cast.driver):
            ends_at(who, ride, from_point(ride.destination), ride.arrival_at)
        proven(booking, ride.arrival_at)
        day = local(cast.rider, ride.arrival_at)
        services.say_work_day(by=cast.rider, day=day, kind=DayKind.TELEWORK, now=ride.arrival_at)
        withdraw_proof(booking_id=booking.pk, now=ride.arrival_at)
        services.forget_proven_days(booking_id=booking.pk)
        services.log_work_days(booking_id=booking.pk)  # told late
        (left,) = WorkDay.objects.all()
        assert (left.member_id, left.kind, left.arrived_at) == (cast.rider.pk, "telework", None)

    def test_a_person_who_overturns_a_verdict_takes_the_proof_back(self, cast, ride, booking):
        only_site(cast, from_point(ride.destination), radius_m=300)
        judge(travel(cast, ride, booking))
        verification = Verification.objects.get()
        at = ride.arrival_at + timedelta(hours=3)
        services.overturn_verdict(verification_id=verification.pk, now=at)
        judge(at)
        booking.refresh_from_db()
        verification.refresh_from_db()
        assert (booking.proven_at, booking.proof_class) == (None, "")
        assert (verification.accepted, verification.eligible) == (False, False)
        assert not WorkDay.objects.exists()


class TestSaid:
    """What the member says counts, and stands beside the fact."""

    def test_a_correction_is_kept_beside_what_the_trip_proves(self, cast, ride, booking):
        only_site(cast, from_point(ride.destination))
        ends_at(cast.rider, ride, from_point(ride.destination), ride.arrival_at)
        proven(booking, ride.arrival_at)
        day, at = local(cast.rider, ride.arrival_at), ride.arrival_at
        row = services.say_work_day(by=cast.rider, day=day, kind=DayKind.AWAY, now=at)
        assert (row.kind, row.said_at, row.said_by, row.is_corrected) == (
            "away", at, cast.rider, True,
        )  # fmt: skip
        assert row.arrived_at == ride.arrival_at
        back = services.say_work_day(by=cast.rider, day=day, kind=None, now=at)
        assert (back.kind, back.said, back.is_corrected) == ("on_site", "", False)

    def test_a_day_nobody_knows_of_has_no_row(self, cast, now):
        today = local(cast.rider, now)
        row = services.say_work_day(by=cast.rider, day=today, kind=DayKind.TELEWORK, now=now)
        assert row.kind == DayKind.TELEWORK
        assert services.say_work_day(by=cast.rider, day=today, kind=None, now=now) is None
        assert not WorkDay.objects.exists()

    @pytest.mark.parametrize("days", [61, -731])
    def test_not_too_far_ahead_nor_too_long_ago(self, cast, now, days):
        day = local(cast.rider, now) + timedelta(days=days)
        with pytest.raises(DayNotOpen):
            services.say_work_day(by=cast.rider, day=day, kind=DayKind.AWAY, now=now)

    def test_old_days_are_deleted(self, cast, now):
        term = timedelta(days=settings.RETENTION_DAYS["work_day"] + 1)
        for day in (now.date() - term, now.date()):
            WorkDay.objects.create(member=cast.rider, date=day, said="away", said_at=now)
        assert forget_old_days(now=now) == 1
        assert WorkDay.objects.get().date == now.date()


class TestPrivacy:
    """Nobody reads another's days; managers see counts of at least five."""

    def say(self, member, day, kind, now):
        WorkDay.objects.create(member=member, date=day, said=kind, said_at=now)

    def test_managers_see_no_count_of_few_people(self, cast, now):
        today = local(cast.manager, now)
        people = [MemberFactory(organization=cast.organization) for _ in range(6)]
        for member in people[:5]:
            self.say(member, today, "telework", now)
        self.say(people[5], today, "away", now)
        for member in people[:4]:
            self.say(member, today - timedelta(days=1), "away", now)
        (count,) = count_work_days(cast.manager, now=now)
        assert (count.date, count.telework, count.away, count.on_site) == (today, 5, None, 0)

    def test_it_is_exported_forgotten_and_moves_with_a_united_account(self, cast, now):
        today = local(cast.rider, now)
        self.say(cast.rider, today, "away", now)
        (row,) = export_positions(cast.rider.pk)["work_days"]
        assert (row["date"], row["said"]) == (today, "away")
        unite_positions(cast.colleague.pk, cast.rider.pk, now)
        assert WorkDay.objects.get().member == cast.colleague
        erase_positions(cast.colleague.pk, now)
        assert not WorkDay.objects.exists()

    def test_the_month_is_read_with_one_question(self, cast, now, django_assert_num_queries):
        today = local(cast.rider, now)
        for days in range(20):
            self.say(cast.rider, today - timedelta(days=days), "away", now)
        with django_assert_num_queries(1):
            month_sheet(cast.rider, today.replace(day=1), today=today)


class TestShown:
    """Pages and API."""

    def client(self, member):
        client = Client()
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def test_a_member_looks_at_a_month_and_corrects_a_day(self, cast, now):
        client, today = self.client(cast.rider), local(cast.rider, now)
        page = client.get(reverse("tracking:own-days"))
        assert "No proven trip ended at your workplace" in page.content.decode()
        said = {"date": today.isoformat(), "kind": "telework"}
        answer = client.post(reverse("tracking:own-days"), said, follow=True)
        assert 'data-kind="telework"' in answer.content.decode()
        assert WorkDay.objects.get(member=cast.rider).said == "telework"
        table = client.get(reverse("tracking:own-days-table"))
        assert table["Content-Type"].startswith("text/csv")
        assert f"{today.isoformat()},telework" in table.content.decode()
        client.post(reverse("tracking:own-days"), {"date": today.isoformat(), "kind": ""})
        assert not WorkDay.objects.exists()

    @pytest.mark.parametrize("query", ["?month=nonsense", "?day=nonsense", "?month=2026-13"])
    def test_nonsense_is_answered_kindly(self, cast, query):
        answer = self.client(cast.rider).get(reverse("tracking:own-days") + query)
        assert answer.status_code in {400, 422}

    def test_every_month_has_its_sheet(self, cast):
        for first in (date(2026, 2, 1), date(2027, 2, 1), date(2028, 2, 29).replace(day=1)):
            sheet = month_sheet(cast.rider, first, today=first)
            assert len(sheet.weekdays) == 7
            days = [cell.date.day for week in sheet.weeks for cell in week if cell]
            assert days == sorted(days)
            assert sheet.before < first < sheet.after

    def test_an_app_does_the_same(self, cast, now):
        api, today = Api(cast.rider), local(cast.rider, now).isoformat()
        said = api.send("PUT", "me/work-days", {"date": today, "kind": "away"})
        assert (said.status_code, said.json()["kind"]) == (200, "away")
        (day,) = api.get("me/work-days").json()
        assert (day["date"], day["arrived_at"], day["is_corrected"]) == (today, None, False)
        assert Api(cast.colleague).get("me/work-days").json() == []
        assert api.send("PUT", "me/work-days", {"date": today, "kind": None}).status_code == 204
        far = {"date": "2099-01-01", "kind": "away"}
        refused = api.send("PUT", "me/work-days", far)
        assert (refused.status_code, refused.json()["code"]) == (422, "day_not_open")

    def test_a_list_of_many_days_asks_as_often_as_one_of_few(self, cast, now):
        api, first = Api(cast.rider), local(cast.rider, now).replace(day=1)

        def ask():
            with CaptureQueriesContext(connection) as caught:
                api.get("me/work-days")
            return len(caught)

        ask()
        WorkDay.objects.create(member=cast.rider, date=first, said="away", said_at=now)
        few = ask()
        for days in range(1, 20):
            day = first + timedelta(days=days)
            WorkDay.objects.create(member=cast.rider, date=day, said="away", said_at=now)
        assert ask() == few

    def test_a_managers_page_says_when_there_is_nothing_to_count(self, cast):
        page = self.client(cast.manager).get(reverse("tracking:counted-days"))
        assert "Nothing to count yet" in page.content.decode()
