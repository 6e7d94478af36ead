"""Conversations for tests, made by the real services."""

import uuid
from datetime import datetime
from typing import Any

from accounts.models import Member
from carpool.kernel import clock, outbox
from carpool.kernel.models import OutboxEvent
from chat import services
from chat.models import Conversation, Message
from rides.models import Ride
from rides.tests.factories import book, offer


def shared_ride(cast: Any, *, now: datetime) -> Ride:
    """A ride of the driver with the rider aboard; its facts are told."""
    ride = offer(cast.driver, now=now)
    book(cast.rider, ride, now=now)
    tell_everything()
    return ride


def tell_everything() -> None:
    """Deliver every fact that is due, and wait for those which somebody else delivers just now."""
    while OutboxEvent.objects.filter(delivered_at=None, next_attempt_at__lte=clock.now()).exists():
        outbox.relay(now=clock.now())


def talk_of(ride: Ride) -> Conversation:
    """Return the ride's conversation."""
    return Conversation.objects.get(ride=ride, kind="ride")


def draft(conversation: Conversation, by: Member, text: str = "Hello", **changes: Any):
    """Return what somebody wants to say."""
    options = {"client_id": uuid.uuid4(), "text": text, **changes}
    return services.Draft(conversation_id=conversation.pk, sender_id=by.pk, **options)


def say(
    conversation: Conversation, by: Member, text: str = "Hello", *, now: datetime, **changes: Any
) -> Message:
    """Say something."""
    return services.post_message(draft=draft(conversation, by, text, **changes), by=by, now=now)
