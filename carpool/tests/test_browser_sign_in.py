"""Signing in in a real browser, with real providers in processes of their own."""

import pytest
from playwright.sync_api import expect

from accounts.models import Member
from accounts.tests.factories import MemberFactory, OrganizationFactory
from accounts.tests.providers import set_up_issuer
from carpool.tests.servers import running_provider, running_servers
from carpool.tests.test_browser import DESK, Visitor, chromium

SECRET = "the-client-secret-of-the-tests"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium"]  # a fixture


@pytest.fixture
def copper(city):
    return OrganizationFactory(name="Coquimbo Copper", slug="coquimbo-copper")


@pytest.fixture
def provider(settings, site):
    settings.LOOPBACK_PROVIDERS = True
    with running_provider(SECRET, site) as address:
        yield address


@pytest.fixture
def site(copper, monkeypatch):
    monkeypatch.setenv("DEMO", "1")  # a provider and passkeys on http://localhost
    with running_servers(1) as [server]:
        yield f"http://localhost:{server.port}"


@pytest.fixture
def visit(chromium, site):
    visitors = []

    def open_browser(member=None, **options):
        visitors.append(Visitor(chromium, site, member, **options))
        return visitors[-1]

    yield open_browser
    for visitor in visitors:
        visitor.context.close()


def test_a_company_account_opens_the_door(visit, copper, provider):
    manager = visit(
        MemberFactory(organization=copper, display_name="Mona Manager", role="manager"),
        viewport=DESK,
    )
    page = manager.page
    page.goto("/organization/")
    page.get_by_role("link", name="Company sign-in").click()
    page.get_by_label("Issuer").fill(provider)
    page.get_by_label("Client ID").fill("carpool")
    page.get_by_label("Client secret").fill(SECRET)
    page.get_by_role("button", name="Check and save").click()
    expect(page.get_by_text("We reached your issuer")).to_be_visible()

    newcomer = visit()
    page = newcomer.page
    page.goto("/")
    page.get_by_role("button", name="Sign in with Coquimbo Copper").click()
    expect(page.get_by_role("heading", name="Company sign-in")).to_be_visible()
    assert page.url.startswith(provider)
    page.get_by_role("button", name="Nora Nuevo").click()
    expect(page).to_have_url(f"{newcomer.site}/")
    expect(page.get_by_text("Coquimbo Copper").first).to_be_visible()
    member = Member.objects.get(user__email="nora@coquimbo-copper.example")
    assert (member.organization, member.display_name) == (copper, "Nora Nuevo")
    assert newcomer.complaints == []
    assert manager.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_one_may_turn_round_at_the_other_side(visit, copper, provider, scripts):
    set_up_issuer(copper, provider, SECRET)
    page = visit(java_script_enabled=scripts).page
    page.goto("/accounts/login/code/")
    page.get_by_role("button", name="Sign in with Coquimbo Copper").click()
    expect(page.get_by_role("heading", name="Company sign-in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Send me a code")).to_be_visible()


def with_authenticator(page):
    """Give the browser a fingerprint reader that always recognises its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_signs_in_without_a_mail(visit, copper):
    member = MemberFactory(organization=copper, display_name="Pia Passkey")
    member.user.set_unusable_password()
    member.user.save()
    visitor = visit(member)
    page = visitor.page
    with_authenticator(page)
    page.goto("/profile/")
    page.get_by_role("link", name="Passkeys and security keys").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Sign in with it alone").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Add").click()
    page.goto("/profile/")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/code/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{visitor.site}/")
    page.wait_for_load_state()
    page.goto("/profile/")
    expect(page.get_by_role("heading", name="Pia Passkey")).to_be_visible()
    assert visitor.complaints == []
