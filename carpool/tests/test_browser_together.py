"""Two people of a company sign in through its own provider, share a ride and talk; a third, of
another organization, sees nothing of it: not by the API, a socket, a push or a page's source.
"""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from accounts.models import Member
from accounts.tests.factories import CarFactory, MemberFactory, OrganizationFactory, add_sites
from accounts.tests.providers import set_up_issuer
from carpool.kernel import clock
from carpool.tests.servers import running_provider, running_servers
from carpool.tests.test_browser import DESK, Visitor, chromium, query_for, relayed_facts
from chat.models import Conversation, NotificationSettings
from chat.tests.conftest import service
from chat.tests.outside import VAPID, Browser, send
from chat.tests.test_browser import heard, say
from rides.tests.factories import offer

SECRET = "the-client-secret-of-the-tests"
LISTEN = """
([address, topics]) => new Promise((done) => {
  const heard = [];
  const line = new WebSocket(address);
  line.onmessage = (message) => heard.push(message.data);
  line.onopen = () => topics.forEach((topic) => line.send(JSON.stringify({ subscribe: topic })));
  window.heard = heard;
  setTimeout(done, 500);
})
"""

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["chromium", "service"]  # fixtures


@pytest.fixture
def copper(city):
    organization = OrganizationFactory(
        name="Coquimbo Copper", slug="coquimbo-copper", time_zone="America/Santiago"
    )
    add_sites(organization)
    return organization


@pytest.fixture
def site(copper, cast, monkeypatch, settings):
    """Our server and the company's provider, each a process; facts are relayed."""
    monkeypatch.setenv("DEMO", "1")  # a provider on http://localhost
    settings.LOOPBACK_PROVIDERS = settings.DEMO = True
    settings.VAPID_PRIVATE_KEY = VAPID
    with running_servers(1) as [server], relayed_facts():
        address = f"http://localhost:{server.port}"
        with running_provider(SECRET, address) as provider:
            set_up_issuer(copper, provider, SECRET)
            yield address


@pytest.fixture
def visit(chromium, site):
    visitors = []

    def open_browser(member=None, **options):
        visitors.append(Visitor(chromium, site, member, **options))
        return visitors[-1]

    yield open_browser
    for visitor in visitors:
        visitor.context.close()


def come_in(visitor, name):
    """Sign in at the company's provider, and return who one is here."""
    page = visitor.page
    page.goto("/")
    page.get_by_role("button", name="Sign in with Coquimbo Copper").click()
    page.get_by_role("button", name=name).click()
    page.wait_for_url(f"{visitor.site}/**")
    member = Member.objects.get(display_name=name, organization__name="Coquimbo Copper")
    NotificationSettings.objects.create(member=member, quiet_from=None, quiet_until=None)
    return member


