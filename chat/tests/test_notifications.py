"""Who is told what, once, in which words."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.tests.factories import HOME_SOUTH, PORT
from carpool.kernel import clock, outbox
from carpool.kernel.models import OutboxDelivery, OutboxEvent
from carpool.kernel.tests.problems import api_client
from chat.models import Channel, Delivery, DeliveryState, Kind, Notification
from chat.selectors.news_texts import write_text
from chat.services import notifications, telling
from rides import services as rides
from rides.models import RideRequest
from rides.tests.factories import book, offer, wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


def relay():
    """Deliver everything that happened, as the relay does."""
    while outbox.relay(now=clock.now() + timedelta(seconds=1)):
        pass


def told(member):
    """Return the kinds of news that a member was told, oldest first."""
    rows = Notification.objects.filter(member=member).order_by("created_at", "id")
    return sorted(rows.values_list("kind", flat=True))


def booked(cast, now, **changes):
    ride = offer(cast.driver, now=now, **changes)
    booking = book(cast.rider, ride, now=now)
    relay()
    return ride, booking


def test_an_instant_booking_tells_the_driver_and_sends_the_rider_a_receipt(cast, now):
    booked(cast, now)
    assert told(cast.driver) == [Kind.BOOKING_MADE]
    assert told(cast.rider) == [Kind.BOOKING_RECEIPT]
    receipt = Notification.objects.get(member=cast.rider)
    assert not receipt.in_app
    assert receipt.deliveries.get().channel == Channel.EMAIL


def test_a_booking_that_waits_is_asked_for_and_answered(cast, now):
    _ride, booking = booked(cast, now, booking_mode="confirm")
    assert told(cast.driver) == [Kind.BOOKING_REQUESTED]
    rides.confirm_booking(booking_id=booking.pk, by=cast.driver, now=now)
    relay()
    assert told(cast.rider) == [Kind.BOOKING_CONFIRMED]
    assert told(cast.driver) == [Kind.BOOKING_RECEIPT, Kind.BOOKING_REQUESTED]


@pytest.mark.parametrize("answered", [True, False])
def test_a_rider_reads_whether_the_driver_said_no_or_nothing(cast, now, answered):
    ride, booking = booked(cast, now, booking_mode="confirm")
    if answered:
        rides.decline_booking(booking_id=booking.pk, by=cast.driver, reason="", now=now)
    else:
        rides.watch(now=ride.departure_at - timedelta(minutes=1))
    relay()
    news = Notification.objects.get(member=cast.rider, kind=Kind.BOOKING_DECLINED)
    expected = "Dora cannot take you along" if answered else "Dora did not answer in time"
    assert write_text(news).title == expected
    assert write_text(news).path == reverse("matching:find")


def test_whoever_cancels_gets_a_receipt_and_the_other_side_is_told(cast, now):
    _ride, booking = booked(cast, now)
    rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="ill", now=now)
    relay()
    assert told(cast.driver) == [Kind.BOOKING_CANCELLED, Kind.BOOKING_MADE]
    assert told(cast.rider) == [Kind.BOOKING_RECEIPT, Kind.BOOKING_RECEIPT]


def test_a_withdrawn_ride_is_told_to_its_riders_once(cast, now):
    ride, _booking = booked(cast, now)
    rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
    relay()
    assert told(cast.rider) == [Kind.BOOKING_RECEIPT, Kind.RIDE_CANCELLED]
    assert told(cast.driver) == [Kind.BOOKING_MADE, Kind.BOOKING_RECEIPT]
    assert told(cast.colleague) == []


def test_the_day_of_the_ride_tells_each_step(cast, now):
    ride, booking = booked(cast, now)
    rides.watch(now=ride.departure_at - timedelta(minutes=10))
    relay()
    rides.start_ride(ride_id=ride.pk, by=cast.driver, now=ride.departure_at)
    stop = ride.stops.get(kind="pickup")
    rides.visit_stop(ride_id=ride.pk, stop_id=stop.pk, by=cast.driver, now=booking.pickup_at)
    relay()
    ride.refresh_from_db()
    rides.watch(now=ride.arrival_at + timedelta(minutes=20))
    relay()
    assert {Kind.RIDE_DEPARTING, Kind.DRIVER_LEFT, Kind.DRIVER_AT_STOP, Kind.VALIDATION_ASKED} <= {
        *told(cast.rider)
    }
    assert {Kind.RIDE_DEPARTING, Kind.VALIDATION_ASKED} <= {*told(cast.driver)}
    assert Kind.DRIVER_LEFT not in told(cast.driver)


def test_a_ride_that_only_the_clock_moved_does_not_say_that_the_driver_left(cast, now):
    ride, _booking = booked(cast, now)
    rides.watch(now=ride.departure_at + timedelta(minutes=1))
    relay()
    assert Kind.DRIVER_LEFT not in told(cast.rider)


def test_who_is_picked_up_later_because_somebody_got_in_hears_of_it(cast, now):
    ride, booking = booked(cast, now)
    receipt = Notification.objects.get(member=cast.rider)
    receipt.facts["pickup_at"] = (booking.pickup_at - timedelta(minutes=4)).isoformat()
    receipt.created_at = now - timedelta(minutes=1)
    receipt.save(update_fields=["facts", "created_at"])
    book(
        cast.colleague,
        ride,
        now=now,
        origin=rides.TripEnd(HOME_SOUTH, "Home"),
        destination=rides.TripEnd(PORT, "Port"),
    )
    relay()
    moved = Notification.objects.filter(member=cast.rider, kind=Kind.PICKUP_MOVED)
    assert moved.count() == 1
    telling.tell_of_booking(booking_id=booking.pk, before="", after="confirmed", now=now)
    assert moved.count() == 1, "what was told once is not told again"


def test_rides_that_fit_a_request_are_counted_until_the_rider_looks(cast, now):
    ride = offer(cast.driver, now=now)
    query = wish(ride)
    request = rides.post_request(
        rider=cast.rider,
        terms=rides.RequestTerms(
            origin=query.origin,
            destination=query.destination,
            earliest_departure_at=query.earliest_departure_at,
            latest_arrival_at=query.latest_arrival_at,
        ),
        now=now,
    )
    other = offer(cast.driver, now=now, hours=48)
    for one in (ride, other, other):
        telling.tell_of_match(request_id=request.pk, ride_id=one.pk, now=now)
    news = Notification.objects.get(member=cast.rider, kind=Kind.REQUEST_MATCHED)
    assert write_text(news).title == "2 rides fit your request"
    assert write_text(news).path.endswith(f"?request={request.pk}")
    notifications.mark_read(member=cast.rider, notification_id=news.pk, now=now)
    third = offer(cast.driver, now=now, hours=72)
    telling.tell_of_match(request_id=request.pk, ride_id=third.pk, now=now)
    assert told(cast.rider).count(Kind.REQUEST_MATCHED) == 2
    assert RideRequest.objects.count() == 1


def test_an_event_that_is_delivered_again_tells_nobody_again(cast, now):
    booked(cast, now)
    before = list(Notification.objects.order_by("id").values_list("id", flat=True))
    deliveries = Delivery.objects.count()
    OutboxDelivery.objects.all().delete()
    OutboxEvent.objects.update(delivered_at=None)
    relay()
    assert list(Notification.objects.order_by("id").values_list("id", flat=True)) == before
    assert Delivery.objects.count() == deliveries


def test_who_has_left_is_told_nothing(cast, now):
    ride = offer(cast.driver, now=now)
    cast.driver.left_at = now
    cast.driver.save(update_fields=["left_at"])
    book(cast.rider, ride, now=now)
    relay()
    assert told(cast.driver) == []


def test_every_kind_has_words_in_both_languages_without_full_names(cast, now):
    ride, booking = booked(cast, now)
    facts = {
        "pickup_at": booking.pickup_at.isoformat(),
        "before": booking.pickup_at.isoformat(),
        "answer_by": booking.pickup_at.isoformat(),
        "by": booking.pickup_at.isoformat(),
        "departure_at": ride.departure_at.isoformat(),
        "riders": 2,
        "rides": ["a", "b"],
        "days": 2,
        "first_date": "2026-11-23",
        "what": "booked",
        "granted": True,
    }
    more = {Kind.TRIP_JUDGED: {"what": "proven"}}
    texts = {}
    for language in ("en", "ko"):
        for kind in Kind:
            for is_rider in (True, False):
                news = Notification(
                    member=cast.rider,
                    kind=kind,
                    actor=cast.driver,
                    ride=ride,
                    booking=booking,
                    request_id=booking.pk,
                    trip_at=ride.departure_at,
                    created_at=now,
                    facts={**facts, "is_rider": is_rider, **more.get(kind, {})},
                )
                with translation.override(language):
                    text = write_text(news)
                assert text.title
                assert text.body
                assert "Driver" not in text.title + text.body, "that is Dora's family name"
                texts[language, kind, is_rider] = (text.title, text.body)
    for kind in Kind:
        assert texts["en", kind, True] != texts["ko", kind, True], kind


def test_reading_is_ones_own_and_ends_what_was_to_be_sent_about_it(cast, now, settings):
    settings.VAPID_PRIVATE_KEY = "a" * 43
    booked(cast, now)
    news = Notification.objects.get(member=cast.driver)
    path = f"/api/v1/notifications/{news.pk}/read"
    assert api_client(cast.rider).post(path).status_code == 404
    assert api_client(cast.outsider).post(path).status_code == 404
    answer = api_client(cast.driver).post(path)
    assert answer.status_code == 200
    assert answer.json()["title"] == "Rita rides with you"
    assert answer.json()["read_at"] is not None
    states = dict(news.deliveries.values_list("channel", "state"))
    assert states == {"push": DeliveryState.SKIPPED, "email": DeliveryState.WAITING}


def test_marking_all_read_leaves_what_came_after_the_page(cast, now):
    booked(cast, now)
    Notification.objects.update(created_at=now - timedelta(minutes=1))
    seen = now - timedelta(minutes=1)
    ride, _booking = offer(cast.driver, now=now, hours=48), None
    book(cast.colleague, ride, now=now)
    relay()
    client = api_client(cast.driver)
    assert client.get("/api/v1/notifications/unread").json() == {"unread": 2}
    answer = client.post("/api/v1/notifications/read", {"until": seen.isoformat()}, format="json")
    assert answer.json() == {"unread": 1}
    assert client.post("/api/v1/notifications/read", {}, format="json").json() == {"unread": 0}


def many(member, count, now):
    Notification.objects.bulk_create(
        Notification(
            member=member,
            kind=Kind.PROPOSAL_MADE,
            occasion=f"proposal:{n}",
            actor=member,
            created_at=now - timedelta(minutes=n),
        )
        for n in range(count)
    )


def test_the_list_is_paged_and_costs_the_same_however_long(
    cast, now, client, django_assert_max_num_queries
):
    many(cast.rider, 65, now)
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    seen, address = [], "/notifications/"
    while address:
        with django_assert_max_num_queries(8):
            answer = client.get(address)
        assert answer.status_code == 200
        page = answer.context["page"]
        seen += [item.pk for item in page.items]
        address = f"/notifications/?before={page.older}" if page.older else ""
    assert len(seen) == len(set(seen)) == 65
    assert client.get("/notifications/?before=nonsense").status_code == 200


def test_following_a_notification_marks_it_read_and_leads_there(cast, now, client):
    ride, _booking = booked(cast, now)
    news = Notification.objects.get(member=cast.driver)
    client.force_login(cast.driver.user, backend="django.contrib.auth.backends.ModelBackend")
    assert b"Rita rides with you" in client.get("/notifications/").content
    answer = client.get(f"/notifications/{news.pk}/")
    assert answer.headers["Location"] == reverse("rides:ride", args=[ride.pk])
    news.refresh_from_db()
    assert news.read_at is not None
    client.force_login(cast.outsider.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/notifications/{news.pk}/").status_code == 404


def test_the_page_teaches_when_there_is_nothing(cast, client):
    client.force_login(cast.rider.user, backend="django.contrib.auth.backends.ModelBackend")
    assert b"All quiet" in client.get("/notifications/").content


def test_old_news_is_forgotten_unless_it_is_on_its_way(cast, now):
    booked(cast, now)
    Notification.objects.update(created_at=now - timedelta(days=91))
    driver = Notification.objects.get(member=cast.driver)
    driver.deliveries.update(state=DeliveryState.SENT, settled_at=now)
    notifications.forget_notifications(now=now)
    assert [*Notification.objects.values_list("member", flat=True)] == [cast.rider.pk]
