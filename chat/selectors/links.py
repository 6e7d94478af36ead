"""Addresses that stand for a member: in mails, and for calendars. Whoever has one may use it."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import Member
from carpool.kernel import tenancy
from chat.errors import LinkInvalid
from chat.models import Kind, NotificationSettings

_UNSUBSCRIBE, _CALENDAR = "chat.unsubscribe", "chat.calendar"
EVERYTHING = "all"


def absolute(path: str) -> str:
    """Return the full address of a path, as it is reached from outside."""
    base: str = settings.PUBLIC_URL
    return base.rstrip("/") + path


def unsubscribe_path(member: Member, kind: Kind | None) -> str:
    """Return the signed path that ends mails of a kind; None: the daily mail and all others."""
    said = {"member": member.pk.hex, "kind": kind or EVERYTHING}
    token = signing.Signer(salt=_UNSUBSCRIBE).sign_object(said)
    return reverse("chat:unsubscribe", args=[token])


@tenancy.as_system()  # the signed link itself is the right
def read_unsubscribe(token: str) -> tuple[Member, Kind | None]:
    """Return whose mails of which kind a link ends.

    Raises:
        LinkInvalid: we did not make it, or the member is gone.
    """
    said = _read(_UNSUBSCRIBE, token)
    member = Member.objects.select_related("organization").filter(pk=said["member"]).first()
    kind = said["kind"]
    if member is None or (kind != EVERYTHING and kind not in Kind.values):
        raise LinkInvalid
    return member, None if kind == EVERYTHING else Kind(kind)


def calendar_path(own: NotificationSettings) -> str:
    """Return the secret path of a member's calendar, the same until they ask for a new one."""
    said = {"member": own.member.pk.hex, "version": own.calendar_version}
    return reverse("chat:calendar", args=[signing.Signer(salt=_CALENDAR).sign_object(said)])


@tenancy.as_system()  # the secret address itself is the right
def read_calendar(token: str) -> NotificationSettings:
    """Return the settings of the member whose calendar a link shows.

    Raises:
        LinkInvalid: we did not make it, the member asked for a new one, or has left.
    """
    said = _read(_CALENDAR, token)
    people = Member.objects.active().select_related("organization", "user")
    member = people.filter(pk=said["member"]).first()
    if member is None:
        raise LinkInvalid
    own = NotificationSettings.objects.filter(member=member).first()
    own = own or NotificationSettings(member=member)
    own.member = member
    if own.calendar_version != said["version"]:
        raise LinkInvalid
    return own


def _read(salt: str, token: str) -> dict[str, Any]:
    try:
        said: dict[str, Any] = signing.Signer(salt=salt).unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise LinkInvalid from error
    return said
