"""News on its way: by mail to a real server, once although workers die or come two at a time."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings as installation

from carpool.kernel import clock, outbox
from carpool.tests import servers
from chat.models import (
    DELIVERY_TRANSITIONS,
    Channel,
    Delivery,
    DeliveryState,
    Kind,
    Notification,
)
from chat.services import channels, deliveries
from chat.services.channels import Outcome, Result
from chat.services.notifications import News, tell
from chat.tests.outside import booked, send
from rides import services as rides


@pytest.mark.django_db
@pytest.mark.usefixtures("city", "awake")
class TestMail:
    def test_a_booking_brings_a_mail_with_text_html_and_an_invitation(self, cast, now, sink):
        _ride, booking = booked(cast, now)
        send()
        mails = dict(sink.mails)
        mail = mails[cast.rider.user.email]
        assert mail["Subject"] == "You ride with Dora"
        types = [part.get_content_type() for part in mail.walk()]
        assert {"text/plain", "text/html", "text/calendar"} <= set(types)
        calendar = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
        assert calendar["Content-Type"].params["method"] == "REQUEST"
        text = calendar.get_content()
        assert f"UID:booking-{booking.pk}@" in text
        assert "SEQUENCE:0" in text
        assert Delivery.objects.filter(state=DeliveryState.SENT).count() == 2

    def test_giving_back_takes_it_out_of_the_calendar_with_a_higher_sequence(self, cast, now, sink):
        _ride, booking = booked(cast, now)
        Notification.objects.update(created_at=now - timedelta(minutes=1))
        rides.cancel_booking(booking_id=booking.pk, by=cast.rider, reason="", now=now)
        outbox.relay(now=clock.now() + timedelta(seconds=1))
        send()
        mine = [mail for to, mail in sink.mails if to == cast.rider.user.email]
        last = next(mail for mail in mine if "cancelled" in mail["Subject"])
        calendar = next(p for p in last.walk() if p.get_content_type() == "text/calendar")
        assert calendar["Content-Type"].params["method"] == "CANCEL"
        assert "SEQUENCE:1" in calendar.get_content()
        assert "STATUS:CANCELLED" in calendar.get_content()

    def test_one_click_ends_the_kind_and_a_look_ends_nothing(self, cast, now, sink, client):
        booked(cast, now)
        send()
        mail = next(mail for to, mail in sink.mails if to == cast.driver.user.email)
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        path = mail["List-Unsubscribe"].strip().strip("<>").removeprefix(installation.PUBLIC_URL)
        path = "/" + path.lstrip("/")
        assert client.get(path).status_code == 200
        assert cast.driver.notification_preferences.count() == 0
        answer = client.post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        chosen = cast.driver.notification_preferences.get()
        assert (chosen.kind, chosen.channel, chosen.wanted) == ("booking_made", "email", False)
        assert client.post(path[:-3] + "x/").status_code == 404

    def test_mails_hold_no_coordinates_full_names_or_doors(self, cast, now, sink):
        ride, booking = booked(cast, now)
        rides.cancel_ride(ride_id=ride.pk, by=cast.driver, reason="", now=now)
        outbox.relay(now=clock.now() + timedelta(seconds=1))
        send()
        assert len(sink.mails) >= 4
        for _to, mail in sink.mails:
            text = "\n".join(
                part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"
            )
            for secret in ("Driver", "Rider", "-71.2", "-29.9", "GEO:", booking.origin_label):
                assert secret not in text.replace("BEGIN:", ""), secret

    def test_a_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not(
        self, cast, now, sink
    ):
        booked(cast, now)
        sink.answer = "451 later"
        send(now + timedelta(seconds=2))
        waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
        assert waiting.count() == 2
        assert all(row.next_attempt_at > now + timedelta(seconds=20) for row in waiting)
        sink.answer = "250 OK"
        send(now + timedelta(minutes=1))
        assert len(sink.shown()) == 2
        Delivery.objects.update(
            state=DeliveryState.WAITING, settled_at=None, attempts=0, next_attempt_at=now
        )
        sink.answer = "550 no such mailbox"
        send(now + timedelta(minutes=2))
        assert set(Delivery.objects.values_list("state", "note")) == {("failed", "SMTP 550")}

    def test_the_daily_mail_gathers_what_can_wait_and_leaves_out_what_was_read(
        self, cast, now, sink
    ):
        for n in range(3):
            news = News(member_id=cast.rider.pk, kind=Kind.REQUEST_EXPIRED, occasion=f"n{n}")
            tell([news], now=now)
        first = Notification.objects.filter(member=cast.rider).first()
        from chat.services.notifications import mark_read

        mark_read(member=cast.rider, notification_id=first.pk, now=now)
        send(now + timedelta(minutes=1))
        assert sink.mails == []
        send(now + timedelta(hours=25))
        ((to, mail),) = sink.mails
        assert (to, mail["Subject"]) == (cast.rider.user.email, "2 things happened")


@pytest.mark.django_db
@pytest.mark.parametrize("before", DeliveryState)
@pytest.mark.parametrize("result", Result)
@pytest.mark.usefixtures("city")
def test_a_delivery_moves_only_as_its_table_says(cast, now, monkeypatch, before, result):
    note = tell([News(cast.rider.pk, Kind.PROPOSAL_MADE, "x")], now=now)[0]
    settled = None if before in {"waiting", "sending"} else now
    note.deliveries.filter(channel=Channel.EMAIL).update(
        state=before, settled_at=settled, next_attempt_at=now
    )
    monkeypatch.setitem(channels.SENDERS, Channel.EMAIL, lambda _parcel: Outcome(result))
    send(now + timedelta(seconds=1))
    after = DeliveryState(note.deliveries.get(channel=Channel.EMAIL).state)
    moved = {before, *DELIVERY_TRANSITIONS[before]} | (
        DELIVERY_TRANSITIONS[DeliveryState.SENDING] if not settled else set()
    )
    assert after in moved
    assert (after == before) if settled else (after != DeliveryState.SENDING)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("city", "awake")
@pytest.mark.parametrize("accepted_before_death", [True, False])
def test_a_worker_that_is_killed_while_sending_leaves_each_mail_shown_once(
    cast, now, sink, accepted_before_death
):
    booked(cast, now)
    assert Delivery.objects.count() == 2
    sink.stall_s = 30.0
    if not accepted_before_death:
        sink.answer = "451 later"
    environment = {
        **os.environ,
        "DATABASE_URL": servers.test_database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.controller.port}",
        "SECRET_KEY": installation.SECRET_KEY,
    }
    program = (
        "import django; django.setup()\n"
        "from carpool.kernel import clock\n"
        "from chat.services import deliveries\n"
        "deliveries.send_due(read_clock=clock.now)\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**environment, "DJANGO_SETTINGS_MODULE": "carpool.settings"},
        cwd=installation.BASE_DIR,
    )
    give_up = time.monotonic() + 60
    while not Delivery.objects.filter(state=DeliveryState.SENDING).exists():
        assert worker.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.05)
    if accepted_before_death:
        while not sink.mails:
            assert time.monotonic() < give_up
            time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    sink.stall_s, sink.answer = 0.0, "250 OK"
    send(clock.now() + timedelta(seconds=5))
    assert Delivery.objects.filter(state=DeliveryState.SENDING).count() == 1, "still leased"
    send(clock.now() + deliveries.LEASE + timedelta(seconds=5))
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}
    assert sorted(to for to, _mail in sink.shown().values()) == sorted(
        [cast.driver.user.email, cast.rider.user.email]
    )
    assert len(sink.mails) == (3 if accepted_before_death else 2)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("city")
def test_two_workers_at_once_send_each_parcel_once(cast, now, monkeypatch):
    from django.db import connection

    for n in range(20):
        tell([News(cast.rider.pk, Kind.PROPOSAL_MADE, f"n{n}")], now=now)
    Delivery.objects.update(next_attempt_at=now)
    sent, barrier = [], threading.Barrier(2)

    def sender(parcel):
        sent.append(parcel.key)
        time.sleep(0.01)
        return Outcome(Result.SENT)

    monkeypatch.setitem(channels.SENDERS, Channel.EMAIL, sender)
    counts = []

    def work():
        barrier.wait()
        counts.append(send(clock.now() + timedelta(seconds=1)))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(sent) == len(set(sent)) == 20
    assert min(counts) > 0, "one of them did all the work, so nothing was raced"
