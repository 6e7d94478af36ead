"""Signing in with an organization's own accounts, at a real provider in a process of its own."""

import http.server
import json
import threading
from pathlib import Path

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import EmailDomain, IdentityIssuer, Member, Organization
from accounts.tests.factories import MemberFactory, OrganizationFactory, UserFactory
from accounts.tests.providers import set_up_issuer, walk, way_back
from carpool.kernel.errors import InvalidInput
from carpool.tests.servers import running_provider

SECRET = "the-client-secret-of-the-tests"
START = "/accounts/oidc/coquimbo-copper/login/"
ANA, NORA = "CC-1000", "CC-1020"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def provider():
    """The demo company's provider."""
    with running_provider(SECRET, "http://localhost") as address:
        yield address


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.LOOPBACK_PROVIDERS = True


@pytest.fixture
def copper():
    """The organization whose callback the provider knows."""
    organization = OrganizationFactory(name="Coquimbo Copper", slug="coquimbo-copper")
    EmailDomain.objects.create(organization=organization, domain="elsewhere.example")
    return organization


@pytest.fixture
def issuer(copper, provider):
    return set_up_issuer(copper, provider, SECRET)


@pytest.fixture
def client():
    return Client(SERVER_NAME="localhost")


def is_signed_in(client):
    return "_auth_user_id" in client.session


class TestComingIn:
    """The organization's issuer proves who somebody is and that they belong to it."""

    def test_a_newcomer_becomes_a_member_with_their_name(self, client, issuer, copper):
        answer = walk(client, START, NORA)
        assert answer.status_code == 302
        assert answer["Location"] == reverse("rides:today")
        member = Member.objects.get(user__email="nora@coquimbo-copper.example")
        assert (member.organization, member.display_name) == (copper, "Nora Nuevo")
        assert member.role == "member"
        assert not mail.outbox

    def test_somebody_known_by_their_address_is_the_same_person(self, client, issuer, copper):
        ana = MemberFactory(
            organization=copper, user=UserFactory(email="ana@coquimbo-copper.example")
        )
        walk(client, START, ANA)
        assert client.session["_auth_user_id"] == str(ana.user_id)
        assert SocialAccount.objects.get(user=ana.user).uid == ANA

    def test_the_link_holds_when_the_address_changes(self, client, issuer, copper):
        walk(client, START, NORA)
        member = Member.objects.get(user__email="nora@coquimbo-copper.example")
        member.user.email = "nora.n@coquimbo-copper.example"
        member.user.save()
        again = Client(SERVER_NAME="localhost")
        walk(again, START, NORA)
        assert again.session["_auth_user_id"] == str(member.user_id)

    def test_one_comes_to_the_page_that_one_wanted(self, client, issuer):
        answer = walk(client, f"{START}?process=login&next=/profile/", NORA)
        assert answer["Location"] == "/profile/"

    @pytest.mark.parametrize(
        "evil",
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"],
    )
    def test_one_is_never_sent_to_somebody_elses_site(self, client, issuer, evil):
        answer = client.post(f"{START}?next={evil}")
        if answer.status_code == 302:
            answer = client.get(way_back(answer["Location"], NORA))
            assert answer["Location"] == reverse("rides:today")
        else:
            assert answer.status_code == 400

    def test_who_left_stays_out(self, client, issuer, copper, now):
        gone = MemberFactory(
            organization=copper, user=UserFactory(email="ana@coquimbo-copper.example"), left_at=now
        )
        answer = walk(client, START, ANA)
        gone.refresh_from_db()
        assert gone.left_at == now
        assert client.get(answer["Location"], follow=True).redirect_chain[-1][0] == "/join/"


