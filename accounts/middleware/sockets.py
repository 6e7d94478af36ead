"""Who comes to a consumer: a browser by its cookie, an app by its token."""

from collections.abc import Awaitable, Callable
from typing import Any

from allauth.headless.tokens.strategies.jwt.internal import get_token_session, validate_access_token
from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser

Scope = dict[str, Any]
Application = Callable[[Scope, Callable[..., Any], Callable[..., Any]], Awaitable[None]]
SCHEME = "bearer"


class TokenDoor:
    """Fill ``scope["user"]`` and ``scope["session"]`` from a token, where there is one.

    A cookie is sent by the browser whoever's page asks, so ``by_cookie`` must look at the page's
    origin before it opens a socket. A token is sent only by who has it, so it needs no origin,
    which apps do not send. It comes as ``Authorization: Bearer …``, or from a browser, which cannot
    set headers of sockets, as ``Sec-WebSocket-Protocol: bearer, <token>``; never in the address,
    which ends in logs. Once a token is given only the token counts.

    The session is the one that the token belongs to: consumers watch it and end with it.
    """

    def __init__(self, consumers: Application, by_cookie: Application) -> None:
        self._by_token, self._by_cookie = consumers, by_cookie

    async def __call__(
        self, scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        """Find out who it is, and hand on; consumers refuse whom they do not know."""
        token = _token(scope)
        if token is None:
            await self._by_cookie(scope, receive, send)
            return
        user, session = await database_sync_to_async(_owner)(token)
        await self._by_token({**scope, "user": user, "session": session}, receive, send)


def _token(scope: Scope) -> str | None:
    """Return the token that the handshake carries, "" for one that cannot be read, or None."""
    headers = dict(scope["headers"])
    if b"authorization" in headers:
        scheme, _space, token = headers[b"authorization"].decode("latin-1").partition(" ")
        return token.strip() if scheme.lower() == SCHEME else ""
    offered: list[str] = scope.get("subprotocols") or []
    if SCHEME not in offered:
        return None
    return next((text for text in offered if text.count(".") == 2), "")


def _owner(token: str) -> tuple[Any, Any]:
    """Return the user and the session of a valid token, else nobody."""
    found = validate_access_token(token) if token else None
    if found is None:
        return AnonymousUser(), None
    user, payload = found
    return user, get_token_session(payload)
