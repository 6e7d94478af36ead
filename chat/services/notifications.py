"""Telling members: each occasion once, with one delivery for each channel that they want."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from accounts.models import Member
from chat.errors import NotificationNotFound
from chat.models import (
    NEVER,
    UNSETTLED,
    Channel,
    Conversation,
    Delivery,
    DeliveryState,
    Digest,
    Kind,
    Notification,
    NotificationSettings,
    Urgency,
)
from chat.selectors.preferences import Matrix, is_set_up, list_matrices
from chat.services.live import MEMBER, announce
from chat.services.timing import next_digest, send_at
from rides.models import Booking, Ride, Room

SEND_TASK = "chat.send_deliveries"
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class News:
    """What one member is to be told. ``occasion`` makes telling it twice harmless."""

    member_id: UUID
    kind: Kind
    occasion: str
    actor: Member | None = None
    ride: Ride | None = None
    booking: Booking | None = None
    room: Room | None = None
    conversation: Conversation | None = None
    request_id: UUID | None = None
    trip_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def tell(news: Iterable[News], *, now: datetime) -> list[Notification]:
    """Tell members, each only of what they were not told before; return what is new."""
    news = list(news)
    wanted = {item.member_id for item in news}
    members = Member.objects.active().filter(pk__in=wanted).select_related("organization")
    people = {member.pk: member for member in members}
    own_settings = {s.member_id: s for s in NotificationSettings.objects.filter(member__in=people)}
    matrices = list_matrices(people.values())
    told = []
    for item in news:
        member = people.get(item.member_id)
        if member is None:
            continue
        own = own_settings.get(member.pk) or NotificationSettings(member=member)
        own.member = member
        notification = _tell_one(item, matrices[member.pk], own, now=now)
        if notification is not None:
            told.append(notification)
    return told


def _tell_one(
    item: News, matrix: Matrix, own: NotificationSettings, *, now: datetime
) -> Notification | None:
    channels = matrix[item.kind]
    notification, is_new = Notification.objects.get_or_create(
        member_id=item.member_id,
        occasion=item.occasion,
        defaults={
            "kind": item.kind,
            "actor": item.actor,
            "ride": item.ride,
            "booking": item.booking,
            "room": item.room,
            "conversation": item.conversation,
            "request_id": item.request_id,
            "trip_at": item.trip_at,
            "facts": item.facts,
            "in_app": Channel.IN_APP in channels,
        },
    )
    if not is_new:
        return None
    sent = [
        _delivery(notification, channel, own, now=now)
        for channel in (Channel.PUSH, Channel.EMAIL, Channel.SMS)
        if channel in channels and is_set_up(channel)
    ]
    if sent:
        Delivery.objects.bulk_create(sent)
        wake_sender()
    if notification.in_app:
        announce(
            topics=[(MEMBER, notification.member_id)],
            event="notification",
            data={"notification": str(notification.pk)},
            now=now,
        )
    return notification


def _delivery(
    notification: Notification, channel: Channel, own: NotificationSettings, *, now: datetime
) -> Delivery:
    urgency = notification.urgency
    waits = channel == Channel.EMAIL and (
        (own.digest == Digest.LOW and urgency == Urgency.LOW)
        or (own.digest == Digest.ALL and urgency != Urgency.URGENT)
    )
    # A mail with a calendar entry is of use at once, and an entry does not fit into a digest.
    in_digest = waits and (Kind(notification.kind), Channel.PUSH) not in NEVER
    at = (
        next_digest(own, now)
        if in_digest
        else send_at(own, urgency, trip_at=notification.trip_at, now=now)
    )
    return Delivery(
        notification=notification, channel=channel, in_digest=in_digest, next_attempt_at=at
    )


def wake_sender() -> None:
    """Let a worker send what is due, once this transaction is through; beat sweeps anyway."""
    if not any(call[1] is _wake for call in connection.run_on_commit):
        transaction.on_commit(_wake)


def _wake() -> None:
    try:
        current_app.send_task(SEND_TASK, retry=False)
    except OperationalError:
        return  # Beat's next sweep finds the same rows.


def mark_read(*, member: Member, notification_id: UUID, now: datetime) -> Notification:
    """Take note of one notification; what was to be sent about it is not needed any more.

    Raises:
        NotificationNotFound: it is not theirs.
    """
    own = Notification.objects.of(member).shown().select_related("actor")
    notification = own.filter(pk=notification_id).first()
    if notification is None:
        raise NotificationNotFound
    _read([notification.pk], member, now=now)
    notification.refresh_from_db(fields=["read_at"])
    return notification


def mark_all_read(*, member: Member, until: datetime, now: datetime) -> int:
    """Take note of everything up to a moment; return how much was new. Later news stays new."""
    unread = Notification.objects.of(member).shown().unread().filter(created_at__lte=until)
    return _read(list(unread.values_list("pk", flat=True)), member, now=now)


def mark_conversations_read(*, pairs: Iterable[tuple[UUID, UUID]], now: datetime) -> None:
    """Take note of news of conversations, as (conversation, member), that were read themselves."""
    wanted = set(pairs)
    rows = Notification.objects.filter(
        kind=Kind.MESSAGE_RECEIVED,
        conversation__in={talk for talk, _member in wanted},
        member__in={member for _talk, member in wanted},
        read_at=None,
    ).select_related("member")
    for row in rows:
        if (row.conversation_id, row.member_id) in wanted:
            _read([row.pk], row.member, now=now)


@transaction.atomic
def _read(ids: Sequence[UUID], member: Member, *, now: datetime) -> int:
    count = Notification.objects.filter(pk__in=ids, read_at=None).update(read_at=now)
    if count:
        # Only what waits: a mail that is being sent settles itself. Own calendar entries stay due.
        waiting = Delivery.objects.filter(
            notification__in=ids, state=DeliveryState.WAITING, channel__in=_SEEN_IN_APP
        )
        waiting.update(state=DeliveryState.SKIPPED, settled_at=now, note="read in the app")
        Delivery.objects.filter(
            notification__in=ids, state=DeliveryState.WAITING, in_digest=True
        ).update(state=DeliveryState.SKIPPED, settled_at=now, note="read in the app")
        announce(topics=[(MEMBER, member.pk)], event="notifications_read", data={}, now=now)
    return count


_SEEN_IN_APP = (Channel.PUSH, Channel.SMS)


def forget_notifications(*, now: datetime) -> int:
    """Delete old news; return how many rows went. What is still on its way stays."""
    old = Notification.objects.filter(created_at__lt=now - KEPT_FOR)
    return old.exclude(deliveries__state__in=UNSETTLED).delete()[0]
