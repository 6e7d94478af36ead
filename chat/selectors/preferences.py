"""What a member chose to be told, and when."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.conf import settings as installation
from django.db.models import QuerySet

from accounts.models import Member
from chat.models import (
    DEFAULTS,
    NEVER,
    Channel,
    Kind,
    NotificationPreference,
    NotificationSettings,
    PushDevice,
)

Matrix = Mapping[Kind, frozenset[Channel]]


def get_notification_settings(member: Member) -> NotificationSettings:
    """Return when news may come to a member; the defaults as long as they chose nothing."""
    settings = NotificationSettings.objects.filter(member=member).first()
    settings = settings or NotificationSettings(member=member)
    settings.member = member
    return settings


def get_matrix(member: Member) -> Matrix:
    """Return the channels that a member wants, for every kind of news."""
    return list_matrices([member])[member.pk]


def list_matrices(members: Iterable[Member]) -> dict[UUID, Matrix]:
    """Return the matrices of several members, in one query."""
    chosen: dict[UUID, dict[tuple[str, str], bool]] = {member.pk: {} for member in members}
    rows = NotificationPreference.objects.filter(member__in=chosen)
    for owner, kind, channel, wanted in rows.values_list("member", "kind", "channel", "wanted"):
        chosen[owner][kind, channel] = wanted
    return {pk: {kind: _wanted(kind, own) for kind in Kind} for pk, own in chosen.items()}


def _wanted(kind: Kind, own: Mapping[tuple[str, str], bool]) -> frozenset[Channel]:
    return frozenset(
        channel
        for channel in Channel
        if (kind, channel) not in NEVER and own.get((kind, channel), channel in DEFAULTS[kind])
    )


def is_set_up(channel: Channel) -> bool:
    """Tell whether the operator has set a channel up."""
    if channel == Channel.PUSH:
        return bool(installation.VAPID_PRIVATE_KEY or installation.FCM_CREDENTIALS)
    return channel != Channel.SMS or bool(installation.SMS_URL)


def list_channels() -> list[Channel]:
    """List the channels that there are to choose from."""
    return [channel for channel in Channel if is_set_up(channel)]


def list_devices(member: Member) -> QuerySet[PushDevice]:
    """List the devices that take a member's pushes."""
    return PushDevice.objects.filter(member=member)
