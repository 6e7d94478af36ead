"""News by text message, through any gateway that takes a JSON POST.

Off until SMS_URL is set. The gateway gets ``{"to", "from", "text"}`` with a bearer token, and an
Idempotency-Key that stays the same when a message is tried again: it must not send it twice.
"""

import requests
from django.conf import settings

from chat.selectors.links import absolute
from chat.selectors.news_texts import write_text
from chat.services.channels.parcel import Outcome, Parcel, Result

TIMEOUT_S = 10


def send_sms(parcel: Parcel) -> Outcome:
    """Send a parcel's news to its member's phone."""
    phone = "".join(c for c in parcel.member.phone if c.isdigit() or c == "+")
    if not settings.SMS_URL or not phone:
        return Outcome(Result.NOBODY, "no phone" if settings.SMS_URL else "SMS is not set up")
    text = write_text(parcel.notifications[0])
    try:
        answer = requests.post(
            settings.SMS_URL,
            json={
                "to": phone,
                "from": settings.SMS_SENDER,
                "text": f"{text.title}. {text.body} {absolute(text.path)}",
            },
            headers={
                "Authorization": f"Bearer {settings.SMS_TOKEN}",
                "Idempotency-Key": str(parcel.key),
            },
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return Outcome(Result.LATER, type(error).__name__)
    return Outcome.of_status(answer.status_code)
