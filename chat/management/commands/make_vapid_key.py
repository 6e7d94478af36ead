"""Print a new key for web push."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Print a private P-256 key as VAPID_PRIVATE_KEY wants it (RFC 8292): 32 bytes, base64url."""

    help = "Print a new VAPID_PRIVATE_KEY. Browsers that use the old one must subscribe anew."
    requires_system_checks = ()  # a setting that is being made cannot be checked

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key."""
        secret = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        key = base64.urlsafe_b64encode(secret.to_bytes(32, "big")).rstrip(b"=")
        self.stdout.write(key.decode())
