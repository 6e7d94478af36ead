"""Servers that parcels go to, each a process or thread of its own on this machine."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from carpool.tests import servers
from chat.tests.outside import Sink


@pytest.fixture
def sink(settings):
    """A mail server, and mails sent to it over SMTP."""
    sink = Sink()
    # aiosmtpd tests its own port 0; take a free one instead.
    sink.controller = Controller(sink, hostname="127.0.0.1", port=servers._free_port())
    sink.controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.controller.port
    settings.EMAIL_TIMEOUT = 5
    yield sink
    sink.controller.stop()


@pytest.fixture
def service():
    """An HTTP process that keeps what it is sent and answers as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.title(): value for name, value in self.headers.items()}
            server.heard.append((self.path, headers, body))
            status, answer = server.answers.get(self.path, (201, b"{}"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.heard, server.answers = [], {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def awake(cast):
    """Nobody has quiet hours, whenever this test runs."""
    from chat.models import NotificationSettings

    for member in (cast.driver, cast.rider):
        NotificationSettings.objects.create(member=member, quiet_from=None, quiet_until=None)
