"""Signed notices: ``t=<unix>,v1=<hex>``, an HMAC-SHA256 over time and raw body.

Several ``v1`` may stand there while a secret is being changed; one has to fit. Old notices are
refused, so that a recorded one cannot be played again.

Source: Stripe, *Check the webhook signatures*.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

TOLERANCE_S = 300


def sign(secret: bytes, body: bytes, *, at: datetime) -> str:
    """Return the header that goes with a body."""
    moment = int(at.timestamp())
    return f"t={moment},v1={_mac(secret, moment, body)}"


def is_signed(header: str, body: bytes, *, secrets: Iterable[bytes], now: datetime) -> bool:
    """Tell whether a body was signed with one of the secrets, not long ago."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    moments = [value for name, _equals, value in parts if name == "t"]
    macs = [value for name, _equals, value in parts if name == "v1"]
    if len(moments) != 1 or not moments[0].isdecimal() or not moments[0].isascii():
        return False
    moment = int(moments[0][:20])
    if abs(now.timestamp() - moment) > TOLERANCE_S:
        return False
    expected = [_mac(secret, moment, body) for secret in secrets]
    pairs = [
        hmac.compare_digest(mac.encode(), own.encode()) for mac in macs[:8] for own in expected
    ]
    return any(pairs)


def _mac(secret: bytes, moment: int, body: bytes) -> str:
    return hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
