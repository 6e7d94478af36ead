"""Invitations: a manager makes and revokes links, and somebody comes in by one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors, services
from accounts.forms import InvitationForm
from accounts.models import User
from carpool.kernel import clock
from carpool.kernel.web import MemberRequest, member_required


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: MemberRequest) -> HttpResponse:
    """List the links that work, and make one. Its address is shown this once."""
    now, link = clock.now(), ""
    listed = selectors.list_invitations(request.member, now=now)
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _made, token = services.create_invitation(by=request.member, now=now, **form.cleaned_data)
        link = request.build_absolute_uri(reverse("accounts:invited", args=[token]))
        form = InvitationForm()
    context = {"form": form, "invitations": listed, "link": link}
    return render(request, "accounts/invitations.html", context)


@member_required
@require_POST
def revoke_invitation(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Let nobody else in by a link."""
    invitation = selectors.get_invitation_for(request.member, invitation_id)
    services.revoke_invitation(invitation=invitation, now=clock.now())
    messages.success(request, _("The link works no more."))
    return redirect("accounts:invitations")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Tell who invites; make a member of whoever is signed in and says yes."""
    now = clock.now()
    invitation = selectors.get_invitation_by_token(token, now=now)
    if request.method == "POST" and isinstance(request.user, User):
        services.accept_invitation(user=request.user, token=token, now=now)
        messages.success(request, _("Welcome!"))
        return redirect("rides:today")
    return render(request, "accounts/invited.html", {"organization": invitation.organization})
