"""How often one may do what can be abused: signing in, asking for mails, searching, booking.

Which addresses are limited, and how, stands in ``settings.LIMITS``. What was done is counted in
Redis, exactly: the moments of the last period, not a count that begins anew each full minute.
Without Redis nothing can be counted; then limits that guard a door refuse (``closed``), so that
nobody has free tries, and the others let through.

Source: OWASP ASVS 5.0, 2.4.1 and 6.3.1.
"""

import hashlib
import json
import math
import time
import uuid
from collections.abc import Callable, Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import redis
from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from carpool.kernel.errors import DomainError, ServiceUnavailable
from carpool.kernel.rates import Limit

PROGRAMS = ("/api/", "/_allauth/")
RETRY_WITHOUT_REDIS_S = 30
# Who mistypes twice need not wait; then 1, 2, 4 … seconds.
FREE_TRIES = 3
_HIT = """
local now, period, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - period)
local count, wait = redis.call('ZCARD', KEYS[1]), 0
if count >= amount then
    wait = tonumber(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]) + period - now
elseif ARGV[4] == '1' and count >= tonumber(ARGV[6]) then
    local last = tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
    wait = last + 2 ^ (count - tonumber(ARGV[6])) - now
end
if wait > 0 then return tostring(wait) end
redis.call('ZADD', KEYS[1], now, ARGV[5])
redis.call('PEXPIRE', KEYS[1], math.ceil(period * 1000))
return '0'
"""


class TooOften(DomainError):
    """It was done as often as it may be; ``wait_s`` says when one may again."""

    code = "throttled"
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = _lazy("That was a little too often")

    def __init__(self, wait_s: float) -> None:
        self.wait_s = max(1, math.ceil(wait_s))
        super().__init__(_wait_in_words(self.wait_s))


def _wait_in_words(wait_s: int) -> str:
    """Say how long to wait; nobody counts seconds of more than a minute and a half."""
    if wait_s <= 90:
        text = ngettext(
            "Please wait %(n)d second, then try again.",
            "Please wait %(n)d seconds, then try again.",
            wait_s,
        )
        return text % {"n": wait_s}
    minutes = math.ceil(wait_s / 60)
    if minutes <= 90:
        text = ngettext(
            "Please wait %(n)d minute, then try again.",
            "Please wait %(n)d minutes, then try again.",
            minutes,
        )
        return text % {"n": minutes}
    hours = math.ceil(minutes / 60)
    text = ngettext(
        "Please wait %(n)d hour, then try again.", "Please wait %(n)d hours, then try again.", hours
    )
    return text % {"n": hours}


def hit(limit: Limit, who: str) -> None:
    """Count one, unless that would be too many.

    Raises:
        TooOften: it would.
        ServiceUnavailable: it can't be told, and the limit guards a door.
    """
    key = f"limit:{limit.name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    terms = (time.time(), limit.period_s, limit.amount, int(limit.is_growing))
    try:
        wait_s = float(_redis().eval(_HIT, 1, key, *terms, uuid.uuid4().hex, FREE_TRIES))
    except RedisError as error:
        if limit.closed:
            raise ServiceUnavailable(_("Signing in is not possible just now.")) from error
        return
    if wait_s > 0:
        raise TooOften(wait_s)


@lru_cache
def _redis() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)


class LimitsMiddleware:
    """Holds the limits of pages and of signing in; those of the API are held where it knows who."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Refuse what was done too often."""
        if request.path.startswith("/api/"):
            return None
        try:
            for limit, who in _limits_of(request, request.user):
                hit(limit, who)
        except (TooOften, ServiceUnavailable) as error:
            return _refusal(request, error)
        return None


class LimitsThrottle(BaseThrottle):
    """The same for the API."""

    _wait_s: float = 0

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        """Tell whether it may be done."""
        try:
            for limit, who in _limits_of(request._request, request.user):
                hit(limit, who)
        except TooOften as error:
            self._wait_s = error.wait_s
            return False
        return True

    def wait(self) -> float:
        """Return how long to wait, seconds."""
        return self._wait_s


def _limits_of(request: HttpRequest, user: Any) -> Iterator[tuple[Limit, str]]:
    """Yield the limits that this request counts for, and for whom."""
    match = request.resolver_match
    if match is None or request.method == "OPTIONS":
        return
    is_idle = request.method == "HEAD" or (request.method == "GET" and not request.GET)
    limits: list[Limit] = settings.LIMITS
    for limit in limits:
        if is_idle and not limit.looks:
            continue
        if match.view_name in limit.views and (who := _who(limit, request, user)):
            yield limit, who


def _who(limit: Limit, request: HttpRequest, user: Any) -> str:
    if limit.per == "ip":
        return str(get_client_ip(request))
    if limit.per == "person":
        return str(user.pk) if user.is_authenticated else ""
    return _account_in(request)


def _account_in(request: HttpRequest) -> str:
    """Return the address of the account that a request is about, or ""."""
    said: Any = request.POST
    if request.content_type == "application/json":
        try:
            said = json.loads(request.body)
        except ValueError:
            said = {}
    if not hasattr(said, "get"):
        return ""
    account = said.get("login") or said.get("email") or said.get("username") or ""
    return str(account).strip().lower()


def _refusal(request: HttpRequest, error: TooOften | ServiceUnavailable) -> HttpResponse:
    wait_s = getattr(error, "wait_s", RETRY_WITHOUT_REDIS_S)
    answer: HttpResponse
    if request.path.startswith(PROGRAMS):
        body = {
            "type": f"/problems/{error.code}", "title": str(error.title),
            "status": int(error.status), "detail": error.detail, "code": error.code, "errors": [],
        }  # fmt: skip
        answer = JsonResponse(body, status=error.status, content_type="application/problem+json")
    else:
        context = {"title": error.title, "detail": error.detail, "status": error.status}
        answer = render(request, "domain_error.html", context, status=error.status)
    answer["Retry-After"] = str(wait_s)
    return answer
