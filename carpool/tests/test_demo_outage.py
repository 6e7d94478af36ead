"""Ten minutes without worker and Redis leave no trace; and if they did, it would be seen."""

import re

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from carpool.demo.final import Ending, compare
from carpool.tests.servers import test_database_url
from rides.models import Booking, Ride
from rides.tests.factories import book, offer


class TestComparison:
    """Whatever ends differently, the comparison says so."""

    @pytest.fixture
    def booking(self, cast, now):
        return book(cast.rider, offer(cast.driver, now=now), now=now)

    @pytest.fixture
    def before(self, booking, now):
        return Ending(booking.ride.organization, now).facts()

    def different(self, booking, before, now):
        after = Ending(booking.ride.organization, now).facts()
        return [one.what for one in compare(before, after) if not one.is_none]

    def test_the_same_end_is_the_same(self, booking, before, now):
        assert before["bookings"].total() == before["rides"].total() == 1
        assert self.different(booking, before, now) == []

    def test_another_state_is_found(self, booking, before, now):
        Booking.objects.update(state="validated")
        assert self.different(booking, before, now) == ["bookings"]

    def test_what_is_not_there_any_more_is_found(self, booking, before, now):
        Ride.objects.all().delete()
        assert set(self.different(booking, before, now)) >= {"rides", "bookings", "stops"}


@pytest.mark.usefixtures("city")
@pytest.mark.django_db(transaction=True)
def test_days_end_alike_without_worker_and_redis_for_a_while(monkeypatch, capfd):
    monkeypatch.setenv("DATABASE_URL", test_database_url())
    monkeypatch.setenv("NETWORKS_DIR", str(django_settings.NETWORKS_DIR))
    call_command("demo_outage", people=10)
    told = capfd.readouterr().out
    assert told.count("worker killed -9 in a transaction") == 2
    [rewards] = re.findall(r"^  rewards +(\d+) +(\d+) +(\d+)$", told, re.MULTILINE)
    assert int(rewards[0]) > 0
    assert rewards[1:] == ("0", "0")


@pytest.mark.parametrize("options", [{"people": 1}, {"days": 9}])
def test_nonsense_is_refused(db, options):
    with pytest.raises(CommandError, match="takes"):
        call_command("demo_outage", **options)
