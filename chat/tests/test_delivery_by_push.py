"""News by push and text message: to services that are processes of their own."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings as installation

from chat.models import (
    Channel,
    Delivery,
    DeliveryState,
    Kind,
    Notification,
    PushDevice,
    Transport,
)
from chat.selectors.push_keys import public_push_key
from chat.services.channels import fcm
from chat.services.notifications import News, tell
from chat.tests.outside import VAPID, Browser, booked, send


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
