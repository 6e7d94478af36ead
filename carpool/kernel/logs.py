"""What is written down of requests: which page and how long, never the secrets in an address.

A link that is a right by itself (an invitation, a shared ride, a calendar) carries its token in the
path. So the server's own access log is off, and each request is logged by its *route*. What else
is logged, Django's words on refused requests above all, passes a filter.
"""

import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

logger = logging.getLogger("carpool.access")

# Long and not an id of ours (a UUID): what nobody guesses. Ids are no secret without a right.
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IN_PATH = re.compile(rf"(?<=/)(?!{_UUID}(?![\w.:~%-]))[\w.:~%-]{{16,}}")
_IN_QUERY = re.compile(r"(?<=[?&])((?:code|state|token|key|signature|nonce)=)[^&\s\"']+")


def without_secrets(text: str) -> str:
    """Return a text with the tokens of addresses in it covered."""
    return _IN_QUERY.sub(r"\1…", _IN_PATH.sub("…", text))


class SecretsFilter(logging.Filter):
    """Cover what a record says of addresses. On a handler: loggers' filters miss their children."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, its message covered."""
        said = record.getMessage()
        covered = without_secrets(said)
        if covered != said:
            record.msg, record.args = covered, None
        return True


class AccessLogMiddleware:
    """Log each request when it is answered: method, route, status, milliseconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Hand on."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = f"/{match.route}" if match is not None else request.path
        took_ms = (time.perf_counter() - began) * 1000
        logger.info("%s %s %s %.0f ms", request.method, route, response.status_code, took_ms)
        return response