def picture():
    file = io.BytesIO()
    Image.new("RGB", (2400, 1800), "#0b5f50").save(file, "PNG")
    return {"name": "gate.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_two_share_a_ride_and_talk_and_another_organization_hears_nothing(visit, cast, service):
    hugo, nora, otto = visit(viewport=DESK), visit(), visit(cast.outsider)
    driver, rider = come_in(hugo, "Hugo Morales"), come_in(nora, "Nora Nuevo")
    CarFactory(member=driver, plate="HU-GO-42")
    for member in (driver, cast.outsider):
        Browser().subscribe(member, f"{service.url}/push/{member.pk}")
    ride = offer(driver, now=clock.now())
    hugo.page.goto("/")
    expect(hugo.page.locator("[data-counter=notifications]")).to_be_hidden()

    nora.page.goto(f"/find/?{query_for(cast, ride)}")
    nora.page.get_by_role("button", name="Book").click()
    expect(nora.page.get_by_text("Your seat is certain")).to_be_visible()
    expect(hugo.page.locator("[data-counter=notifications]")).to_have_text("1")
    send()
    assert {path for path, _headers, _body in service.heard} == {f"/push/{driver.pk}"}

    nora.page.get_by_role("button", name="Messages").click()
    talk = Conversation.objects.get(ride=ride)
    hugo.page.goto(f"/messages/{talk.pk}/")
    otto.page.goto("/")
    topics = [f"conversation:{talk.pk}", f"ride:{ride.pk}", f"member:{driver.pk}"]
    socket = otto.site.replace("http", "ws") + "/ws/live/"
    otto.page.evaluate(LISTEN, [socket, [*topics, "counters", "today"]])
    for page in (hugo.page, nora.page):
        expect(page.locator("[data-connected]")).to_be_attached()
    say(nora.page, "Which gate?")
    expect(heard(hugo.page, "Which gate?")).to_be_visible()
    expect(hugo.page.locator("[data-said]")).to_have_text("Nora Nuevo: Which gate?")
    say(hugo.page, "The copper one")
    expect(heard(nora.page, "The copper one")).to_be_visible()
    nora.page.locator("[name=photo]").set_input_files(picture())
    photo = hugo.page.locator("img.bubble__photo")
    expect(photo).to_be_visible()
    assert hugo.page.evaluate("document.querySelector('.bubble__photo').naturalWidth") == 1600
    check_hears_nothing(otto, hugo, talk, ride, photo.get_attribute("src"))
    for visitor in (hugo, nora):
        assert visitor.complaints == []
    assert rider.participations.count() == driver.participations.count() == 1


def check_hears_nothing(otto, hugo, talk, ride, photo):
    """Ask every door for what the others said; each opens for one who was there."""
    words = re.compile(rf"Which gate|copper one|Nora|Hugo|HU-GO-42|{talk.pk}|{ride.pk}")
    page, api = otto.page, otto.context.request
    heard = page.evaluate("window.heard")
    assert heard, "the socket itself answers"
    # What one asked for comes back in the refusal; what was said there does not.
    assert not [line for line in heard if words.search(line) and '"error"' not in line]
    for topic in (f"conversation:{talk.pk}@0", f"ride:{ride.pk}@0"):
        answer = api.get("/live/poll/", params={"topic": topic}, timeout=60_000)
        frames = answer.json().get("frames", [])
        assert frames == [], answer.text()
    for address in ("/", "/messages/", "/notifications/", "/find/", "/api/v1/conversations"):
        assert not words.search(api.get(address).text()), address
    closed = [f"/messages/{talk.pk}/", f"/rides/{ride.pk}/", f"/rides/{ride.pk}/share/", photo]
    closed += [f"/api/v1/conversations/{talk.pk}{part}" for part in ("", "/messages")]
    closed += [f"/api/v1/rides/{ride.pk}"]
    for address in closed:
        assert hugo.context.request.get(address).ok, address
        answer = api.get(address)
        told = re.sub(r"/[\w/.-]*", "", answer.text())  # a problem names the address one asked for
        assert answer.status == 404, address
        assert not words.search(told), address
    page.goto("/offer/")
    token = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
    said = api.post(
        f"/api/v1/conversations/{talk.pk}/messages",
        headers={"X-CSRFToken": token, "Origin": otto.site},
        data={"client_id": str(ride.pk), "text": "Let me in"},
    )
    assert said.status == 404
    assert not talk.messages.filter(text="Let me in").exists()


def press_on(page, target):
    """Walk to something with the Tab key, as far as a patient person would, and press Enter."""
    for _ in range(70):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            outline = target.evaluate("node => getComputedStyle(node).outlineStyle")
            assert outline != "none", "one sees where one is"
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"The keyboard does not reach {target}")


def test_a_keyboard_is_enough(visit, cast, copper):
    nora, driver = visit(), MemberFactory(organization=copper, car=True)
    ride, page = offer(driver, now=clock.now()), nora.page
    page.goto("/")
    press_on(page, page.get_by_role("button", name="Sign in with Coquimbo Copper"))
    expect(page.get_by_role("heading", name="Company sign-in")).to_be_visible()
    press_on(page, page.get_by_role("button", name="Nora Nuevo"))
    page.wait_for_url(f"{nora.site}/**")
    page.goto(f"/find/?{query_for(cast, ride)}")
    press_on(page, page.get_by_role("button", name="Book").first)
    expect(page.get_by_text("Your seat is certain")).to_be_visible()
    press_on(page, page.get_by_role("button", name="Messages"))
    expect(page.locator("[data-connected]")).to_be_attached()
    press_on(page, page.get_by_role("button", name="I am here"))
    expect(heard(page, "I am here")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("At the gate")
    page.keyboard.press("Enter")
    expect(heard(page, "At the gate")).to_be_visible()
    press_on(page, page.get_by_role("link", name="All messages"))
    press_on(page, page.get_by_role("link", name="Notifications"))
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    assert nora.complaints == []


def test_the_api_describes_itself_under_the_strict_policy(visit, site):
    visitor = visit(viewport=DESK)
    visitor.page.goto("/api/docs/")
    heading = visitor.page.get_by_role("heading", name=re.compile("Carpool API"))
    expect(heading).to_be_visible(timeout=60_000)  # it draws every operation before it shows one
    visitor.check_privacy_and_peace()
