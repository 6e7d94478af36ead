"""Signing in at a provider that others wrote: as an organization's issuer, and in Google's place.

It is https://github.com/geigerzaehler/oidc-provider-mock in a process of its own, so that nothing
rests on one implementation of OpenID Connect, ours and the client's being by one author.
"""

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.google import views as google
from django.test import Client
from django.urls import reverse

from accounts.models import Member
from accounts.tests.factories import MemberFactory, OrganizationFactory, UserFactory
from accounts.tests.providers import CLIENT_ID, foreign_way_back, set_up_issuer
from accounts.tests.test_oidc import is_signed_in
from carpool.tests.servers import running_foreign_provider

COMPANY, GOOGLE = "/accounts/oidc/copper/login/", "/accounts/google/login/"
PEOPLE = (
    {"sub": "c-1", "email": "ana@copper.example", "email_verified": True, "name": "Ana Rojas"},
    {"sub": "c-2", "email": "who@elsewhere.example", "email_verified": True, "name": "Who"},
    {"sub": "g-1", "email": "ana@copper.example", "email_verified": True, "hd": "copper.example"},
    {"sub": "g-2", "email": "ana@copper.example", "email_verified": True},
    {"sub": "g-3", "email": "ana@copper.example", "email_verified": False, "hd": "copper.example"},
    {"sub": "g-4", "email": "zoe@gmail.com", "email_verified": True},
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def provider():
    """The provider."""
    with running_foreign_provider(*PEOPLE) as address:
        yield address


@pytest.fixture
def copper():
    """An organization that owns copper.example."""
    return OrganizationFactory(name="Copper", slug="copper")


@pytest.fixture
def client():
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def issuer(copper, provider, settings):
    """The provider as the organization's own."""
    settings.LOOPBACK_PROVIDERS = True
    return set_up_issuer(copper, provider, "any secret")


@pytest.fixture
def as_google(provider, settings, monkeypatch):
    """The provider at Google's addresses, under Google's name."""
    settings.LOOPBACK_PROVIDERS = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        **settings.SOCIALACCOUNT_PROVIDERS,
        "google": {
            "APPS": [{"client_id": CLIENT_ID, "secret": "any secret"}],
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "profile", "email"],  # Google sends an ID token unasked
        },
    }
    adapter = google.GoogleOAuth2Adapter
    monkeypatch.setattr(adapter, "authorize_url", f"{provider}/oauth2/authorize")
    monkeypatch.setattr(adapter, "access_token_url", f"{provider}/oauth2/token")
    monkeypatch.setattr(google, "ID_TOKEN_ISSUER", provider)


def come(client, start, person):
    leave = client.post(start)
    assert leave.status_code == 302, leave.content.decode()[:500]
    return client.get(foreign_way_back(leave["Location"], person))


class TestAsAnIssuer:
    """The organization's own sign-in, at a provider of another make."""

    def test_a_newcomer_becomes_a_member(self, client, issuer, copper):
        assert come(client, COMPANY, "c-1")["Location"] == reverse("rides:today")
        member = Member.objects.get(user__email="ana@copper.example")
        assert (member.organization, member.display_name) == (copper, "Ana Rojas")

    def test_an_address_of_another_domain_is_proven_first(self, client, issuer):
        answer = come(client, COMPANY, "c-2")
        assert answer["Location"] == reverse("account_email_verification_sent")
        assert not is_signed_in(client)
        assert not Member.objects.exists()

    def test_an_answer_that_was_used_opens_nothing_again(self, client, issuer):
        way = foreign_way_back(client.post(COMPANY)["Location"], "c-1")
        client.get(way)
        thief = Client(SERVER_NAME="localhost")
        assert thief.get(way).status_code == 401
        assert not is_signed_in(thief)


class TestInGooglesPlace:
    """What Google says of an address counts for the mailboxes that it hosts."""

    def test_it_is_offered_once_it_is_configured(self, client, settings):
        assert "Google" not in client.get("/accounts/login/code/").content.decode()

    def test_the_button_leads_there(self, client, as_google, provider):
        assert "Sign in with Google" in client.get("/accounts/login/code/").content.decode()
        leave = client.post(GOOGLE)["Location"]
        assert leave.startswith(f"{provider}/oauth2/authorize?")
        assert "code_challenge_method=S256" in leave

    def test_a_hosted_company_address_makes_a_member(self, client, as_google, copper):
        assert come(client, GOOGLE, "g-1")["Location"] == reverse("rides:today")
        assert Member.objects.get(user__email="ana@copper.example").organization == copper
        assert not SocialToken.objects.exists()

    @pytest.mark.parametrize("person", ["g-2", "g-3"])
    def test_one_that_it_does_not_host_or_know_makes_none(self, client, as_google, copper, person):
        answer = come(client, GOOGLE, person)
        assert answer["Location"] == reverse("account_email_verification_sent")
        assert not is_signed_in(client)
        assert not Member.objects.exists()

    def test_it_never_opens_an_account_whose_mailbox_it_does_not_host(
        self, client, as_google, copper
    ):
        MemberFactory(organization=copper, user=UserFactory(email="ana@copper.example"))
        come(client, GOOGLE, "g-2")
        assert not is_signed_in(client)
        assert not SocialAccount.objects.exists()

    def test_somebody_of_no_organization_is_let_in_and_asked_for_one(self, client, as_google):
        come(client, GOOGLE, "g-4")
        assert is_signed_in(client)
        assert client.get("/", follow=True).redirect_chain[-1][0] == reverse("accounts:join")
