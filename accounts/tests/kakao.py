"""A stand-in for Kakao's login: its addresses, its answers, its error codes.

Source: Kakao Developers, "Kakao Login REST API" and "Kakao Login error code".
"""

import http.server
import json
import threading
from contextlib import contextmanager
from urllib.parse import parse_qsl

CLIENT, SECRET, TOKEN = "rest-api-key", "kakao-secret", "kakao-access-token"


class Kakao(http.server.BaseHTTPRequestHandler):
    """Answers of kauth.kakao.com and kapi.kakao.com. A code works once."""

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        form = dict(parse_qsl(self.rfile.read(length).decode()))
        server = self.server
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            self.refuse(401, "invalid_client", "Bad client credentials", "KOE010")
        elif form.get("redirect_uri") != server.callback:
            self.refuse(400, "invalid_grant", "Redirect URI mismatch.", "KOE303")
        elif form.get("code") not in server.codes:
            self.refuse(400, "invalid_grant", "authorization code not found", "KOE320")
        else:
            server.codes.remove(form["code"])
            self.answer(200, {"token_type": "bearer", "access_token": TOKEN, "expires_in": 21599})

    def do_GET(self):
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            self.answer(200, self.server.person)
        else:
            self.answer(401, {"msg": "this access token does not exist", "code": -401})

    def refuse(self, status, error, description, code):
        self.answer(status, {"error": error, "error_description": description, "error_code": code})

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        pass


@contextmanager
def running_kakao(callback):
    """Serve until the block ends; the server has ``codes``, ``person`` and ``address``."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Kakao)
    server.callback, server.codes = callback, []
    server.address = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
