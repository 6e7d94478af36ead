"""Addresses that people gave us lead to public hosts, or nowhere."""

import http.server
import socket
import threading

import pytest

from carpool.kernel import outbound
from carpool.kernel.outbound import AddressRefused, guarded_session

HOSTILE = [
    "http://example.com/",
    "ftp://example.com/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "file:///etc/passwd",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.0.53/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://localhost/",
    "https://localhost./",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[ff02::1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://user@example.com/",
    "https://example.com:pass@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com:99999/",
    "https:///nowhere",
    "",
]


@pytest.fixture
def connections(monkeypatch):
    """Every connection that is attempted, and none that is made."""
    made = []

    def connect(address, *args, **kwargs):
        made.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(outbound, "create_connection", connect)
    return made


def resolving_to(*addresses):
    def getaddrinfo(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in addresses]

    return getaddrinfo


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_before_anything_is_connected(url, connections):
    with pytest.raises(AddressRefused):
        guarded_session().get(url)
    assert connections == []


def test_a_public_name_is_asked_at_the_address_that_was_looked_at(connections, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("93.184.215.14"))
    with pytest.raises(Exception, match="no network here"):
        guarded_session().get("https://issuer.example/")
    assert connections == [("93.184.215.14", 443)]


def test_a_name_that_also_stands_for_a_private_address_is_refused(connections, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("93.184.215.14", "10.0.0.1"))
    with pytest.raises(AddressRefused):
        guarded_session().get("https://rebinding.example/")
    assert connections == []


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1/secret")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * (1_000_000 if self.path == "/long" else 10))

    def log_message(self, *args):
        pass


@pytest.fixture
def here():
    """A server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_this_machine_is_asked_only_where_that_is_allowed(here):
    url = f"http://127.0.0.1:{here.server_port}/"
    assert guarded_session(loopback=True).get(url).content == b"x" * 10
    with pytest.raises(AddressRefused):
        guarded_session().get(url)
    assert here.asked == ["/"]


@pytest.mark.parametrize("path", ["/elsewhere", "/long"])
def test_redirects_and_long_answers_are_refused(here, path):
    with pytest.raises(AddressRefused):
        guarded_session(loopback=True).get(f"http://127.0.0.1:{here.server_port}{path}")
    assert here.asked == [path]
