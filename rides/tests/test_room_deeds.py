"""What is written down about those who share a taxi, and what it adds up to."""

from datetime import timedelta

import pytest

from accounts.tests.factories import MemberFactory
from carpool.kernel import outbox
from chat.models import Notification
from chat.selectors.news_texts import write_text
from rides import services
from rides.models import Deed, RoomEnd
from rides.selectors import describe_reliability, known_reliability, list_strikes
from rides.selectors.reviews import export_ratings
from rides.services.forgetting import erase_rides
from rides.services.uniting import unite_rides
from rides.tests.api import Api
from rides.tests.factories import join, open_room

pytestmark = pytest.mark.usefixtures("city")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def room(cast, now):
    return open_room(cast.driver, now=now, hours=50)


def deeds_of(room):
    found = Deed.objects.filter(seat__room=room)
    return {deed.member.first_name: (deed.role, deed.kind) for deed in found}


def travel(room, *, aboard=(), missing=(), absent=(), late=timedelta()):
    """The taxi leaves with some, comes, and is settled."""
    host, at = room.host, room.absent_from
    services.watch(now=room.locks_at)
    services.call_taxi(room_id=room.pk, by=host, now=room.locks_at)
    for seat in aboard:
        services.board(room_id=room.pk, by=host, code=seat.boarding_code, now=at + late)
    for seat in missing:
        services.mark_absent(room_id=room.pk, seat_id=seat.pk, by=host, now=at)
    services.depart(room_id=room.pk, by=host, now=at + late)
    after = at + late + timedelta(hours=1)
    services.settle_room(room_id=room.pk, absent=[one.rider_id for one in absent], now=after)
    return after


# --- what is written down -------------------------------------------------------------------------
@pytest.mark.parametrize(("late", "kind"), [(timedelta(), "on_time"), (MINUTE, "came")])
def test_a_settled_taxi_leaves_a_line_for_each(cast, room, now, late, kind):
    seat = join(cast.rider, room, now=now)
    travel(room, aboard=[seat], late=late)
    assert deeds_of(room) == {
        cast.driver.first_name: ("host", kind),
        cast.rider.first_name: ("rider", kind),
    }


def test_who_sat_there_without_saying_a_code_came(cast, room, now):
    join(cast.rider, room, now=now)
    travel(room)
    assert deeds_of(room)[cast.rider.first_name] == ("rider", "came")


def test_a_hosts_mark_alone_is_no_line(cast, room, now):
    judged, doubtful = join(cast.rider, room, now=now), join(cast.colleague, room, now=now)
    services.watch(now=room.locks_at)
    travel(room, missing=[judged, doubtful], absent=[judged])
    deeds = deeds_of(room)
    assert deeds[cast.rider.first_name] == ("rider", "no_show")
    assert cast.colleague.first_name not in deeds


def test_nothing_is_written_before_it_is_settled(cast, room, now):
    seat = join(cast.rider, room, now=now)
    services.watch(now=room.locks_at)
    services.call_taxi(room_id=room.pk, by=cast.driver, now=room.locks_at)
    services.mark_absent(room_id=room.pk, seat_id=seat.pk, by=cast.driver, now=room.absent_from)
    assert deeds_of(room) == {}


def test_leaving_is_free_until_the_party_is_final_and_once_a_month_after(cast, now):
    kinds = []
    for hours, at in ((50, "before"), (60, "after"), (70, "after")):
        room = open_room(cast.driver, now=now, hours=hours)
        join(cast.rider, room, now=now)
        join(cast.colleague, room, now=now)
        services.watch(now=now + timedelta(hours=hours - 3))
        moment = room.locks_at + (MINUTE if at == "after" else -MINUTE)
        if at == "after":
            services.watch(now=room.locks_at)
        services.leave_room(room_id=room.pk, by=cast.rider, now=moment)
        kinds.append(deeds_of(room))
    name = cast.rider.first_name
    assert kinds == [{}, {name: ("rider", "cancelled_waived")}, {name: ("rider", "cancelled_late")}]


@pytest.mark.parametrize(
    ("reason", "paid", "kinds"),
    [
        (RoomEnd.HOST, True, ["cancelled_waived"]),
        (RoomEnd.HOST, False, []),
        (RoomEnd.NO_TAXI, True, []),
    ],
)
def test_a_line_of_a_host_is_what_the_rule_for_hosts_counts(cast, room, now, reason, paid, kinds):
    if paid:
        join(cast.rider, room, now=now)
    services.cancel_room(room_id=room.pk, by=cast.driver, reason=reason, now=now + MINUTE)
    assert [deed.kind for deed in Deed.objects.filter(member=cast.driver)] == kinds
    assert len(list_strikes(cast.driver, since=now)) == len(kinds)
    assert not Deed.objects.filter(member=cast.rider).exists()


