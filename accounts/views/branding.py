"""How an organization looks: a page for its managers, and what every page loads of it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import selectors, services
from accounts.forms import BrandingForm
from accounts.permissions import Act
from carpool.kernel.colour import DARK_GROUND, LIGHT_GROUND, legible
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required, same_for_everybody

YEAR_S = 365 * 24 * 3600
STYLE = """:root {{ --org: {light}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --org: {dark}; }} }}
:root[data-theme="light"] {{ --org: {light}; }}
:root[data-theme="dark"] {{ --org: {dark}; }}
"""


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def branding(request: MemberRequest) -> HttpResponse:
    """Show and change name, colour and sign."""
    member = request.member
    selectors.require(member, Act.CHANGE_BRANDING)
    stands = {"name": member.organization.name, "colour": member.organization.colour}
    form = BrandingForm(request.POST or None, request.FILES or None, initial=stands)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            services.change_branding(by=member, name=said["name"], colour=said["colour"])
            if said["remove_logo"]:
                services.remove_logo(by=member)
            elif said["logo"]:
                services.change_logo(by=member, content=said["logo"].read(said["logo"].size))
        except DomainError as error:
            member.organization.refresh_from_db()
            add_error(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:branding")
    return render(request, "organization/branding.html", {"form": form})


@require_safe
@same_for_everybody
def brand_style(request: HttpRequest, colour: str) -> HttpResponse:
    """Serve a colour in the shades that can be read; the address tells all there is to know."""
    colour = f"#{colour}"
    shades = {"light": legible(colour, LIGHT_GROUND), "dark": legible(colour, DARK_GROUND)}
    answer = HttpResponse(STYLE.format(**shades), content_type="text/css; charset=utf-8")
    patch_cache_control(answer, public=True, max_age=YEAR_S, immutable=True)
    return answer


@require_safe
@same_for_everybody
def logo(request: HttpRequest, organization_id: UUID, version: str) -> HttpResponse:
    """Serve a sign: everybody may see it, also who has not signed in yet."""
    found = selectors.find_logo(organization_id, version)
    if found is None:
        raise Http404
    answer = HttpResponse(found, content_type="image/png")
    patch_cache_control(answer, public=True, max_age=YEAR_S, immutable=True)
    return answer
