"""News by push: to each browser and phone of a member.

The payload is encrypted for the device alone (RFC 8291) and signed with the platform's key
(RFC 8292). What it says may stand on a lock screen. Its ``tag`` is the notification's id: a device
that gets it twice shows it once.
"""

import json
import logging

import requests
from django.conf import settings
from django.urls import reverse
from py_vapid import VapidException
from pywebpush import WebPushException, webpush

from carpool.kernel.outbound import AddressRefused, guarded_session
from chat.models import PushDevice, Transport
from chat.selectors.news_texts import write_text
from chat.services.channels import fcm
from chat.services.channels.parcel import Outcome, Parcel, Result

logger = logging.getLogger(__name__)

GONE = {404, 410}
MOST_DEVICES = 10


def send_push(parcel: Parcel) -> Outcome:
    """Push to all of a member's devices; reaching one of them is enough.

    Devices that their push service does not know any more are forgotten.
    """
    devices = list(PushDevice.objects.filter(member=parcel.member)[:MOST_DEVICES])
    senders = {Transport.WEB: _send_to_browser, Transport.FCM: fcm.send_to_phone}
    outcomes = [senders[Transport(device.transport)](parcel, device) for device in devices]
    for device, outcome in zip(devices, outcomes, strict=True):
        if outcome.result == Result.NOBODY:
            device.delete()
    for result in (Result.SENT, Result.LATER, Result.REFUSED):
        found = next((outcome for outcome in outcomes if outcome.result == result), None)
        if found is not None:
            return found
    return Outcome(Result.NOBODY, "no device")


def write_payload(parcel: Parcel) -> dict[str, str]:
    """Write what a device shows; it may stand on a lock screen."""
    notification = parcel.notifications[0]
    text = write_text(notification)
    path = reverse("chat:notification", args=[notification.pk])
    return {"id": str(notification.pk), "title": text.title, "body": text.body, "path": path}


def _send_to_browser(parcel: Parcel, device: PushDevice) -> Outcome:
    if not settings.VAPID_PRIVATE_KEY:
        return Outcome(Result.REFUSED, "no VAPID key")
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    try:
        webpush(
            {"endpoint": device.address, "keys": keys},
            json.dumps(write_payload(parcel)),
            vapid_private_key=settings.VAPID_PRIVATE_KEY,
            vapid_claims={"sub": settings.VAPID_SUBJECT},
            ttl=int(parcel.keep_for.total_seconds()),
            headers={"Urgency": _urgency(parcel), "Topic": parcel.notifications[0].pk.hex},
            requests_session=guarded_session(loopback=settings.DEMO),
        )
    except WebPushException as error:
        status = error.response.status_code if error.response is not None else 0
        return (
            Outcome(Result.NOBODY, "gone") if status in GONE else Outcome.of_status(status or 400)
        )
    except (AddressRefused, VapidException):
        logger.warning("A push service's address was refused; the device is forgotten.")
        return Outcome(Result.NOBODY, "address refused")
    except requests.RequestException as error:
        return Outcome(Result.LATER, type(error).__name__)
    except ValueError:
        return Outcome(Result.NOBODY, "keys unusable")
    return Outcome(Result.SENT)


def _urgency(parcel: Parcel) -> str:
    """Return the name that RFC 8030, section 5.3, has for an urgency."""
    return {"urgent": "high", "normal": "normal", "low": "low"}[parcel.notifications[0].urgency]
