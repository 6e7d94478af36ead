"""Who calls the API."""

from drf_spectacular.authentication import SessionScheme
from rest_framework import authentication
from rest_framework.request import Request


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, answering 401 (not 403) to those who have none."""

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, as RFC 9110 wants it beside a 401."""
        return "Session"


class SessionAuthenticationScheme(SessionScheme):  # type: ignore[no-untyped-call]
    """How the API's description speaks of it."""

    target_class = "accounts.api.authentication.SessionAuthentication"
    name = "session"
