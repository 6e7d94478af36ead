"""One's own data: agreed to, exported, forgotten, and kept no longer than its term."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.core import signing
from django.db import connection

from accounts import services
from accounts.errors import ExportTooSoon
from accounts.models import (
    CONSENT_VERSIONS,
    Consent,
    ConsentPurpose,
    DataExport,
    Erasure,
    Member,
    PositionRead,
    Report,
)
from accounts.selectors import get_export_for, get_member, has_consent, sign_export
from carpool.kernel import clock, outbox, personal_data
from carpool.kernel.geo import crow_fly_m, from_point, points_of
from carpool.tests.belongings import DRIVERS_DOOR, RIDERS_DOOR
from carpool.tests.world import world_at
from rides.models import Booking, Ride, RideRequest, RideShare
from rides.services import forgetting, share_ride

pytestmark = pytest.mark.usefixtures("city")
LIVE = ConsentPurpose.LIVE_POSITION


def enter(client, person):
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")


# --- Consents ----------------------------------------------------------------------------------


def test_each_purpose_is_agreed_to_by_itself_and_taken_back(client, cast):
    enter(client, cast.rider)
    client.post("/profile/data/", {"consent": ["live_position"]})
    assert has_consent(cast.rider, LIVE)
    assert not has_consent(cast.rider, ConsentPurpose.TRIP_PROOF)
    client.post("/profile/data/", {})
    assert not has_consent(cast.rider, LIVE)
    [kept] = Consent.objects.all()
    assert kept.withdrawn_at is not None, "that it was given and taken back stays on record"


def test_a_new_wording_has_to_be_agreed_to_anew(cast, now, monkeypatch):
    services.give_consent(member=cast.rider, purpose=LIVE, now=now)
    monkeypatch.setitem(CONSENT_VERSIONS, LIVE, "2027-01")
    assert not has_consent(cast.rider, LIVE)
    services.give_consent(member=cast.rider, purpose=LIVE, now=now)
    assert has_consent(cast.rider, LIVE)
    versions = Consent.objects.order_by("id").values_list("version", "withdrawn_at")
    assert list(versions) == [("2026-11", now), ("2027-01", None)]


# --- Who looked --------------------------------------------------------------------------------


def test_every_look_through_a_link_is_written_down_for_its_member(client, cast, now):
    with world_at("driving", cast, now) as world:
        token = share_ride(ride_id=world.ride.pk, by=cast.rider, now=world.now)
        for _ in range(2):
            client.get(f"/follow/{token}/")
        client.get("/follow/nothing/")
        assert PositionRead.objects.filter(member=cast.rider, reader=None).count() == 2
        assert PositionRead.objects.count() == 2
        enter(client, cast.rider)
        assert client.get("/profile/data/").content.count(b"Somebody with your link") == 2
        enter(client, cast.driver)
        assert b"Somebody with your link" not in client.get("/profile/data/").content


# --- Export ------------------------------------------------------------------------------------


def made(member, now):
    export = services.ask_for_export(member=member, now=now)
    services.make_export(export_id=export.pk)
    export.refresh_from_db()
    return export


def read(export):
    with zipfile.ZipFile(BytesIO(bytes(export.content))) as packed:
        assert sorted(packed.namelist()) == ["data.json", "index.html"]
        return json.loads(packed.read("data.json")), packed.read("index.html").decode()


def test_the_export_holds_what_every_app_holds_and_nothing_of_others_homes(cast, now):
    with world_at("booked", cast, now):
        data, page = read(made(cast.rider, now))
    assert data["accounts.profile"][0]["email"] == cast.rider.user.email
    assert data["rides.booked"][0]["from"] == RIDERS_DOOR.label
    assert len(data["matching.plan"]) == 10
    assert RIDERS_DOOR.label in page
    for text in (json.dumps(data), page):
        for secret in (DRIVERS_DOOR.label, cast.driver.user.email, "Dora Driver"):
            assert secret not in text
        assert f"{DRIVERS_DOOR.location.lat}" not in text


def test_every_app_that_points_at_members_hands_out_and_forgets(db):
    assert {"accounts", "rides", "matching"} <= {one.name for one in personal_data.holders()}


def test_what_somebody_wrote_cannot_become_a_script_in_the_page(cast, now):
    cast.rider.display_name = "<script>alert(1)</script>"
    cast.rider.save()
    _data, page = read(made(cast.rider, now))
    assert "<script" not in page


def test_the_file_is_for_its_owner_for_a_week(client, cast, now):
    export = made(cast.rider, now)
    address = f"/profile/data/export/{sign_export(export)}/"
    assert client.get(address).status_code == 302
    enter(client, cast.driver)
    assert client.get(address).status_code == 404
    enter(client, cast.rider)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    for forged in ("x", signing.dumps(str(export.pk)), str(export.pk)):
        assert client.get(f"/profile/data/export/{forged}/").status_code == 404
    with time_machine.travel(now + timedelta(days=7, minutes=1)):
        enter(client, cast.rider)
        assert client.get(address).status_code == 404


def test_one_export_an_hour_and_none_before_it_is_made(cast, now):
    export = services.ask_for_export(member=cast.rider, now=now)
    with pytest.raises(ExportTooSoon):
        services.ask_for_export(member=cast.rider, now=now + timedelta(minutes=59))
    with pytest.raises(Exception, match="not there"):
        get_export_for(cast.rider, sign_export(export), now=now)
    services.ask_for_export(member=cast.rider, now=now + timedelta(minutes=61))


def test_an_export_that_the_broker_forgot_is_made_after_all(cast, now):
    export = services.ask_for_export(member=cast.rider, now=now)
    assert services.make_forgotten_exports(now=now + timedelta(minutes=14)) == 0
    assert services.make_forgotten_exports(now=now + timedelta(minutes=15)) == 1
    export.refresh_from_db()
    assert read(export)[0]["accounts.profile"]
    assert services.make_forgotten_exports(now=now + timedelta(minutes=30)) == 0


# --- Being forgotten ---------------------------------------------------------------------------


def everything_in_the_database() -> str:
    """Every text, number and point of every table, as PostgreSQL writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
            "AND table_name !~ '^(maps_|kernel_|django_|spatial_ref)'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        texts = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            texts += [text for (text,) in cursor.fetchall()]
    return "\n".join(texts)


