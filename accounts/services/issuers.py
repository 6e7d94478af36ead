"""Setting up an organization's identity provider, and letting in whom it vouches for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from accounts.errors import LinkNotFound
from accounts.models import IdentityIssuer, Member, Organization, User
from accounts.selectors import get_issuer
from accounts.services.membership import ensure_member
from carpool.kernel.errors import InvalidInput
from carpool.kernel.outbound import AddressRefused, check_address, guarded_session
from carpool.kernel.sealing import seal

DISCOVERY_PATH = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Discovery:
    """What an issuer says of itself, checked."""

    address: str
    authorization_endpoint: str


def discover_issuer(address: str) -> Discovery:
    """Ask an issuer for its description, as OpenID Connect Discovery 1.0 has it.

    Raises:
        InvalidInput: it cannot be reached, is none, or speaks for another one (names ``address``).
    """
    address = address.strip().removesuffix(DISCOVERY_PATH).rstrip("/")
    loopback = settings.LOOPBACK_PROVIDERS
    if "?" in address or "#" in address:
        raise _unfit(_("An issuer's address has neither ? nor #."))
    try:
        with guarded_session(loopback=loopback) as session:
            answer = session.get(f"{address}{DISCOVERY_PATH}")
            answer.raise_for_status()
            found = answer.json()
        endpoints = _endpoints(found)
        for endpoint in endpoints:
            check_address(endpoint, loopback=loopback)
    except AddressRefused as error:
        raise _unfit(_("We do not ask this address: it must be a public one with https://.")) from (
            error
        )
    except requests.RequestException as error:
        raise _unfit(_("There is no OpenID Connect issuer at this address.")) from error
    if str(found.get("issuer", "")).rstrip("/") != address:
        raise _unfit(_("The issuer there calls itself something else."))
    return Discovery(str(found["issuer"]), endpoints[0])


def _endpoints(found: Any) -> list[str]:
    """Return the addresses that a sign-in needs."""
    said = found if isinstance(found, dict) else {}
    endpoints = [said[name] for name in ENDPOINTS if isinstance(said.get(name), str)]
    if len(endpoints) < len(ENDPOINTS):
        raise _unfit(_("The description there lacks what a sign-in needs."))
    return endpoints


def _unfit(text: str) -> InvalidInput:
    return InvalidInput(text, field="address")


@transaction.atomic
def save_issuer(
    *,
    organization: Organization,
    discovery: Discovery,
    client_id: str,
    client_secret: str,
    domains: list[str],
    is_on: bool,
    is_listed: bool,
    now: datetime,
) -> IdentityIssuer:
    """Set an organization's issuer up, or change it. An empty secret keeps the one there is.

    Raises:
        InvalidInput: a new issuer needs a secret (names ``client_secret``).
    """
    Organization.objects.select_for_update().get(pk=organization.pk)
    issuer = IdentityIssuer.objects.filter(organization=organization).first()
    if issuer is None:
        issuer = IdentityIssuer(organization=organization, key=_free_key(organization))
    elif issuer.address != discovery.address:
        SocialAccount.objects.filter(provider=issuer.key).delete()
        issuer.sealed_secret = ""  # or the new address would be told the old one's secret
    if client_secret:
        issuer.sealed_secret = seal(client_secret)
    if not issuer.sealed_secret:
        raise InvalidInput(_("A new issuer needs its client secret."), field="client_secret")
    issuer.address = discovery.address
    issuer.authorization_endpoint = discovery.authorization_endpoint
    issuer.client_id, issuer.domains = client_id, domains
    issuer.is_on, issuer.is_listed, issuer.checked_at = is_on, is_listed, now
    issuer.save()
    return issuer


def _free_key(organization: Organization) -> str:
    """Name the issuer after its organization, unless another once got that name."""
    key = organization.slug[:40]
    taken = (
        get_issuer(key) is not None
        or key in settings.SOCIALACCOUNT_PROVIDERS
        or SocialAccount.objects.filter(provider=key).exists()
    )
    return f"{key}-{get_random_string(8).lower()}" if taken else key


@transaction.atomic
def remove_issuer(*, issuer: IdentityIssuer) -> None:
    """Forget an issuer and the accounts linked to it. Their people stay, and sign in by code."""
    SocialAccount.objects.filter(provider=issuer.key).delete()
    issuer.delete()


def join_by_issuer(*, user: User, key: str, name: str) -> Member | None:
    """Make somebody whom an organization's issuer vouches for its member.

    Returns the membership, new or old (somebody who left stays out), or None when the key is not
    that of an issuer in use.
    """
    issuer = get_issuer(key)
    if issuer is None or not issuer.is_on:
        return None
    return ensure_member(user=user, organization=issuer.organization, display_name=name)


def unlink_account(*, user: User, account_id: int) -> None:
    """Undo a link of one's own. The code by e-mail goes on working, so nobody locks themselves out.

    Raises:
        LinkNotFound: it is not theirs.
    """
    deleted, _by_model = SocialAccount.objects.filter(user=user, pk=account_id).delete()
    if not deleted:
        raise LinkNotFound
