"""News on its way: a mail server, a push service and gateways that are processes of their own."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
import jwt
import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
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
    PushDevice,
    Transport,
)
from chat.selectors.push_keys import public_push_key
from chat.services import channels, deliveries
from chat.services.channels import Outcome, Result, fcm
from chat.services.notifications import News, tell
from rides import services as rides
from rides.tests.factories import book, offer

INSIDE = ("127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "[::ffff:127.0.0.1]")
VAPID = "c3VwZXItc2VjcmV0LXZhcGlkLWtleS1mb3ItdGVzdHM"


def b64(raw):

    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Sink:
    """A real mail server: keeps what it is sent; may stall before it answers."""

    def __init__(self):
        self.mails, self.stall_s, self.answer = [], 0.0, "250 OK"
        self.controller = Controller(self, hostname="127.0.0.1", port=0)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        import asyncio

        if self.answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append((envelope.rcpt_tos[0], mail))
        await asyncio.sleep(self.stall_s)
        return self.answer

    def shown(self):
        """What a mailbox shows: one message for each Message-ID."""
        return {mail["Message-ID"]: (to, mail) for to, mail in self.mails}


@pytest.fixture
def sink(settings):
    """A mail server, and mails sent to it over SMTP."""
    sink = Sink()
    # aiosmtpd tests its own port 0; take a free one instead.
    sink.controller = Controller(sink, hostname="127.0.0.1", port=servers._free_port())
    sink.controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.controller.port
    settings.EMAIL_TIMEOUT = 5
    yield sink
    sink.controller.stop()


@pytest.fixture
def service():
    """An HTTP process that keeps what it is sent and answers as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.title(): value for name, value in self.headers.items()}
            server.heard.append((self.path, headers, body))
            status, answer = server.answers.get(self.path, (201, b"{}"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.heard, server.answers = [], {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def send(at=None):
    """Send what is due, as the worker does."""
    return deliveries.send_due(read_clock=lambda: at or clock.now() + timedelta(seconds=1))


def booked(cast, now, **changes):
    ride = offer(cast.driver, now=now, **changes)
    booking = book(cast.rider, ride, now=now)
    outbox.relay(now=clock.now() + timedelta(seconds=1))
    return ride, booking


@pytest.fixture
def awake(cast):
    """Nobody has quiet hours, whenever this test runs."""
    from chat.models import NotificationSettings

    for member in (cast.driver, cast.rider):
        NotificationSettings.objects.create(member=member, quiet_from=None, quiet_until=None)


class Browser:
    """A browser's subscription: its keys, and what it can read of what it is pushed."""

    def __init__(self):
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        raw = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.p256dh = b64(raw)

    def subscribe(self, member, address):
        return PushDevice.objects.create(
            member=member,
            transport=Transport.WEB,
            address=address,
            p256dh=self.p256dh,
            auth=b64(self.auth),
        )

    def read(self, body):
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth))


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
@pytest.mark.usefixtures("city", "awake")
class TestPush:
    @pytest.fixture(autouse=True)
    def _set_up(self, settings):
        settings.VAPID_PRIVATE_KEY, settings.DEMO = VAPID, True

    def pushed(self, cast, now):
        booked(cast, now)
        Delivery.objects.exclude(channel=Channel.PUSH).delete()
        send()
        return Delivery.objects.get(channel=Channel.PUSH)

    def test_a_browser_can_read_it_and_knows_who_sent_it(self, cast, now, service):
        browser = Browser()
        browser.subscribe(cast.driver, f"{service.url}/push/abc")
        assert self.pushed(cast, now).state == DeliveryState.SENT
        ((path, headers, body),) = service.heard
        news = browser.read(body)
        assert (path, news["title"]) == ("/push/abc", "Rita rides with you")
        assert news["path"] == f"/notifications/{news['id']}/"
        assert set(news) == {"id", "title", "body", "path"}
        assert "Rider" not in news["title"] + news["body"]
        assert headers["Urgency"] == "normal"
        assert len(headers["Topic"]) == 32
        token = headers["Authorization"].split("t=")[1].split(",")[0]
        raw = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), http_ece_key(public_push_key())
        )
        claims = jwt.decode(token, raw, algorithms=["ES256"], audience=service.url)
        assert claims["sub"] == installation.VAPID_SUBJECT

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_subscription_that_is_gone_is_forgotten(self, cast, now, service, status):
        Browser().subscribe(cast.driver, f"{service.url}/gone")
        service.answers["/gone"] = (status, b"")
        assert self.pushed(cast, now).state == DeliveryState.SKIPPED
        assert not PushDevice.objects.exists()

    def test_a_service_in_trouble_is_tried_again_later(self, cast, now, service):
        Browser().subscribe(cast.driver, f"{service.url}/busy")
        service.answers["/busy"] = (503, b"")
        delivery = self.pushed(cast, now)
        assert (delivery.state, delivery.note) == (DeliveryState.WAITING, "HTTP 503")
        assert PushDevice.objects.count() == 1

    def test_outside_of_the_demo_no_address_leads_into_our_own_network(
        self, cast, now, service, settings
    ):
        settings.DEMO = False
        port = service.server_port
        for host in (
            "127.0.0.1",
            "localhost",
            "[::1]",
            "127.1",
            "2130706433",
            "[::ffff:127.0.0.1]",
        ):
            for scheme in ("http", "https"):
                Browser().subscribe(cast.driver, f"{scheme}://{host}:{port}/x")
                PushDevice.objects.exclude(address__contains=f"{scheme}://{host}:").delete()
                Notification.objects.all().delete()
                tell([News(cast.driver.pk, Kind.PROPOSAL_MADE, f"{host}{scheme}")], now=now)
                Delivery.objects.exclude(channel=Channel.PUSH).delete()
                send()
                assert Delivery.objects.get().state == DeliveryState.SKIPPED
        assert service.heard == []
        assert not PushDevice.objects.exists()

    def test_the_mobile_app_is_reached_through_fcm(self, cast, now, service, settings):
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        settings.FCM_URL = service.url
        settings.FCM_CREDENTIALS = json.dumps(
            {
                "project_id": "carpool",
                "client_email": "push@carpool.example",
                "private_key": pem.decode(),
                "token_uri": f"{service.url}/token",
            }
        )
        service.answers["/token"] = (200, b'{"access_token": "abc", "expires_in": 3600}')
        service.answers["/v1/projects/carpool/messages:send"] = (200, b'{"name": "1"}')
        PushDevice.objects.create(member=cast.driver, transport=Transport.FCM, address="phone-1")
        assert self.pushed(cast, now).state == DeliveryState.SENT
        (_, _, grant), (_, headers, body) = service.heard
        assertion = grant.decode().split("assertion=")[1].split("&")[0]
        claims = jwt.decode(
            assertion, key.public_key(), algorithms=["RS256"], audience=f"{service.url}/token"
        )
        assert claims["scope"] == fcm.SCOPE
        message = json.loads(body)["message"]
        assert headers["Authorization"] == "Bearer abc"
        assert message["token"] == "phone-1"
        assert message["notification"]["title"] == "Rita rides with you"
        assert message["android"]["notification"]["tag"] == message["data"]["id"]


def http_ece_key(text):

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.django_db
@pytest.mark.usefixtures("city", "awake")
def test_a_text_message_goes_to_the_gateway_under_a_key_of_its_own(cast, now, service, settings):
    settings.SMS_URL, settings.SMS_TOKEN = f"{service.url}/sms", "secret"
    cast.driver.phone = "+56 9 1234 5678"
    cast.driver.save(update_fields=["phone"])
    cast.driver.notification_preferences.create(kind="booking_made", channel="sms", wanted=True)
    booked(cast, now)
    Delivery.objects.exclude(channel=Channel.SMS).delete()
    service.answers["/sms"] = (503, b"")
    send(now + timedelta(seconds=2))
    service.answers["/sms"] = (202, b"")
    send(now + timedelta(minutes=5))
    (_, first, _), (_, second, body) = service.heard
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert second["Authorization"] == "Bearer secret"
    said = json.loads(body)
    assert said["to"] == "+56912345678"
    assert said["text"].startswith("Rita rides with you. Pick-up ")
    assert Delivery.objects.get().state == DeliveryState.SENT


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
