"""Changing what a member wants to be told, when, and by which devices."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Member, validate_time_zone
from carpool.kernel.errors import InvalidInput
from carpool.kernel.outbound import AddressRefused, check_address
from chat.errors import DeviceNotFound, TooManyDevices
from chat.models import (
    DEFAULTS,
    NEVER,
    Channel,
    Digest,
    Kind,
    NotificationPreference,
    NotificationSettings,
    PushDevice,
    Transport,
)
from chat.selectors.preferences import get_notification_settings

MOST_DEVICES = 10
LONGEST_ADDRESS = 2048


@dataclass(frozen=True, slots=True)
class Times:
    """When news may come. Quiet hours have both ends or none; an empty zone means as at work."""

    time_zone: str
    quiet_from: time | None
    quiet_until: time | None
    digest: Digest
    digest_at: time


def save_times(*, member: Member, times: Times) -> NotificationSettings:
    """Save when news may come.

    Raises:
        InvalidInput: an unknown time zone, or quiet hours with one end; names the field.
    """
    if times.time_zone:
        try:
            validate_time_zone(times.time_zone)
        except Exception as error:
            raise InvalidInput(_("There is no such time zone."), field="time_zone") from error
    if (times.quiet_from is None) != (times.quiet_until is None):
        missing = "quiet_from" if times.quiet_from is None else "quiet_until"
        raise InvalidInput(_("Quiet hours need a beginning and an end."), field=missing)
    own, _created = NotificationSettings.objects.update_or_create(
        member=member,
        defaults={
            "time_zone": times.time_zone,
            "quiet_from": times.quiet_from,
            "quiet_until": times.quiet_until,
            "digest": times.digest,
            "digest_at": times.digest_at,
        },
    )
    own.member = member
    return own


@transaction.atomic
def save_matrix(*, member: Member, wanted: Mapping[tuple[Kind, Channel], bool]) -> None:
    """Save cells of the matrix; what equals the default is not kept, so defaults may improve."""
    for (kind, channel), is_wanted in wanted.items():
        if (kind, channel) in NEVER:
            continue
        cell: dict[str, Any] = {"member": member, "kind": kind, "channel": channel}
        if is_wanted == (channel in DEFAULTS[kind]):
            NotificationPreference.objects.filter(**cell).delete()
        else:
            NotificationPreference.objects.update_or_create(**cell, defaults={"wanted": is_wanted})


def end_mails(*, member: Member, kind: Kind | None) -> None:
    """Stop mails of one kind; None: of every kind."""
    kinds = [kind] if kind else list(Kind)
    save_matrix(member=member, wanted={(one, Channel.EMAIL): False for one in kinds})


@transaction.atomic
def renew_calendar(*, member: Member) -> NotificationSettings:
    """Give a member's calendar a new secret address; the old one shows nothing any more."""
    NotificationSettings.objects.get_or_create(member=member)
    own = NotificationSettings.objects.select_for_update().get(member=member)
    own.calendar_version += 1
    own.save(update_fields=["calendar_version"])
    return get_notification_settings(member)


@dataclass(frozen=True, slots=True)
class DeviceTerms:
    """A device as it presents itself."""

    transport: Transport
    address: str
    p256dh: str = ""
    auth: str = ""
    label: str = ""


@transaction.atomic
def register_device(
    *, member: Member, terms: DeviceTerms, session_key: str = "", loopback: bool = False
) -> PushDevice:
    """Let a device take pushes. One that somebody else used before is theirs no longer.

    Raises:
        InvalidInput: address or keys are none; names the field.
        TooManyDevices: the member has ten.
    """
    if not terms.address or len(terms.address) > LONGEST_ADDRESS:
        raise InvalidInput(_("This is no address of a push service."), field="address")
    if terms.transport == Transport.WEB:
        _check_browser(terms, loopback=loopback)
    others = PushDevice.objects.filter(transport=terms.transport, address=terms.address)
    others.exclude(member=member).delete()
    own = PushDevice.objects.filter(member=member)
    if own.exclude(address=terms.address).count() >= MOST_DEVICES:
        raise TooManyDevices
    try:
        device, _created = own.update_or_create(
            member=member,
            transport=terms.transport,
            address=terms.address,
            defaults={
                "p256dh": terms.p256dh,
                "auth": terms.auth,
                "label": terms.label[:80],
                "session_key": session_key,
            },
        )
    except IntegrityError as error:
        raise InvalidInput(field="address") from error
    return device


def _check_browser(terms: DeviceTerms, *, loopback: bool) -> None:
    """Refuse what cannot be a subscription: see RFC 8291, section 2, for the keys."""
    try:
        check_address(terms.address, loopback=loopback)
    except AddressRefused as error:
        text = _("This is no address of a push service.")
        raise InvalidInput(text, field="address") from error
    for field, size in (("p256dh", 65), ("auth", 16)):
        if len(_decoded(getattr(terms, field))) != size:
            raise InvalidInput(_("This is no key of a browser."), field=field)


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def forget_device(*, member: Member, device_id: UUID) -> None:
    """Send no more pushes to a device.

    Raises:
        DeviceNotFound: it is not theirs.
    """
    count, _rows = PushDevice.objects.filter(member=member, pk=device_id).delete()
    if not count:
        raise DeviceNotFound


def forget_session(*, session_key: str) -> None:
    """Whoever signed out at a browser gets no more pushes there."""
    if session_key:
        PushDevice.objects.filter(session_key=session_key).delete()
