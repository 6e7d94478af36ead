"""Who calls the API: a browser by its session, an app by its token."""

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from django.utils import timezone, translation
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.request import Request

from accounts.models import User
from accounts.selectors import get_member, let_in
from carpool.kernel import tenancy


class TokenAuthentication(JWTTokenAuthentication):
    """An access token of the mobile app, as ``Authorization: Bearer …``."""

    def authenticate(self, request: Request) -> tuple[User, dict[str, Any]] | None:
        """Return the token's owner; the request is theirs now, whatever its cookies say."""
        with tenancy.as_system():  # who it is decides what they see
            found: tuple[User, dict[str, Any]] | None = super().authenticate(request)
            if found is None:
                return None
            member = get_member(found[0])
        request._request.member = member  # type: ignore[attr-defined]
        let_in(member)
        if member is not None:
            timezone.activate(member.organization.zone)
            translation.activate(member.language or member.organization.language)
        return found


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, answering 401 (not 403) to those who have none."""

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, as RFC 9110 wants it beside a 401."""
        return "Session"


class TokenAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description speaks of tokens."""

    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the header."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionAuthenticationScheme(SessionScheme):  # type: ignore[no-untyped-call]
    """How the API's description speaks of it."""

    target_class = "accounts.api.authentication.SessionAuthentication"
    name = "session"
