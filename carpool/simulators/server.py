"""A small HTTP server that can misbehave on purpose; what all simulated providers share."""

import json
import logging
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from carpool.simulators.faults import Faults

logger = logging.getLogger(__name__)
MOST_BYTES = 256 * 1024
Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request, read."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    groups: tuple[str, ...] = ()

    def json(self) -> Json:
        """Return the body; an empty dict when it is none."""
        try:
            told = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    def form(self) -> dict[str, str]:
        """Return a form's fields."""
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int = 200
    body: Any = None
    location: str = ""
    html: str = ""
    amount_key: str = ""  # where an amount stands that can be told wrongly


@dataclass(frozen=True)
class Route:
    """Which requests a method of the simulator answers, and whether they can go wrong."""

    method: str
    pattern: re.Pattern[str]
    answer: Callable[[Call], Reply]
    goes_wrong: bool = False


@dataclass
class Simulator:
    """A provider's doors, its faults and its webhooks; the providers themselves build on it.

    Attributes:
        address: where it is reached, without a slash at the end.
        hook: Carpool's address for its webhooks; empty: it sends none.
    """

    address: str
    hook: str = ""
    faults: Faults = field(default_factory=Faults)
    name: str = "simulator"

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.sent: list[threading.Timer] = []
        self.routes: list[Route] = [
            Route("GET", re.compile(r"/healthz"), lambda _call: Reply(body={"status": "ok"})),
            Route("POST", re.compile(r"/_simulator/faults"), self._set_faults),
            Route("GET", re.compile(r"/_simulator/state"), self._tell_state),
        ]

    def route(
        self,
        method: str,
        pattern: str,
        answer: Callable[[Call], Reply],
        *,
        goes_wrong: bool = False,
    ) -> None:
        """Answer such requests so."""
        self.routes.append(Route(method, re.compile(pattern), answer, goes_wrong))

    def state(self) -> Json:
        """Tell everything, for tests."""
        return {}

    def notify(self, body: bytes, headers: dict[str, str]) -> None:
        """Send a webhook as often, as late and as surely as the faults say."""
        for _turn in range(self.faults.notices if self.hook else 0):
            if self.faults.is_heads(self.faults.dropped):
                continue
            wait = self.faults.between(0, self.faults.delay_s)
            timer = threading.Timer(wait, self._post, (body, headers))
            timer.daemon = True
            timer.start()
            self.sent.append(timer)

    def _post(self, body: bytes, headers: dict[str, str]) -> None:
        try:
            requests.post(
                self.hook, data=body, timeout=10, allow_redirects=False,
                headers={"Content-Type": "application/json", **headers},
            )  # fmt: skip
        except requests.RequestException as error:
            logger.warning("A webhook was not taken: %s", type(error).__name__)

    def _set_faults(self, call: Call) -> Reply:
        self.faults = Faults.read(call.json())
        return Reply(body={"status": "ok"})

    def _tell_state(self, _call: Call) -> Reply:
        with self.lock:
            return Reply(body={"faults": self.faults.counted, **self.state()})


def serve(simulator: Simulator, port: int) -> ThreadingHTTPServer:
    """Make the server, on this machine only; whoever wants it calls ``serve_forever``."""

    class Handler(_Handler):
        served = simulator

    server = _Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up: they have given up waiting, as they should."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    served: Simulator
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 – the base's own name
        """Keep quiet: addresses hold keys of the way back."""

    def _answer(self, method: str) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), MOST_BYTES)
        parts = urlsplit(self.path)
        call = Call(
            method, parts.path, dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )  # fmt: skip
        for route in self.served.routes:
            found = route.pattern.fullmatch(parts.path)
            if found and route.method == method:
                call = Call(**{**call.__dict__, "groups": found.groups()})
                self._run(route, call)
                return
        self._write(Reply(404, {"message": "There is no such address."}))

    def _run(self, route: Route, call: Call) -> None:
        faults = self.served.faults
        fault = faults.draw() if route.goes_wrong else ""
        if fault == "reset" and faults.is_heads():
            self._break()
            return
        reply = route.answer(call)
        if fault == "reset":
            self._break()
        elif fault == "lost":
            time.sleep(faults.late_s)
            self._write(reply)
        elif fault == "error_after":
            self._write(Reply(500, {"code": "FAILED_INTERNAL_SYSTEM_PROCESSING"}))
        elif fault == "malformed":
            self._write(Reply(reply.status, html='{"half": '))
        elif fault == "wrong_amount" and reply.amount_key and reply.status == 200:
            faults.count("wrong_amount_told")
            self._write(Reply(200, _with_wrong_amount(reply.body, reply.amount_key)))
        else:
            self._write(reply)

    def _break(self) -> None:
        """Reset the connection, as a dying peer does."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _write(self, reply: Reply) -> None:
        is_page = bool(reply.html)
        text = reply.html if is_page else json.dumps(reply.body)
        body = b"" if reply.location else text.encode()
        try:
            self.send_response(303 if reply.location else reply.status)
            if reply.location:
                self.send_header("Location", reply.location)
            kind = "text/html" if is_page else "application/json"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # whoever asked has given up waiting


def _with_wrong_amount(body: Any, key: str) -> Any:
    """Return an answer that says one more, at a dotted place."""
    told = json.loads(json.dumps(body))
    *way, last = key.split(".")
    place = told
    for name in way:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[last] += 1
    return told
