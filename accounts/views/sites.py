"""The sites of an organization: listed, added, moved, removed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, services
from accounts.forms import SiteForm
from accounts.models import Site
from accounts.permissions import Act
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import corners_of, from_point
from carpool.kernel.web import MemberRequest, add_error, basemap, member_required
from maps.selectors import list_regions

NAMES = {"location": "place_label", "address": "place_label", "entrance": "entrance_label"}


@member_required
@require_safe
def site_list(request: MemberRequest) -> HttpResponse:
    """List the sites."""
    selectors.require(request.member, Act.CHANGE_SITES)
    context = {"sites": selectors.list_sites(request.member)}
    return render(request, "organization/sites.html", context)


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def site(request: MemberRequest, site_id: UUID | None = None) -> HttpResponse:
    """Add a site, or change one."""
    selectors.require(request.member, Act.CHANGE_SITES)
    saved = selectors.get_site_for(request.member, site_id) if site_id else None
    form = SiteForm(request.member, request.POST or None, initial=_initial(saved))
    if request.method == "POST" and form.is_valid():
        try:
            services.save_site(by=request.member, site=saved, **form.values())
        except DomainError as error:
            add_error(form, error, NAMES)
        else:
            messages.success(request, _("The site is saved."))
            return redirect("accounts:sites")
    context = {"form": form, "site": saved, "basemap": basemap(list_regions())}
    return render(request, "organization/site.html", context)


def _initial(saved: Site | None) -> dict[str, Any]:
    if saved is None:
        return {}
    gate = {}
    if saved.entrance:
        gate = {"entrance_label": _("Point on the map"), "entrance": from_point(saved.entrance)}
    return {
        "name": saved.name,
        "place_label": saved.address or saved.name,
        "place": from_point(saved.location),
        "radius_m": saved.radius_m,
        "fence": corners_of(saved.fence) if saved.fence else None,
        **gate,
    }


@member_required
@require_POST
def remove_site(request: MemberRequest, site_id: UUID) -> HttpResponse:
    """Take a site off the list."""
    services.remove_site(by=request.member, site=selectors.get_site_for(request.member, site_id))
    messages.success(request, _("The site is off the list."))
    return redirect("accounts:sites")