def traces(text: str, door, person) -> list[str]:
    door_text = (f"{door.location.lon:.5f}"[:-1], f"{door.location.lat:.5f}"[:-1])
    secrets = (door.label, person["name"], person["email"], *door_text)
    return [secret for secret in secrets if secret in text]


@pytest.mark.parametrize("who", ["driver", "rider"])
def test_nothing_is_left_of_somebody_who_is_forgotten(cast, now, who):
    member = getattr(cast, who)
    door = DRIVERS_DOOR if who == "driver" else RIDERS_DOOR
    person = {"name": member.display_name, "email": member.user.email}
    with world_at("over", cast, now) as world:
        services.save_place(member=member, kind="home", label=door.label, location=door.location)
        assert len(traces(everything_in_the_database(), door, person)) == 5
        services.ask_for_erasure(member=member, now=world.now)
        assert services.erase_due(now=world.now + timedelta(hours=23)) == 0
        assert services.erase_due(now=world.now + timedelta(hours=25)) == 1
        assert traces(everything_in_the_database(), door, person) == []
        assert Booking.objects.filter(pk=world.booking.pk).exists(), "others took part in it"
        assert services.erase_due(now=world.now + timedelta(hours=26)) == 0


def test_what_lies_ahead_is_cancelled_at_once_and_the_others_hear(cast, now):
    with world_at("booked", cast, now) as world:
        services.ask_for_erasure(member=cast.driver, now=world.now)
        outbox.relay(now=clock.now())
        assert Ride.objects.get(pk=world.ride.pk).cancelled_at is not None
        assert Booking.objects.get(pk=world.booking.pk).state == "cancelled"
        assert get_member(cast.driver.user) == cast.driver, "they may still think again"
        services.think_again(member=cast.driver)
        assert services.erase_due(now=world.now + timedelta(days=9)) == 0


def test_who_is_forgotten_cannot_sign_in_and_shows_no_name(client, cast, now):
    services.ask_for_erasure(member=cast.rider, now=now)
    services.erase_due(now=now + timedelta(days=2))
    rider = Member.objects.get(pk=cast.rider.pk)
    assert rider.display_name == "Former member"
    assert not rider.user.is_active
    assert get_member(rider.user) is None


def test_somebody_who_is_in_two_organizations_is_forgotten_by_the_one(cast, now):
    other = Member.objects.create(
        user=cast.rider.user, organization=cast.outsider.organization, display_name="Rita R"
    )
    services.ask_for_erasure(member=cast.rider, now=now)
    services.erase_due(now=now + timedelta(days=2))
    other.user.refresh_from_db()
    assert other.user.is_active
    assert get_member(other.user) == other


def test_the_page_begins_and_ends_the_wish(client, cast):
    enter(client, cast.rider)
    client.post("/profile/data/erase/")
    assert b"You will be forgotten" in client.get("/profile/data/").content
    client.post("/profile/data/stay/")
    assert not Erasure.objects.exists()


# --- Terms -------------------------------------------------------------------------------------


def test_exact_ends_of_rides_are_forgotten_after_their_term(cast, now, settings):
    with world_at("over", cast, now) as world:
        term = timedelta(days=settings.RETENTION_DAYS["exact_places"])
        assert forgetting.keep_terms(now=world.now + term - timedelta(days=1)) == 0
        late = world.now + term + timedelta(hours=3)
        assert forgetting.keep_terms(now=late) > 0
        assert forgetting.keep_terms(now=late) == 0, "what is coarse stays as it is"
        ride = Ride.objects.get(pk=world.ride.pk)
        booking = Booking.objects.get(pk=world.booking.pk)
        assert ride.origin_label == f"≈ {ride.origin_area}"
        assert ride.destination_label == world.ride.destination_label, "a site is public"
        for door, place in ((DRIVERS_DOOR, ride.origin), (RIDERS_DOOR, booking.origin)):
            assert crow_fly_m(door.location, from_point(place)) > 25
        start = points_of(ride.route)[0]
        assert crow_fly_m(DRIVERS_DOOR.location, type(DRIVERS_DOOR.location)(*start)) > 100
        assert not RideRequest.objects.exists()


def test_no_row_outlives_its_term(cast, now, settings):
    days = settings.RETENTION_DAYS
    old = now - timedelta(days=days["position_read"], minutes=1)
    for at in (old, now):
        PositionRead.objects.create(member=cast.rider, source="live_map", at=at)
    made(cast.rider, now - timedelta(days=days["export"], minutes=1))
    made(cast.rider, now)
    for state, age in (("dismissed", 366), ("open", 366), ("acted", 364)):
        report = Report.objects.create(
            organization=cast.organization, reported=cast.driver, subject="member",
            reason="other", state=state,
        )  # fmt: skip
        Report.objects.filter(pk=report.pk).update(created_at=now - timedelta(days=age))
    assert services.keep_terms(now=now) == 3
    assert PositionRead.objects.count() == DataExport.objects.count() == 1
    assert set(Report.objects.values_list("state", flat=True)) == {"open", "acted"}
    assert services.keep_terms(now=now) == 0
    assert not RideShare.objects.exists()
