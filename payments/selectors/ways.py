"""The ways to pay that a person may choose from."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from payments.engine.access import VENDORS
from payments.models import SPONSOR


@dataclass(frozen=True, slots=True)
class WayToPay:
    """One way to pay.

    Attributes:
        provider, method: what ``join_room`` and whoever else asks for money takes.
        label: what a person chooses.
        is_play_money: no money moves; every page that shows it says so.
    """

    provider: str
    method: str
    label: str | Promise
    is_play_money: bool


_NAMES: dict[str, str | Promise] = {
    "kakaopay": _("KakaoPay"),
    "toss": "Toss Payments",
    "stripe": "Stripe",
    "test_bank": _("Test bank"),
}
# What each provider offers, the most usual first. The test bank's way to be declined is for trying.
_OFFERED: dict[str, list[tuple[str, str | Promise]]] = {
    "kakaopay": [("", _("KakaoPay"))],
    "toss": [("카드", _("Card (Toss Payments)")), ("토스페이", _("Toss Pay"))],
    "stripe": [("card", _("Card"))],
    "test_bank": [
        ("test_pays", _("Test bank (no real money)")),
        ("test_declines", _("Test bank that declines (no real money)")),
    ],
}


# The only way where an organization pays all of a seat: its member is asked for nothing.
BY_SPONSOR = WayToPay(SPONSOR, "", _("Your organization pays all of it"), False)


def ways_to_pay(organization: Organization) -> list[WayToPay]:
    """Return the ways to pay that are switched on and take the organization's currency."""
    ways = []
    for provider, methods in _OFFERED.items():
        if provider in settings.PAYMENT_PROVIDERS and _takes(provider, organization.currency):
            ways += [
                WayToPay(provider, method, label, is_play_money(provider))
                for method, label in methods
            ]
    return ways


def name_of(provider: str) -> str | Promise:
    """Return what people call a provider."""
    return _NAMES.get(provider, provider)


def is_play_money(provider: str) -> bool:
    """Tell whether no money moves with a provider; a sponsor's money came in at a bank."""
    if provider == SPONSOR:
        return False
    access = settings.PAYMENT_ACCESS.get(provider)
    return access is None or access.is_play_money


def _takes(provider: str, currency: str) -> bool:
    """Tell whether a provider takes a currency; Korean money is taken by Korean providers."""
    vendor = VENDORS.get(provider)
    if vendor is None:
        return True
    if vendor.currencies:
        return currency in vendor.currencies
    return currency != "KRW"
