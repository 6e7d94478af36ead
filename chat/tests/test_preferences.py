"""How members want to be told: matrix, quiet hours on their own clock, devices, calendar."""

from datetime import UTC, datetime, time, timedelta

import pytest
from icalendar import Calendar

from carpool.kernel import clock, outbox
from carpool.kernel.tests.problems import api_client
from chat.models import (
    DEFAULTS,
    Channel,
    Delivery,
    Kind,
    Notification,
    NotificationPreference,
    NotificationSettings,
    PushDevice,
    Urgency,
)
from chat.services.notifications import News, tell
from chat.services.timing import next_digest, quiet_until, send_at
from rides.tests.factories import book, offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
V1 = "/api/v1/"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def settings_of(member, zone, start="22:00", end="06:00"):
    return NotificationSettings(
        member=member,
        time_zone=zone,
        quiet_from=time.fromisoformat(start),
        quiet_until=time.fromisoformat(end),
        digest_at=time(18, 0),
    )


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        ("America/Santiago", "2026-07-01T03:00", "2026-07-01T10:00"),  # 23:00 there, UTC-4
        ("America/Santiago", "2026-07-01T12:00", None),
        ("Asia/Seoul", "2026-07-01T12:59", None),  # 21:59
        ("Asia/Seoul", "2026-07-01T13:00", "2026-07-01T21:00"),  # 22:00 sharp
        ("Asia/Seoul", "2026-07-01T21:00", None),  # 06:00 sharp
        ("Asia/Kathmandu", "2026-07-01T16:20", "2026-07-02T00:15"),  # UTC+5:45
        ("Europe/Berlin", "2026-03-28T22:30", "2026-03-29T04:00"),  # the clocks go forward
        ("Europe/Berlin", "2026-10-24T21:30", "2026-10-25T05:00"),  # and back
    ],
)
def test_quiet_hours_are_those_of_the_members_own_clock(cast, zone, now, until):
    found = quiet_until(settings_of(cast.rider, zone), at(now))
    assert found == (at(until) if until else None)


def test_quiet_hours_may_lie_within_a_day_or_not_be_at_all(cast):
    noon = settings_of(cast.rider, "UTC", "12:00", "14:00")
    assert quiet_until(noon, at("2026-07-01T13:00")) == at("2026-07-01T14:00")
    assert quiet_until(noon, at("2026-07-01T14:00")) is None
    none = NotificationSettings(member=cast.rider, quiet_from=None, quiet_until=None)
    assert quiet_until(none, at("2026-07-01T03:00")) is None


@pytest.mark.parametrize(
    ("urgency", "trip", "sent"),
    [
        (Urgency.URGENT, "2026-07-02T07:30", "2026-07-01T23:00"),  # leaves soon after six
        (Urgency.URGENT, "2026-07-02T17:00", "2026-07-02T06:00"),  # in the afternoon
        (Urgency.NORMAL, "2026-07-02T07:30", "2026-07-02T06:00"),
        (Urgency.NORMAL, None, "2026-07-02T06:00"),
    ],
)
def test_at_night_only_what_is_near_comes_through(cast, urgency, trip, sent):
    own = settings_of(cast.rider, "UTC")
    trip_at = at(trip) if trip else None
    assert send_at(own, urgency, trip_at=trip_at, now=at("2026-07-01T23:00")) == at(sent)


def test_the_daily_mail_leaves_at_the_next_hour_that_was_chosen(cast):
    own = settings_of(cast.rider, "Asia/Seoul")  # 18:00 there is 09:00 UTC
    assert next_digest(own, at("2026-07-01T08:59")) == at("2026-07-01T09:00")
    assert next_digest(own, at("2026-07-01T09:00")) == at("2026-07-02T09:00")


