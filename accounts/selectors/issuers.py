"""Which doors there are to sign in by."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from accounts.errors import IssuerNotFound, ManagersOnly
from accounts.models import EmailDomain, IdentityIssuer, Member, Organization, User
from accounts.permissions import is_manager

# Of the providers that an operator may configure: what they are called, where the browser goes.
PUBLIC_PROVIDERS = {
    "google": ("Google", "https://accounts.google.com"),
    "kakao": ("Kakao", settings.KAKAO_AUTH_URL),
}


@dataclass(frozen=True, slots=True)
class Door:
    """A way to sign in with an account from elsewhere."""

    key: str
    name: str
    url: str
    origin: str
    organization: Organization | None = None


def list_doors() -> list[Door]:
    """List what the sign-in page offers beside the code: organizations first."""
    issuers = list_issuers().filter(is_on=True, is_listed=True).order_by("organization__name")
    return [door_of(issuer) for issuer in issuers] + list_public_doors()


def list_public_doors() -> list[Door]:
    """List the public providers that the operator configured."""
    return [
        Door(key, name, reverse(f"{key}_login"), _origin(address))
        for key, (name, address) in PUBLIC_PROVIDERS.items()
        if settings.SOCIALACCOUNT_PROVIDERS.get(key, {}).get("APPS")
    ]


def door_of(issuer: IdentityIssuer) -> Door:
    """Return the door of one organization."""
    url = reverse("openid_connect_login", args=[issuer.key])
    return Door(issuer.key, issuer.organization.name, url, issuer.origin, issuer.organization)


@dataclass(frozen=True, slots=True)
class Link:
    """An account from elsewhere that opens somebody's account here."""

    pk: int
    key: str
    name: str
    since: datetime


def list_links(user: User) -> list[Link]:
    """List a user's linked accounts, also those whose provider is not offered any more."""
    accounts = list(SocialAccount.objects.filter(user=user).order_by("date_joined"))
    issuers = list_issuers().filter(key__in=[account.provider for account in accounts])
    names = {issuer.key: issuer.organization.name for issuer in issuers}
    names |= {key: name for key, (name, _address) in PUBLIC_PROVIDERS.items()}
    return [
        Link(
            account.pk,
            account.provider,
            names.get(account.provider, account.provider),
            account.date_joined,
        )
        for account in accounts
    ]


def list_issuers() -> QuerySet[IdentityIssuer]:
    """List all organizations' issuers: the sign-in page does not know yet who comes."""
    return IdentityIssuer.objects.select_related("organization")


def get_issuer(key: str) -> IdentityIssuer | None:
    """Return the issuer of that key, on or off."""
    return list_issuers().filter(key=key).first()


def get_issuer_for(member: Member) -> IdentityIssuer:
    """Return the issuer of the manager's own organization.

    Raises:
        ManagersOnly: the member does not steer the organization.
        IssuerNotFound: there is none yet.
    """
    require_manager(member)
    issuer = list_issuers().filter(organization=member.organization_id).first()
    if issuer is None:
        raise IssuerNotFound
    return issuer


def require_manager(member: Member) -> None:
    """Refuse everybody but managers and owners.

    Raises:
        ManagersOnly: the member is neither.
    """
    if not is_manager(member):
        raise ManagersOnly


def owns_domain_of(issuer: IdentityIssuer, email: str) -> bool:
    """Tell whether the address lies in a domain that the issuer's organization has claimed."""
    domain = email.rpartition("@")[2].lower()
    return EmailDomain.objects.filter(organization=issuer.organization_id, domain=domain).exists()


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
