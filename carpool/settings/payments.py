"""Providers of payments: each is switched on by its keys, and by nothing else."""

from django.core.exceptions import ImproperlyConfigured

from carpool.settings.environment import DEMO, env
from payments.engine.access import VENDORS, Access

# How long a provider may take for one answer. What took longer is asked after, never taken for no.
PAYMENT_TIMEOUT_S = env.float("PAYMENT_TIMEOUT_S", default=10.0)


def _access(provider: str, prefix: str, secrets: str = "", account: str = "") -> Access | None:
    key = env.str(f"{prefix}_SECRET_KEY", default="").strip()
    if not key:
        return None
    signed = env.str(secrets, default="") if secrets else ""
    return Access(
        provider=provider,
        url=env.str(f"{prefix}_URL", default=VENDORS[provider].url).rstrip("/"),
        key=key,
        account=account,
        webhook_secrets=tuple(signed.replace(",", " ").split()),
    )


_ACCESS = [
    _access("kakaopay", "KAKAOPAY", account=env.str("KAKAOPAY_CID", default="TC0ONETIME")),
    _access("toss", "TOSS", secrets="TOSS_SECURITY_KEY"),
    _access("stripe", "STRIPE", secrets="STRIPE_WEBHOOK_SECRET"),
]
PAYMENT_ACCESS = {access.provider: access for access in _ACCESS if access is not None}
# The demo has its own test bank, with which no money moves.
PAYMENT_PROVIDERS = [
    *env.list("PAYMENT_PROVIDERS", default=["test_bank"] if DEMO else []),
    *PAYMENT_ACCESS,
]

if DEMO and not all(access.is_play_money for access in PAYMENT_ACCESS.values()):
    raise ImproperlyConfigured(
        "DEMO=1 lets anyone sign in as anyone: it takes no keys with which real money moves."
    )
