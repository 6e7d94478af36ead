"""No address that somebody gives us leads into our own network: every payload at every door.

The doors are those at which an address comes in that we ask later: a browser's push endpoint and an
organization's OpenID issuer, both when it is entered and when it is used. Each connection that
anything here tries is written down before it is made; a listener on this machine waits for them.
Source: OWASP ASVS 5.0, 13.2.4; OWASP SSRF Prevention Cheat Sheet.
"""

import ast
import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings as installation
from django.test import Client

from accounts.models import IdentityIssuer
from carpool.kernel.sealing import seal
from chat.models import Channel, Delivery, DeliveryState, Kind, PushDevice
from chat.services.notifications import News, tell
from chat.tests.outside import VAPID, Browser, send
from rides.tests.api import Api

pytestmark = pytest.mark.usefixtures("city")
PUBLIC = "93.184.215.14"
# What names stand for, each time they are asked; the last answer stays.
NAMES = {
    "inside.example": ["127.0.0.1"],
    "inside6.example": ["::1"],
    "metadata.example": ["169.254.169.254"],
    "both.example": [f"{PUBLIC} 10.0.0.1"],
    "rebinding.example": [PUBLIC, "127.0.0.1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "xn--inside-q9a.example": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "redis": ["172.18.0.3"],
}
PAYLOADS = [
    # {0} is the listener's port
    "http://127.0.0.1:{0}/", "https://127.0.0.1:{0}/", "https://127.1:{0}/", "https://127.0.1:{0}/",
    "https://0:{0}/", "https://0.0.0.0:{0}/", "https://2130706433:{0}/", "https://0x7f000001:{0}/",
    "https://0x7f.0.0.1:{0}/", "https://0177.0.0.1:{0}/", "https://017700000001:{0}/",
    "https://127.127.127.127:{0}/", "https://localhost:{0}/", "https://LOCALHOST:{0}/",
    "https://localhost.:{0}/", "https://ip6-localhost:{0}/", "https://[::1]:{0}/",
    "https://[0:0:0:0:0:0:0:1]:{0}/", "https://[::]:{0}/", "https://[::ffff:127.0.0.1]:{0}/",
    "https://[::ffff:7f00:1]:{0}/", "https://[::127.0.0.1]:{0}/", "https://[64:ff9b::7f00:1]:{0}/",
    "https://[2002:7f00:1::]:{0}/", "https://[2001:0:7f00:1::]:{0}/", "https://[fe80::1%25lo]:{0}/",
    "https://[fc00::1]:{0}/", "https://[fd12:3456::1]:{0}/", "https://[ff02::1]:{0}/",
    "https://169.254.169.254/latest/meta-data/", "https://[::ffff:a9fe:a9fe]/latest/",
    "https://[fd00:ec2::254]/latest/", "https://2852039166/latest/", "https://10.0.0.1/",
    "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://198.18.0.1/",
    "https://192.0.2.1/", "https://224.0.0.1/", "https://255.255.255.255/",
    "https://user:secret@127.0.0.1:{0}/", "https://public.example@127.0.0.1:{0}/",
    "https://public.example\\@127.0.0.1:{0}/", "https://127.0.0.1:{0}#@public.example/",
    "https://inside.example:{0}/", "https://inside6.example:{0}/", "https://metadata.example/",
    "https://metadata.google.internal/", "https://both.example:{0}/",
    "https://rebinding.example:{0}/", "https://127.0.0.1.nip.example:{0}/",
    "https://xn--inside-q9a.example:{0}/", "https://redis:6379/",
    "https://①②⑦.⓪.⓪.①:{0}/", "https://127。0。0。1:{0}/", "https://127.0.0.1%2f@x:{0}/",
    "file:///etc/passwd", "gopher://127.0.0.1:{0}/_FLUSHALL", "dict://127.0.0.1:{0}/info",
    "ftp://127.0.0.1:{0}/", "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fx/",
    "jar:https://127.0.0.1:{0}!/", "//127.0.0.1:{0}/", "https:127.0.0.1:{0}", "https:///x",
    "https://127.0.0.1:{0}/\r\nHost: public.example", "https://127.0.0.1 :{0}/", "",
]  # fmt: skip


CONNECT, LOOK_UP = socket.socket.connect, socket.getaddrinfo


class Wire:
    """What anybody tried to connect to, beyond the sockets of our own database and Redis."""

    def __init__(self):
        self.tried, self.asked = [], {}

    def connect(self, sock, address):
        if sock.family == socket.AF_UNIX:
            return CONNECT(sock, address)
        self.tried.append(address[0])
        raise OSError("no network here")

    def getaddrinfo(self, host, port, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        try:
            return LOOK_UP(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except OSError:
            answers = NAMES.get(name.lower())
        if not answers:
            raise socket.gaierror("there is no such host")
        turn = self.asked[name] = self.asked.get(name, -1) + 1
        found = answers[min(turn, len(answers) - 1)].split()
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port))
                for one in found]  # fmt: skip

    @property
    def inside(self):
        return [one for one in self.tried if not ipaddress.ip_address(one).is_global]


