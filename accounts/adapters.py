"""How allauth's flows behave here: whose word about an address counts, and who may come in."""

from typing import Any

import requests
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.provider import Provider
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.models import IdentityIssuer, User
from accounts.selectors import get_issuer, list_issuers, owns_domain_of
from carpool.kernel import clock
from carpool.kernel.outbound import guarded_session
from carpool.kernel.sealing import unseal

OIDC = OpenIDConnectProvider.id
# Google hosts these mailboxes itself; of others it knows only that they once got a mail.
GOOGLE_MAIL = frozenset({"gmail.com", "googlemail.com"})


class AccountAdapter(DefaultAccountAdapter):
    """People sign in with a one-time code; nobody has a password but operators."""


class OrganizationProvider(OpenIDConnectProvider):
    """An organization's issuer. Two organizations may have been given the same client ID."""

    def serialize(self) -> dict[str, Any]:
        """Name the issuer itself while a sign-up waits for an address."""
        return {"id": self.sub_id, "app.client_id": self.app.client_id}

    def redirect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the issuer; say so when it does not answer, as allauth does on the way back."""
        try:
            led: HttpResponse = super().redirect(request, *args, **kwargs)
        except (requests.RequestException, ValueError, KeyError) as error:  # or answers nonsense
            led = render_authentication_error(request, self, exception=error)
        return led


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Organizations' issuers stand in our own table; what a provider says is weighed."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """List the configured providers and the organizations' issuers, also those switched off.

        Those that are off are needed to show and unlink accounts; ``pre_social_login`` lets nobody
        in by them.
        """
        apps: list[SocialApp] = super().list_apps(request, provider, client_id)
        issuers = list_issuers()
        if provider not in {None, OIDC}:
            issuers = issuers.filter(key=provider)
        if client_id:
            issuers = issuers.filter(client_id=client_id)
        return apps + [_app_of(issuer) for issuer in issuers]

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Provider:
        """Return the provider of that name or key."""
        found = super().get_provider(request, provider, client_id=client_id)
        if found.id == OIDC:
            return OrganizationProvider(request, app=found.app)
        return found

    def new_user(self, request: HttpRequest, sociallogin: SocialLogin) -> User:
        """Begin a user who may have to wait in the session, where no database fills in the date."""
        user: User = super().new_user(request, sociallogin)
        user.date_joined = clock.now()
        return user

    def get_app(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> SocialApp:
        """Return a provider's app; a provider that is not offered has no address here."""
        try:
            return super().get_app(request, provider, client_id=client_id)
        except SocialApp.DoesNotExist:
            raise Http404 from None

    def get_requests_session(self) -> requests.Session:
        """Ask providers without being led to our own network."""
        return guarded_session(loopback=settings.LOOPBACK_PROVIDERS)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Turn away whom the organization's issuer does not speak for."""
        issuer = get_issuer(sociallogin.account.provider)
        if issuer is None:
            return
        reason = _reason_to_refuse(issuer, sociallogin.account)
        if reason:
            context = {"reason": reason, "organization": issuer.organization}
            raise ImmediateHttpResponse(
                render(request, "socialaccount/refused.html", context, status=403)
            )

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Find the person whose address is proven by this provider's word.

        Decides first which of the addresses are proven at all, so that a new account starts with
        the others unproven. Operators link their accounts themselves: whoever configures an
        organization's issuer must not become one.
        """
        for address in sociallogin.email_addresses:
            address.verified = _is_proven(sociallogin.account, address.email)
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        return None if found and found[0].is_staff else found

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Allow it: only proven addresses come here."""
        return True

    def is_email_verified(self, provider: Provider, email: str) -> bool:
        """Leave the decision to ``authenticate_by_email``, which sees all claims."""
        return False


def _app_of(issuer: IdentityIssuer) -> SocialApp:
    return SocialApp(
        provider=OIDC,
        provider_id=issuer.key,
        name=issuer.organization.name,
        client_id=issuer.client_id,
        secret=unseal(issuer.sealed_secret),
        settings={"server_url": issuer.address.rstrip("/"), "oauth_pkce_enabled": True},
    )


def _claims(account: SocialAccount) -> dict[str, Any]:
    """Return what the provider says, which is in one of two places for OpenID Connect."""
    data: dict[str, Any] = account.extra_data
    return data.get("userinfo") or data.get("id_token") or data


def _reason_to_refuse(issuer: IdentityIssuer, account: SocialAccount) -> str:
    if not issuer.is_on:
        return _("This way to sign in is switched off.")
    data = account.extra_data
    subjects = {data[part].get("sub") for part in ("userinfo", "id_token") if part in data}
    if len(subjects) > 1:  # OpenID Connect Core 1.0, 5.3.2: a token came with another's name
        return _("The answer of your organization's sign-in contradicts itself.")
    domain = str(_claims(account).get("email", "")).rpartition("@")[2].lower()
    if issuer.domains and domain not in issuer.domains:
        return _("Your e-mail address is not one of those that your organization lets in.")
    return ""


def _is_proven(account: SocialAccount, email: str) -> bool:
    """Tell whether the provider's word proves that the person owns the address.

    An organization's issuer is believed about the organization's own domains, Google about the
    mailboxes that it hosts, Kakao about none: what it calls verified may be years old.
    """
    claims, domain = _claims(account), email.rpartition("@")[2].lower()
    if account.provider == "google":
        is_hosted = domain in GOOGLE_MAIL or claims.get("hd") == domain
        return is_hosted and claims.get("email_verified") is True
    issuer = get_issuer(account.provider)
    if issuer is None:
        return False
    return owns_domain_of(issuer, email) and claims.get("email_verified", True) is True