def test_a_channel_that_is_switched_off_gets_nothing_and_the_list_can_be_too(cast, now):
    for channel in (Channel.EMAIL, Channel.IN_APP):
        NotificationPreference.objects.create(
            member=cast.rider, kind=Kind.PROPOSAL_MADE, channel=channel, wanted=False
        )
    tell([News(cast.rider.pk, Kind.PROPOSAL_MADE, "x")], now=now)
    tell([News(cast.driver.pk, Kind.PROPOSAL_MADE, "x")], now=now)
    assert not Notification.objects.get(member=cast.rider).in_app
    assert [d.notification.member for d in Delivery.objects.all()] == [cast.driver]
    assert api_client(cast.rider).get(V1 + "notifications").json()["results"] == []


def preferences(**changes):
    return {
        "matrix": [],
        "time_zone": "Asia/Seoul",
        "quiet_from": "23:00",
        "quiet_until": "06:30",
        "digest": "all",
        "digest_at": "19:00",
        **changes,
    }


def test_the_matrix_is_read_and_saved_and_defaults_are_not_kept(cast):
    client = api_client(cast.rider)
    first = client.get(V1 + "notifications/preferences").json()
    by_kind = {row["kind"]: set(row["channels"]) for row in first["matrix"]}
    assert by_kind == {kind: {*map(str, wanted)} for kind, wanted in DEFAULTS.items()}
    rows = [{"kind": "booking_made", "channels": ["in_app"]}]
    answer = client.put(
        V1 + "notifications/preferences", preferences(matrix=rows), format="json"
    ).json()
    assert {row["kind"]: row["channels"] for row in answer["matrix"]}["booking_made"] == ["in_app"]
    assert (answer["time_zone"], answer["digest"]) == ("Asia/Seoul", "all")
    assert NotificationPreference.objects.count() == 2
    rows = [{"kind": "booking_made", "channels": ["in_app", "push", "email"]}]
    client.put(V1 + "notifications/preferences", preferences(matrix=rows), format="json")
    assert NotificationPreference.objects.count() == 0
    assert api_client(cast.driver).get(V1 + "notifications/preferences").json() == first


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("time_zone", {"time_zone": "Mars/Olympus"}),
        ("quiet_until", {"quiet_until": None}),
        ("quiet_from", {"quiet_from": None}),
        ("digest", {"digest": "sometimes"}),
        ("matrix.0.kind", {"matrix": [{"kind": "nonsense", "channels": []}]}),
    ],
)
def test_nonsense_is_refused_by_name(cast, field, change):
    answer = api_client(cast.rider).put(
        V1 + "notifications/preferences", preferences(**change), format="json"
    )
    assert answer.status_code in {400, 422}
    assert answer.json()["errors"][0]["field"] == field


def test_the_page_saves_what_its_boxes_say(cast, client):
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/notifications/settings/")
    assert page.status_code == 200
    body = {
        f"{kind}:{channel}": "on" for kind, wanted in DEFAULTS.items() for channel in wanted
    } | {"quiet_from": "", "quiet_until": "", "time_zone": "", "digest": "none"}
    del body["booking_made:email"]
    answer = client.post("/notifications/settings/", body | {"digest_at": "18:00"})
    assert answer.status_code == 302
    chosen = {(p.kind, p.channel) for p in NotificationPreference.objects.filter(wanted=False)}
    assert ("booking_made", "email") in chosen
    own = NotificationSettings.objects.get(member=cast.rider)
    assert (own.quiet_from, own.digest) == (None, "none")
    answer = client.post("/notifications/settings/", body | {"digest_at": "nonsense"})
    assert answer.status_code == 200
    assert answer.context["times"].errors


KEYS = {
    "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8"
    "QcYP7DkM",
    "auth": "tBHItJI5svbpez7KI4CCXg",
}


def device(address, **changes):
    return {"transport": "web", "address": address, **KEYS, **changes}


