"""The demo: its people, its simulated day, and the audit that must not be blind."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Member
from accounts.selectors import list_communities, list_demo_members
from matching.management.demo import audit
from matching.models import Study
from rides.models import Ride, Stop
from rides.tests.factories import book, offer

pytestmark = pytest.mark.usefixtures("city")


def test_the_demo_is_seeded_once(db):
    call_command("seed_demo")
    people, rides = Member.objects.count(), Ride.objects.count()
    assert people == 30
    assert list_communities().get().members.count() == 6
    assert rides > 50
    call_command("seed_demo")
    assert (Member.objects.count(), Ride.objects.count()) == (people, rides)
    assert len(list_demo_members(per_organization=3)) == 9
    assert Study.objects.get().problem_count == 1


def test_a_day_goes_by_without_a_broken_promise(db, capsys):
    call_command("demo_day", people=24, speed="max", seed=3)
    told = capsys.readouterr().out
    assert "promises broken       0" in told
    assert "errors                0" in told
    assert not Ride.objects.exclude(state="completed").exists()
    call_command("demo_day", people=24, speed="max", seed=3)
    assert Ride.objects.dates("departure_at", "day").count() >= 2


@pytest.mark.parametrize(
    ("options", "says"),
    [({"people": 1}, "--people"), ({"speed": "fast"}, "--speed"), ({"speed": "0"}, "--speed")],
)
def test_nonsense_is_refused(db, options, says):
    with pytest.raises(CommandError, match=says):
        call_command("demo_day", **{"people": 24, "speed": "max", **options})


class TestAudit:
    """Whatever is wrong with a ride, the audit says so."""

    @pytest.fixture
    def ride(self, cast, now):
        ride = offer(cast.driver, now=now)
        book(cast.rider, ride, now=now)
        return ride

    def complaints(self, ride):
        since = ride.departure_at - timedelta(days=1)
        return audit.audit(audit.with_everything(ride.organization_id, since))

    def test_an_honest_ride_is_clean(self, ride):
        assert self.complaints(ride) == []

    def test_a_late_stop_is_seen(self, ride):
        stop = ride.stops.get(kind="dropoff")
        early = stop.planned_at - timedelta(minutes=2)
        Stop.objects.filter(pk=stop.pk).update(planned_at=early, latest_at=early)
        assert any("promised" in complaint for complaint in self.complaints(ride))

    def test_a_wrong_plan_is_seen(self, ride):
        stop = ride.stops.get(kind="pickup")
        Stop.objects.filter(pk=stop.pk).update(planned_at=stop.planned_at - timedelta(minutes=1))
        assert any("planned" in complaint for complaint in self.complaints(ride))

    def test_too_many_people_are_seen(self, ride):
        ride.bookings.update(seats=8)
        assert any("8 people on 3 seats" in complaint for complaint in self.complaints(ride))

    def test_a_rider_picked_up_too_early_is_seen(self, ride):
        booking = ride.bookings.get()
        ride.bookings.update(earliest_departure_at=booking.pickup_at)
        ride.bookings.update(walk_to_m=500)
        assert any("too early" in complaint for complaint in self.complaints(ride))

    def test_a_rider_home_too_late_is_seen(self, ride):
        ride.bookings.update(walk_from_m=50_000)
        assert any("wanted" in complaint for complaint in self.complaints(ride))

    def test_a_detour_too_long_is_seen(self, ride):
        Ride.objects.filter(pk=ride.pk).update(detour_s=0, solo_duration_s=60)
        assert any("detour" in complaint for complaint in self.complaints(ride))
