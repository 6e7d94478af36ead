"""Who may call the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

from accounts.models import Member, User
from accounts.selectors import require_member

if TYPE_CHECKING:  # rest_framework.views imports this module while it is itself being imported
    from rest_framework.request import Request
    from rest_framework.views import APIView


class IsMember(BasePermission):
    """Signed in, and a member of an organization."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell; a user without an organization gets ``no_membership``."""
        return request.user.is_authenticated and bool(member_of(request))


def member_of(request: Request) -> Member:
    """Return the member who calls.

    Raises:
        NoMembership: signed in, but in no organization.
    """
    member: Member | None = getattr(request._request, "member", None)
    if member is None:
        assert isinstance(request.user, User)
        member = require_member(request.user)
    return member
