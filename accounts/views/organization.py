"""The organization's own page: what everybody may know of it, and what managers do."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import selectors
from carpool.kernel.web import MemberRequest, member_required


@member_required
@require_safe
def organization(request: MemberRequest) -> HttpResponse:
    """Show the organization."""
    context = {"sites": selectors.list_sites(request.member)}
    return render(request, "organization/organization.html", context)
