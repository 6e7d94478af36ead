"""Conversations for tests, made by the real services."""

import uuid
from datetime import datetime
from typing import Any

from accounts.models import Member
from carpool.kernel import clock, outbox
from chat import services
from chat.models import Conversation, Message
from rides.models import Ride
from rides.tests.factories import book, offer


def shared_ride(cast: Any, *, now: datetime) -> Ride:
    """A ride of the driver with the rider aboard; its facts are told."""
    ride = offer(cast.driver, now=now)
    book(cast.rider, ride, now=now)
    outbox.relay(now=clock.now())
    return ride


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