def test_a_device_belongs_to_whoever_registered_it_last_and_never_shows_its_address(cast):
    address = "https://push.example.com/v1/abcd"
    first = api_client(cast.rider).post(V1 + "me/devices", device(address), format="json")
    assert first.status_code == 201
    assert "push.example.com" not in first.content.decode()
    api_client(cast.driver).post(V1 + "me/devices", device(address), format="json")
    assert PushDevice.objects.get().member == cast.driver
    mine = PushDevice.objects.get()
    assert api_client(cast.rider).delete(f"{V1}me/devices/{mine.pk}").status_code == 404
    assert api_client(cast.driver).delete(f"{V1}me/devices/{mine.pk}").status_code == 204


@pytest.mark.parametrize(
    "bad",
    [
        device("http://push.example.com/x"),
        device("https://user@push.example.com/x"),
        device("gopher://push.example.com/x"),
        device("file:///etc/passwd"),
        device("https://"),
        device("javascript:alert(1)"),
        device("https://push.example.com/" + "x" * 3000),
        device("https://push.example.com/x", auth="short"),
        device("https://push.example.com/x", p256dh="ü"),
    ],
)
def test_what_is_no_subscription_is_refused(cast, bad):
    answer = api_client(cast.rider).post(V1 + "me/devices", bad, format="json")
    assert answer.status_code in {400, 422}
    assert not PushDevice.objects.exists()


def test_nobody_has_more_than_ten_devices(cast):
    client = api_client(cast.rider)
    codes = [
        client.post(
            V1 + "me/devices", device(f"https://push.example.com/{n}"), format="json"
        ).status_code
        for n in range(11)
    ]
    assert codes == [201] * 10 + [409]


def test_signing_out_ends_the_pushes_to_that_browser(cast, client):
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    for key in (client.session.session_key, "another"):
        PushDevice.objects.create(
            member=cast.rider, transport="web", address=key, session_key=key, **KEYS
        )
    client.post("/accounts/logout/")
    assert PushDevice.objects.get().session_key == "another"


def path_of(answer):
    return "/calendar/" + answer.json()["url"].split("/calendar/")[1]


def test_the_calendar_shows_ones_own_trips_to_whoever_has_its_address(
    cast, now, client, django_assert_max_num_queries
):
    ride = offer(cast.driver, now=now)
    booking = book(cast.rider, ride, now=now)
    outbox.relay(now=clock.now() + timedelta(seconds=1))
    paths = {}
    for member in (cast.driver, cast.rider, cast.colleague):
        answer = api_client(member).get(V1 + "notifications/calendar")
        paths[member.display_name] = path_of(answer)
    with django_assert_max_num_queries(8):
        answer = client.get(paths["Rita Rider"])
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (entry,) = Calendar.from_ical(answer.content).walk("VEVENT")
    booking.refresh_from_db()
    assert entry["SUMMARY"] == "Ride with Dora"
    assert entry.decoded("DTSTART") == booking.pickup_at.replace(microsecond=0)
    (driven,) = Calendar.from_ical(client.get(paths["Dora Driver"]).content).walk("VEVENT")
    assert driven["SUMMARY"] == "You drive, with Rita"
    empty = Calendar.from_ical(client.get(paths["Carl Colleague"]).content)
    assert empty.walk("VEVENT") == []
    for path in paths.values():
        text = client.get(path).content.decode()
        for secret in ("-71.", "-29.", "GEO", "Rita Rider", "Dora Driver", booking.origin_label):
            assert secret not in text


def test_a_new_address_ends_the_old_one_and_a_made_up_one_shows_nothing(cast, client):
    api = api_client(cast.rider)
    old = path_of(api.get(V1 + "notifications/calendar"))
    assert client.get(old).status_code == 200
    new = (
        "/calendar/" + api.post(V1 + "notifications/calendar").json()["url"].split("/calendar/")[1]
    )
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert client.get(new.replace(".ics", "x.ics")).status_code == 404
    cast.rider.left_at = clock.now()
    cast.rider.save(update_fields=["left_at"])
    assert client.get(new).status_code == 404
