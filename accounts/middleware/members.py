"""Who is asking: the member, their time zone and their language."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import Member, User
from accounts.selectors import get_member, let_in
from carpool.kernel import tenancy


class CurrentMemberMiddleware:
    """Set ``request.member`` (Member or None) and read clocks as the organization does.

    Nobody is looked up for a view that is the same for everybody, such as a map tile.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on, and leave no trace for the next request of this thread."""
        request.member = None  # type: ignore[attr-defined]
        try:
            with tenancy.inside(tenancy.current_scope()):
                return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_arguments: Any
    ) -> None:
        """Look up the member once it is known which view will answer."""
        if getattr(view, "is_same_for_everybody", False):
            return
        member = _member_of(request)
        request.member = member  # type: ignore[attr-defined]
        _let_in(request, member)
        if member is None:
            return
        timezone.activate(member.organization.zone)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(member.language or member.organization.language)
            request.LANGUAGE_CODE = translation.get_language()


@tenancy.as_system()  # sessions and users are nobody's organization's
def _member_of(request: HttpRequest) -> Member | None:
    user = request.user
    if not user.is_authenticated:
        return None
    assert isinstance(user, User)
    return get_member(user)


def _let_in(request: HttpRequest, member: Member | None) -> None:
    """Open the wall: to members for their organizations, to operators at their desk for all."""
    match = request.resolver_match
    if match is not None and "admin" in match.app_names and _is_operator(request.user):
        tenancy.leave_to_system()
    elif member is not None:
        let_in(member)


def _is_operator(user: object) -> bool:
    return isinstance(user, User) and user.is_active and user.is_staff
