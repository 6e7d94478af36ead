"""The providers that are switched on, by their name in the books."""

from django.conf import settings

from payments.engine.providers import Provider
from payments.errors import ProviderUnknown
from payments.services.providers.kakaopay import KakaoPay
from payments.services.providers.stripe import Stripe
from payments.services.providers.testbank import BankForTests
from payments.services.providers.toss import Toss

_SPOKEN_TO_BY: dict[str, type[KakaoPay] | type[Toss] | type[Stripe]] = {
    "kakaopay": KakaoPay,
    "toss": Toss,
    "stripe": Stripe,
}


def get_provider(key: str) -> Provider:
    """Return a provider.

    Raises:
        ProviderUnknown: it is not switched on here.
    """
    if key not in settings.PAYMENT_PROVIDERS:
        raise ProviderUnknown(field="provider")
    if key == BankForTests.key:
        return BankForTests()
    access = settings.PAYMENT_ACCESS.get(key)
    if access is None or key not in _SPOKEN_TO_BY:
        raise ProviderUnknown(field="provider")
    return _SPOKEN_TO_BY[key](access)


def switched_on() -> list[str]:
    """Return the names of the providers that are switched on here."""
    return list(settings.PAYMENT_PROVIDERS)