class Count(BaseHTTPRequestHandler):
    def handle(self):
        self.server.reached += 1


@pytest.fixture(scope="module")
def listener():
    """Waits on this machine for whoever should not come."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Count)
    server.reached = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def wire(monkeypatch, listener):
    wire = Wire()
    monkeypatch.setattr(socket.socket, "connect", lambda *said: wire.connect(*said))  # noqa: PLW0108
    monkeypatch.setattr(socket, "getaddrinfo", wire.getaddrinfo)
    yield wire
    assert wire.inside == []
    assert listener.reached == 0


def test_there_are_forty_and_more():
    assert len(set(PAYLOADS)) >= 40


@pytest.fixture(params=PAYLOADS)
def address(request, listener):
    return request.param.replace("{0}", str(listener.server_port))


def test_no_push_endpoint_leads_inside(cast, now, wire, address, settings):
    settings.VAPID_PRIVATE_KEY, settings.DEMO = VAPID, False
    browser = Browser()
    body = {"transport": "web", "address": address, "p256dh": browser.p256dh, "auth": "A" * 22}
    assert Api(cast.driver).post("me/devices", body).status_code in {201, 400, 422}
    PushDevice.objects.all().delete()
    browser.subscribe(cast.driver, address)  # however it came into the database
    tell([News(cast.driver.pk, Kind.PROPOSAL_MADE, "x")], now=now)
    Delivery.objects.exclude(channel=Channel.PUSH).delete()
    send()
    assert Delivery.objects.get().state != DeliveryState.SENT


def test_no_issuer_that_a_manager_enters_leads_inside(cast, wire, address):
    manager = Client()
    manager.force_login(cast.manager.user)
    form = {
        "address": address,
        "client_id": "c",
        "client_secret": "s",
        "domains": "",
        "is_on": "on",
    }
    answer = manager.post("/organization/sign-in/", form)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not IdentityIssuer.objects.exists()


def test_no_issuer_that_is_signed_in_with_leads_inside(cast, now, wire, address):
    IdentityIssuer.objects.create(
        organization=cast.organization, key="copper", address=address[:255] or "x",
        authorization_endpoint=address, client_id="c", sealed_secret=seal("s"), checked_at=now,
    )  # fmt: skip
    for path in ("login/", "login/callback/?code=x&state=y"):
        answer = Client().post(f"/accounts/oidc/copper/{path}")
        assert answer.status_code < 500, path
        assert "_auth_user_id" not in answer.client.session


def test_control_the_wire_tells_who_connects(wire, listener):
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("127.0.0.1", listener.server_port))
    assert wire.inside == ["127.0.0.1"]
    wire.tried.clear()


# Every module of ours that talks to the outside, and whose addresses it asks.
TALKERS = {
    "accounts/adapters.py": "issuers, by a guarded session",
    "accounts/services/issuers.py": "issuers, by a guarded session",
    "carpool/kernel/outbound.py": "the guarded session itself",
    "carpool/simulators/server.py": "for trying out: the webhook address that its command names",
    "chat/services/channels/fcm.py": "Firebase: the operator's settings",
    "chat/services/channels/push.py": "push services, by a guarded session",
    "chat/services/channels/sms.py": "a gateway: the operator's settings",
    "payments/services/providers/line.py": "payment providers: the operator's settings, guarded",
    "maps/engine/download.py": "Overpass: the operator's command",
}
CLIENTS = {"requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp", "socket"}


def test_no_other_part_of_ours_talks_to_the_outside():
    found = set()
    for app in ("accounts", "carpool", "chat", "maps", "matching", "payments", "rides", "tracking"):
        for path in (Path(installation.BASE_DIR) / app).rglob("*.py"):
            names = set()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names.add(node.module or "")
            if names & CLIENTS and "tests" not in path.parts:
                found.add(str(path.relative_to(installation.BASE_DIR)))
    assert found == set(TALKERS)
