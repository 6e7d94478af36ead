"""What stands outside of us: a mail server, a browser with its keys; and sending to them."""

import base64
import json
import os
from datetime import timedelta
from email import message_from_bytes, policy

import http_ece
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from carpool.kernel import clock, outbox
from chat.models import (
    PushDevice,
    Transport,
)
from chat.services import deliveries
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


def send(at=None):
    """Send what is due, as the worker does."""
    return deliveries.send_due(read_clock=lambda: at or clock.now() + timedelta(seconds=1))


def booked(cast, now, **changes):
    ride = offer(cast.driver, now=now, **changes)
    booking = book(cast.rider, ride, now=now)
    outbox.relay(now=clock.now() + timedelta(seconds=1))
    return ride, booking


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
