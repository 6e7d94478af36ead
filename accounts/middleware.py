"""Who is asking: the member, their time zone and their language."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from accounts.models import Member, User
from accounts.selectors import get_member


class CurrentMemberMiddleware:
    """Set ``request.member`` (Member or None) and read clocks as the organization does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Resolve the member, then hand on."""
        member = _member_of(request)
        request.member = member  # type: ignore[attr-defined]
        if member is None:
            return self.get_response(request)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(member.language or member.organization.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(member.organization.zone):
            return self.get_response(request)


def _member_of(request: HttpRequest) -> Member | None:
    user = request.user
    if isinstance(user, SimpleLazyObject) and not user.is_authenticated:
        return None
    return get_member(user) if isinstance(user, User) or user.is_authenticated else None
