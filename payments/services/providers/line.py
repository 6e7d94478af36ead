"""How a provider is spoken to: within limits, without redirects, and without telling its keys.

Whatever goes wrong on the way is ``NoAnswer``: the provider may have done what it was asked.
"""

import logging
from typing import Any

import requests
from django.conf import settings

from carpool.kernel.outbound import ANSWER_WITHIN_S, guarded_session
from payments.engine.access import Access

logger = logging.getLogger(__name__)

Json = dict[str, Any]


class NoAnswer(Exception):
    """It did not answer, or not readably."""


class Refusal(Exception):
    """It says no, in words of its own."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.body = status, body


def session_for(access: Access) -> requests.Session:
    """Return a session that reaches the vendor, or a simulator on this machine."""
    return guarded_session(loopback=not access.is_real_vendor, timeout_s=settings.PAYMENT_TIMEOUT_S)


def answers_within_s() -> int:
    """Return how long a call may take at the very most: to connect, to wait, to read."""
    return int(2 * settings.PAYMENT_TIMEOUT_S + ANSWER_WITHIN_S) + 1


def ask(
    access: Access, method: str, path: str, *, headers: dict[str, str], body: Json | None = None,
    query: dict[str, str] | None = None,
) -> Any:  # fmt: skip
    """Ask a provider and return its JSON.

    Raises:
        NoAnswer: time-out, broken line, 5xx, too much, or no JSON.
        Refusal: 4xx with JSON.
    """
    try:
        with session_for(access) as session:
            answer = session.request(
                method, access.url + path, json=body, params=query, headers=headers
            )
        told = answer.json()
    except (requests.RequestException, ValueError) as error:
        # Neither the address's query nor the headers: the kind of error says enough.
        logger.warning("%s: %s %s: %s", access.provider, method, path, type(error).__name__)
        raise NoAnswer from None
    if answer.status_code >= 500 or not isinstance(told, (dict, list)):
        logger.warning("%s: %s %s: HTTP %s", access.provider, method, path, answer.status_code)
        raise NoAnswer
    if answer.status_code >= 400:
        raise Refusal(answer.status_code, told if isinstance(told, dict) else {})
    return told
