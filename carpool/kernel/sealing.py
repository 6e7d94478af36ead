"""Keep a secret that we must be able to read again, such as an organization's client secret.

Sealed with the installation's ``SECRET_KEY``: a copy of the database alone tells nothing. Keys in
``SECRET_KEY_FALLBACKS`` still open what they sealed.
"""

import base64
import hashlib
from datetime import timedelta
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from carpool.kernel.errors import ServiceUnavailable


class SealBroken(ServiceUnavailable):
    """No key of this installation opens the secret: it was sealed with another one."""

    code = "seal_broken"


def seal(secret: str) -> str:
    """Return the secret in a form that only this installation can read."""
    return _keys().encrypt(secret.encode()).decode()


def unseal(sealed: str, *, valid_for: timedelta | None = None) -> str:
    """Return what was sealed, if it was not longer ago than ``valid_for``.

    Raises:
        SealBroken: it is too old, altered, or was sealed with a key that we do not have.
    """
    ttl = None if valid_for is None else int(valid_for.total_seconds())
    try:
        return _keys().decrypt(sealed.encode(), ttl).decode()
    except InvalidToken as error:
        raise SealBroken from error


def _keys() -> MultiFernet:
    return _keys_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _keys_of(*keys: str) -> MultiFernet:
    digests = (hashlib.sha256(b"carpool.kernel.sealing" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
