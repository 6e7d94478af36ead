"""A real HTTP server on this machine that stands in for Nominatim, Photon and Overpass."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    path: str
    query: dict[str, list[str]]


@dataclass
class Server:
    host: str
    requests: list[Asked] = field(default_factory=list)


@contextmanager
def serve(answers: Mapping[str, Any]) -> Iterator[Server]:
    """Answer each path with its JSON; 404 for any other."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._answer(parts.path, parts.query)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(urlsplit(self.path).path, body)

        def _answer(self, path: str, query: str) -> None:
            asked.append(Asked(path, parse_qs(query)))
            answer = answers.get(path)
            content = json.dumps(answer(asked[-1].query) if callable(answer) else answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield Server(f"127.0.0.1:{http.server_port}", asked)
        finally:
            http.shutdown()
            thread.join()