class TestWhatIsNotBelieved:
    """An issuer speaks for its own people and its own domains, and for nobody else's."""

    def test_of_a_foreign_domain_it_proves_no_address(self, client, provider, copper):
        set_up_issuer(copper, provider, SECRET)
        EmailDomain.objects.filter(domain="coquimbo-copper.example").delete()
        victim = UserFactory(email="ana@coquimbo-copper.example")
        walk(client, START, ANA)
        assert not is_signed_in(client)
        assert not SocialAccount.objects.filter(user=victim).exists()
        assert [message.to for message in mail.outbox] == [["ana@coquimbo-copper.example"]]

    def test_a_new_address_of_a_foreign_domain_waits_for_its_code(self, client, provider, copper):
        set_up_issuer(copper, provider, SECRET)
        EmailDomain.objects.filter(domain="coquimbo-copper.example").delete()
        answer = walk(client, START, NORA)
        assert answer["Location"] == reverse("account_email_verification_sent")
        assert not is_signed_in(client)
        assert not Member.objects.filter(user__email="nora@coquimbo-copper.example").exists()

    def test_it_never_becomes_an_operator(self, client, issuer):
        operator = UserFactory(email="ana@coquimbo-copper.example", is_staff=True)
        walk(client, START, ANA)
        assert not is_signed_in(client)
        assert not SocialAccount.objects.filter(user=operator).exists()

    def test_allowed_domains_keep_the_others_out(self, client, copper, provider):
        set_up_issuer(copper, provider, SECRET, domains=["elsewhere.example"])
        answer = walk(client, START, NORA)
        assert answer.status_code == 403
        assert "not one of those" in answer.content.decode()
        assert not is_signed_in(client)

    def test_switched_off_it_lets_nobody_in(self, client, copper, provider):
        set_up_issuer(copper, provider, SECRET)
        walk(client, START, NORA)
        set_up_issuer(copper, provider, "", is_on=False)
        again = Client(SERVER_NAME="localhost")
        assert walk(again, START, NORA).status_code == 403
        assert not is_signed_in(again)

    def test_with_a_wrong_secret_nobody_comes_in(self, client, copper, provider):
        set_up_issuer(copper, provider, "wrong")
        answer = walk(client, START, NORA)
        assert "did not work" in answer.content.decode()
        assert not is_signed_in(client)


class TestTheWayBack:
    """What a browser brings back counts once, in the browser that began."""

    def test_a_foreign_browsers_way_back_signs_nobody_in(self, client, issuer):
        leave = client.post(START)
        back = way_back(leave["Location"], NORA)
        other = Client(SERVER_NAME="localhost")
        other.get(back)
        assert not is_signed_in(other)

    def test_a_way_back_works_once(self, client, issuer):
        leave = client.post(START)
        back = way_back(leave["Location"], NORA)
        client.get(back)
        assert is_signed_in(client)
        client.logout()
        client.get(back)
        assert not is_signed_in(client)

    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("error=access_denied&state={state}", "cancelled"),
            ("error=server_error&state={state}", "did not work"),
            ("code=invented&state={state}", "did not work"),
            ("code=invented&state=invented", "did not work"),
            ("", "did not work"),
        ],
    )
    def test_a_failure_over_there_is_told_in_words(self, client, issuer, query, text):
        leave = client.post(START)
        state = leave["Location"].rpartition("state=")[2].partition("&")[0]
        answer = client.get(f"{START}callback/?{query.format(state=state)}", follow=True)
        assert text in answer.content.decode()
        assert not is_signed_in(client)