def test_a_taxi_without_a_fare_is_the_hosts_line_alone(cast, room, now):
    seat = join(cast.rider, room, now=now)
    services.watch(now=room.locks_at)
    services.call_taxi(room_id=room.pk, by=cast.driver, now=room.locks_at)
    services.board(room_id=room.pk, by=cast.driver, code=seat.boarding_code, now=room.departure_at)
    services.depart(room_id=room.pk, by=cast.driver, now=room.departure_at)
    services.watch(now=room.fare_due_at)
    assert deeds_of(room) == {cast.driver.first_name: ("host", "cancelled_waived")}


# --- the score ------------------------------------------------------------------------------------
def travelled(cast, now, times):
    for number in range(times):
        room = open_room(cast.driver, now=now, hours=50 + 12 * number)
        seat = join(cast.rider, room, now=now)
        after = travel(room, missing=[seat], absent=[seat])
    return after


def test_taxis_are_counted_apart_and_weigh_the_same(cast, now, django_assert_num_queries):
    after = travelled(cast, now, 2)
    few = known_reliability([cast.rider.pk], now=after)[cast.rider.pk]
    assert (few.total, few.taxis_kept, few.taxis_total, few.shown_score) == (0, 0, 2, None)
    after = travelled(cast, now + 10 * DAY, 3)
    with django_assert_num_queries(1):
        known = known_reliability([cast.driver.pk, cast.rider.pk], now=after)
    host, rider = known[cast.driver.pk], known[cast.rider.pk]
    assert (host.total, host.taxis_kept, host.taxis_total) == (0, 5, 5)
    assert describe_reliability(host) == "Kept 5 of 5 shared taxis."
    assert describe_reliability(rider) == "Kept 0 of 5 shared taxis."
    assert rider.score < 70
    assert host.score > 90
    shown = Api(cast.driver).get("me/reliability").json()
    assert (shown["total"], shown["taxis_kept"]) == (None, None), "it lies ahead of the clock"


# --- whose it is ----------------------------------------------------------------------------------
@pytest.fixture
def deed(cast, room, now):
    seat = join(cast.rider, room, now=now)
    travel(room, missing=[seat], absent=[seat])
    return Deed.objects.get(member=cast.rider)


def test_an_objection_is_told_of_the_taxi(cast, deed, now):
    after = now + 5 * DAY
    said = services.object_to_deed(deed_id=deed.pk, by=cast.rider, text="I was there", now=after)
    services.decide_objection(objection_id=said.pk, grants=True, by=cast.operator.user, now=after)
    while outbox.relay(now=after + DAY):
        pass
    (news,) = Notification.objects.filter(member=cast.rider, kind="objection_decided")
    text = write_text(news)
    assert "You were right. What was noted of the shared taxi" in text.body
    assert text.path == "/profile/reliability/"
    assert known_reliability([cast.rider.pk], now=after) == {}


def test_the_line_is_shown_on_page_and_in_the_api(cast, deed, client):
    Deed.objects.update(at=deed.at - 5 * DAY, kind="cancelled_late")
    [line] = Api(cast.rider).get("me/deeds").json()["results"]
    assert (line["booking"], line["room"]) == (None, str(deed.seat.room_id))
    assert line["words"] == "Left the taxi late"
    client.force_login(cast.rider.user)
    assert b"Left the taxi late" in client.get("/profile/reliability/").content
    page = client.get(f"/profile/reliability/{deed.pk}/").content.decode()
    assert f"/rooms/{deed.seat.room_id}/" in page


def test_it_is_exported_goes_along_and_is_forgotten(cast, deed, now):
    [line] = export_ratings(cast.rider.pk, now=now)["reliability"]
    assert (line["in"], line["as"], line["what"]) == ("taxi", "rider", "no_show")
    other = MemberFactory(organization=cast.organization)
    unite_rides(other.pk, cast.rider.pk, now)
    deed.refresh_from_db()
    assert deed.member == other
    erase_rides(other.pk, now)
    assert not Deed.objects.filter(pk=deed.pk).exists()
