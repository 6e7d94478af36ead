"""Coming into a community of individuals, and opening its door."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import services
from accounts.models import User
from carpool.kernel import clock
from carpool.kernel.web import MemberRequest, member_required


@login_required
@require_POST
def join_community(request: HttpRequest, community_id: UUID) -> HttpResponse:
    """Join by oneself."""
    assert isinstance(request.user, User)
    services.join_community(user=request.user, community_id=community_id, now=clock.now())
    messages.success(request, _("Welcome!"))
    return redirect("rides:today")


@member_required
@require_POST
def open_door(request: MemberRequest) -> HttpResponse:
    """Let anybody join, or nobody any more."""
    is_open = "is_open" in request.POST
    services.open_door(by=request.member, is_open=is_open)
    text = _("The door is open.") if is_open else _("The door is closed. Who is inside stays.")
    messages.success(request, text)
    return redirect("accounts:invitations")