class TestSettingUp:
    """The manager's page: what it takes, checks, keeps and never shows."""

    URL = "/organization/sign-in/"

    @pytest.fixture
    def manager(self, client, copper):
        member = MemberFactory(organization=copper, role="manager")
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return member

    def entered(self, provider, **changes):
        return {
            "address": provider,
            "client_id": "carpool",
            "client_secret": SECRET,
            "is_on": "on",
            "is_listed": "on",
            **changes,
        }

    def test_a_manager_sets_it_up_and_people_come_in(self, client, manager, copper, provider):
        answer = client.post(self.URL, self.entered(provider), follow=True)
        assert "We reached your issuer" in answer.content.decode()
        visitor = Client(SERVER_NAME="localhost")
        page = visitor.get("/accounts/login/code/")
        assert "Sign in with Coquimbo Copper" in page.content.decode()
        assert provider in page["Content-Security-Policy"]
        walk(visitor, START, NORA)
        assert is_signed_in(visitor)

    def test_the_secret_is_sealed_and_never_shown(self, client, manager, copper, provider):
        client.post(self.URL, self.entered(provider))
        assert SECRET not in client.get(self.URL).content.decode()
        row = IdentityIssuer.objects.values().get()
        assert SECRET not in json.dumps(row, default=str)

    def test_an_empty_secret_keeps_the_old_one(self, client, manager, provider):
        client.post(self.URL, self.entered(provider))
        sealed = IdentityIssuer.objects.get().sealed_secret
        client.post(self.URL, self.entered(provider, client_secret="", is_listed=""))
        issuer = IdentityIssuer.objects.get()
        assert (issuer.sealed_secret, issuer.is_listed) == (sealed, False)
        page = Client().get("/accounts/login/code/").content.decode()
        assert "Sign in with Coquimbo Copper" not in page

    def test_another_issuer_neither_gets_the_secret_nor_the_linked_accounts(
        self, client, manager, provider, monkeypatch
    ):
        client.post(self.URL, self.entered(provider))
        walk(Client(SERVER_NAME="localhost"), START, NORA)
        other = services.Discovery("https://other.example", "https://other.example/authorize")
        monkeypatch.setattr(services, "discover_issuer", lambda _address: other)
        answer = client.post(self.URL, self.entered("https://other.example", client_secret=""))
        assert list(answer.context["form"].errors) == ["client_secret"]
        assert SocialAccount.objects.count() == 1
        client.post(self.URL, self.entered("https://other.example", client_secret="new"))
        assert SocialAccount.objects.count() == 0

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "nonsense",
            "http://issuer.example",
            "https://localhost:1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::ffff:7f00:1]/",
            "ftp://issuer.example",
            "https://user:pass@issuer.example",
            "https://issuer.example/?a=b",
        ],
    )
    def test_a_bad_address_is_told_at_its_field(self, client, manager, address, settings):
        settings.LOOPBACK_PROVIDERS = False
        answer = client.post(self.URL, self.entered(address))
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == ["address"]
        assert not IdentityIssuer.objects.exists()

    @pytest.mark.parametrize("domains", ["no", "ok.example bad_domain", "<b>.example"])
    def test_bad_domains_are_told_at_their_field(self, client, manager, provider, domains):
        answer = client.post(self.URL, self.entered(provider, domains=domains))
        assert list(answer.context["form"].errors) == ["domains"]

    def test_removing_it_leaves_the_people(self, client, manager, provider):
        client.post(self.URL, self.entered(provider))
        walk(Client(SERVER_NAME="localhost"), START, NORA)
        client.post(f"{self.URL}remove/")
        assert not IdentityIssuer.objects.exists()
        assert not SocialAccount.objects.exists()
        assert Member.objects.filter(user__email="nora@coquimbo-copper.example").exists()
        assert Client().post(START).status_code == 404

    def test_only_managers_come_here(self, client, copper):
        assert client.get(self.URL).status_code == 302
        member = MemberFactory(organization=copper)
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        for method, url in (("get", self.URL), ("post", self.URL), ("post", f"{self.URL}remove/")):
            assert getattr(client, method)(url).status_code in {403, 404}

    def test_a_name_that_was_once_anothers_is_not_given_again(self, copper, provider):
        issuer = set_up_issuer(copper, provider, SECRET)
        Organization.objects.filter(pk=copper.pk).update(slug="renamed")
        twin = Organization.objects.create(name="Twin", slug="coquimbo-copper")
        other = set_up_issuer(twin, provider, SECRET)
        assert issuer.key == "coquimbo-copper"
        assert other.key.startswith("coquimbo-copper-")


class Descriptions(http.server.BaseHTTPRequestHandler):
    """Issuers that say strange things of themselves, one for each path."""

    def do_GET(self):
        here = f"http://localhost:{self.server.server_port}"
        sound = {
            "issuer": here + "/sound",
            "authorization_endpoint": here + "/authorize",
            "token_endpoint": here + "/token",
            "jwks_uri": here + "/keys",
        }
        said = {
            "sound": sound,
            "liar": {**sound, "issuer": "https://accounts.google.com"},
            "poor": {"issuer": here + "/poor"},
            "list": [],
            "inward": {**sound, "issuer": here + "/inward", "token_endpoint": "http://10.0.0.1/"},
            "script": {**sound, "issuer": here, "authorization_endpoint": "javascript:alert(1)"},
        }.get(self.path.split("/")[1])
        self.send_response(200 if said is not None else 404)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode() if said is not None else b"<h1>Hello</h1>")

    def log_message(self, *args):
        pass


class TestDiscovery:
    """What an issuer says of itself is checked before anybody is sent there."""

    @pytest.fixture
    def here(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Descriptions)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        server.server_close()

    @pytest.mark.parametrize("spelling", ["", "/", "/.well-known/openid-configuration"])
    def test_a_sound_issuer_is_known_by_its_own_name(self, here, spelling):
        found = services.discover_issuer(f"{here}/sound{spelling}")
        assert found == services.Discovery(f"{here}/sound", f"{here}/authorize")

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("liar", "something else"),
            ("poor", "lacks"),
            ("list", "lacks"),
            ("inward", "do not ask"),
            ("script", "do not ask"),
            ("nothing", "no OpenID Connect issuer"),
        ],
    )
    def test_a_strange_one_is_refused(self, here, path, text):
        with pytest.raises(InvalidInput, match=text):
            services.discover_issuer(f"{here}/{path}")


def test_the_directory_has_the_people_of_the_demo():
    from matching.management.demo.people import person_name

    path = Path(services.__file__).parents[2] / "carpool" / "demo_provider" / "people.json"
    people = json.loads(path.read_text())
    names = [f"{person['given_name']} {person['family_name']}" for person in people]
    assert names[:20] == [person_name(number) for number in range(20)]
    assert len({person["email"] for person in people}) == len(people)
