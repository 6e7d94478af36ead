"""Push to the mobile app through Firebase Cloud Messaging, HTTP v1.

Off until FCM_CREDENTIALS holds a service account's JSON. Source: Firebase, "Migrate from legacy FCM
APIs to HTTP v1" and the reference of ErrorCode; RFC 7523 for the token.
"""

import json
import time
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.cache import cache

from chat.models import PushDevice
from chat.selectors.news_texts import write_text
from chat.services.channels.parcel import Outcome, Parcel, Result

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_KEY = "fcm-token"  # noqa: S105 (a name, no secret)
TIMEOUT_S = 10


def send_to_phone(parcel: Parcel, device: PushDevice) -> Outcome:
    """Push to one phone."""
    if not settings.FCM_CREDENTIALS:
        return Outcome(Result.REFUSED, "FCM is not set up")
    account: dict[str, Any] = json.loads(settings.FCM_CREDENTIALS)
    try:
        answer = requests.post(
            f"{settings.FCM_URL}/v1/projects/{account['project_id']}/messages:send",
            json={"message": _message(parcel, device)},
            headers={"Authorization": f"Bearer {_token(account)}"},
            timeout=TIMEOUT_S,
        )
    except requests.RequestException as error:
        return Outcome(Result.LATER, type(error).__name__)
    if answer.status_code == 401:
        cache.delete(TOKEN_KEY)
        return Outcome(Result.LATER, "HTTP 401")
    if answer.status_code == 404 or "UNREGISTERED" in answer.text:
        return Outcome(Result.NOBODY, "gone")
    return Outcome.of_status(answer.status_code)


def _message(parcel: Parcel, device: PushDevice) -> dict[str, Any]:
    notification = parcel.notifications[0]
    text, tag = write_text(notification), str(notification.pk)
    ttl_s = int(parcel.keep_for.total_seconds())
    is_urgent = notification.urgency == "urgent"
    return {
        "token": device.address,
        "notification": {"title": text.title, "body": text.body},
        "data": {"id": tag, "path": text.path},
        "android": {
            "priority": "HIGH" if is_urgent else "NORMAL",
            "ttl": f"{ttl_s}s",
            "notification": {"tag": tag},
        },
        "apns": {
            "headers": {
                "apns-collapse-id": tag,
                "apns-priority": "10" if is_urgent else "5",
                "apns-expiration": str(int(parcel.now.timestamp()) + ttl_s),
            }
        },
    }


def _token(account: dict[str, Any]) -> str:
    """Return an access token, fetched once an hour.

    Raises:
        requests.RequestException: the token's issuer does not answer, or refuses.
    """
    known: str | None = cache.get(TOKEN_KEY)
    if known:
        return known
    issued = int(time.time())
    claims = {
        "iss": account["client_email"],
        "scope": SCOPE,
        "aud": account["token_uri"],
        "iat": issued,
        "exp": issued + 3600,
    }
    assertion = jwt.encode(claims, account["private_key"], algorithm="RS256")
    form = {"grant_type": GRANT, "assertion": assertion}
    answer = requests.post(account["token_uri"], data=form, timeout=TIMEOUT_S)
    answer.raise_for_status()
    said = answer.json()
    token: str = said["access_token"]
    cache.set(TOKEN_KEY, token, timeout=max(60, int(said.get("expires_in", 3600)) - 300))
    return token
