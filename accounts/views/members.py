"""An organization's people as managers see them, and leaving it oneself."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, services
from accounts.errors import LastOwner
from accounts.models import MemberRole
from accounts.permissions import Act, can_remove, may
from carpool.kernel import clock
from carpool.kernel.web import MemberRequest, member_required

PER_PAGE = 50


@member_required
@require_safe
def people_list(request: MemberRequest) -> HttpResponse:
    """List the people, so many on a page, by name or address."""
    search = request.GET.get("q", "").replace("\x00", "").strip()[:80]
    listed = selectors.list_people(request.member, search=search)
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "organization/people.html", {"page": page, "search": search})


@member_required
@require_safe
def person(request: MemberRequest, person_id: UUID) -> HttpResponse:
    """Show one person, and what the member may do about their membership."""
    member = request.member
    shown = selectors.get_person_for(member, person_id)
    context: dict[str, Any] = {
        "person": shown,
        "changes": selectors.list_membership_changes(member, person=shown),
        "may_change_role": may(member, Act.CHANGE_ROLE) and shown.left_at is None,
        "may_remove": can_remove(member, shown) and shown.left_at is None,
        "may_readmit": shown.left_at is not None and shown.user.is_active,
        "roles": MemberRole.choices,
    }
    return render(request, "organization/person.html", context)


@member_required
@require_POST
def change_role(request: MemberRequest, person_id: UUID) -> HttpResponse:
    """Appoint or dismiss."""
    services.change_role(
        by=request.member, person_id=person_id, role=request.POST.get("role", ""), now=clock.now()
    )
    messages.success(request, _("Saved."))
    return redirect("accounts:person", person_id)


@member_required
@require_POST
def remove_person(request: MemberRequest, person_id: UUID) -> HttpResponse:
    """Take somebody out."""
    gone = services.remove_member(
        by=request.member,
        person_id=person_id,
        reason=request.POST.get("reason", "").replace("\x00", "").strip(),
        now=clock.now(),
    )
    text = _("%(name)s is out. Their coming rides are being cancelled.")
    messages.success(request, text % {"name": gone.display_name})
    return redirect("accounts:people")


@member_required
@require_POST
def readmit_person(request: MemberRequest, person_id: UUID) -> HttpResponse:
    """Let somebody in again."""
    services.readmit_person(by=request.member, person_id=person_id, now=clock.now())
    messages.success(request, _("The membership holds again. What was cancelled stays so."))
    return redirect("accounts:person", person_id)


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: MemberRequest) -> HttpResponse:
    """Tell what leaving means; leave."""
    error = ""
    if request.member.role == MemberRole.OWNER and not selectors.count_other_owners(request.member):
        error = LastOwner().detail
    if request.method == "POST" and not error:
        name = request.member.organization.name
        try:
            services.leave_organization(member=request.member, now=clock.now())
        except LastOwner as last:
            error = last.detail
        else:
            logout(request)
            messages.success(request, _("You have left %(name)s.") % {"name": name})
            return redirect("account_login")
    return render(request, "organization/leave.html", {"error": error})
