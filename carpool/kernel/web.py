"""What every HTML page shares: context, domain errors as form errors, the app's files."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_safe

from carpool.kernel.errors import DomainError
from carpool.kernel.geo import LonLat, from_point
from carpool.kernel.stylesheet import joined, stylesheet_url
from carpool.kernel.stylesheet import version as current_version

if TYPE_CHECKING:
    from accounts.models import Member, Place, Site
    from maps.models import Region

THEMES = ("light", "dark")
# What the app keeps for the moments without a network: the offline page and how it looks.
SHELL = ("design/tokens-dark.css", "vendor/icons.svg")
YEAR_S = 365 * 24 * 3600


class MemberRequest(HttpRequest):
    """A request of a member, as views behind :func:`member_required` get it."""

    member: "Member"


def same_for_everybody(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Mark a view whose answer depends on nobody, so that nobody is looked up for it."""
    view.is_same_for_everybody = True  # type: ignore[attr-defined]
    return view


def live_page(
    topic: str,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Mark a page that stays alive on a topic: "today", or "ride:{ride_id}" of its address."""

    def mark(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        view.live_topic = topic  # type: ignore[attr-defined]
        return view

    return mark


def _page_of(request: HttpRequest) -> str:
    """Return where somebody goes on after signing in: what they sent is not sent again for them."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = request.headers.get("referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
        return "/"
    parts = urlsplit(page)
    here = f"{parts.path or '/'}?{parts.query}".rstrip("?")
    return here if url_has_allowed_host_and_scheme(here, None) else "/"


def member_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let members in; send others to sign in, or to the page about joining."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(_page_of(request))
        if getattr(request, "member", None) is None:
            return redirect("accounts:join")
        return view(request, *args, **kwargs)

    return guarded


class Chip(TypedDict):
    """A place to choose with one tap."""

    kind: str
    title: str
    label: str
    point: str
    icon: str


def place_chips(places: "Iterable[Place]", sites: "Iterable[Site]") -> list[Chip]:
    """Offer a member's own places and the organization's sites, each point once."""
    icons = {"home": "house", "work": "briefcase", "other": "map-pin"}
    titles = {"home": _("Home"), "work": _("Work")}
    chips = [
        Chip(
            kind=place.kind,
            title=titles.get(place.kind, place.label),
            label=place.label,
            point=write_place(from_point(place.location)),
            icon=icons[place.kind],
        )
        for place in places
    ]
    taken = {chip["point"] for chip in chips}
    for site in sites:
        point = write_place(from_point(site.meeting_point))
        if point not in taken:
            chips.append(
                Chip(kind="site", title=site.name, label=site.name, point=point, icon="building-2")
            )
    return chips


def write_place(place: LonLat) -> str:
    """Write a place as forms and scripts read it: ``lon,lat``, to a decimetre."""
    return f"{place.lon:.6f},{place.lat:.6f}"


def basemap(regions: "Iterable[Region]") -> dict[str, Any]:
    """Tell static/maps/basemap.js what to draw: our own tiles, or the external ones set."""
    return {
        "tile_url": settings.BASEMAP_TILE_URL,
        "attribution": settings.BASEMAP_ATTRIBUTION,
        "regions": [
            {
                "tiles": _tile_template(region.slug),
                "bbox": region.boundary.extent,
            }
            for region in regions
            if region.boundary is not None
        ],
    }


def _tile_template(slug: str) -> str:
    return reverse("maps:tile", args=[slug, 0, 0, 0]).replace("/0/0/0.", "/{z}/{x}/{y}.")


def interface(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the chosen appearance, the languages, the demo switch."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "languages": [
            {"code": code, "name": get_language_info(code)["name_local"]}
            for code, _name in settings.LANGUAGES
        ],
        "is_demo": settings.DEMO,
    }


def add_error(form: forms.BaseForm, error: DomainError, names: Mapping[str, str]) -> None:
    """Show a domain error at the form's field that it concerns, else above the form.

    ``names`` maps the domain's field names to the form's, where they differ.
    """
    shown = False
    for field, texts in error.fields.items():
        name = names.get(field, field)
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
            shown = True
    if not shown:
        form.add_error(None, error.detail)


class DomainErrorMiddleware:
    """Show a domain error that no view caught as a page with its own status, never as a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Render the error, if it is one of the domain's."""
        if not isinstance(error, DomainError):
            return None
        context = {"title": error.title, "detail": error.detail, "status": error.status}
        return render(request, "domain_error.html", context, status=error.status)


def no_passwords(request: HttpRequest) -> HttpResponse:
    """Lead from the pages of passwords, which nobody has here, to where one signs in."""
    return redirect("account_request_login_code")


@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """Show every component of the design system, alive."""
    return render(request, "design/living.html")


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Show what one reads without a network; the service worker keeps a copy."""
    return render(request, "offline.html")


@gzip_page
@require_safe
@same_for_everybody
def stylesheet(request: HttpRequest, version: str) -> HttpResponse:
    """Serve the joined style sheets. During an update an older page may ask for its own."""
    answer = HttpResponse(joined(), content_type="text/css; charset=utf-8")
    if version == current_version():
        patch_cache_control(answer, public=True, max_age=YEAR_S, immutable=True)
    else:
        patch_cache_control(answer, no_cache=True)
    return answer


@require_GET
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Serve the service worker from the root, so that it may answer for every page."""
    assets = [stylesheet_url(), *(static(name) for name in SHELL)]
    # The offline page is kept as it was drawn: another language or theme is another version.
    looks = [get_language() or "", str(interface(request)["theme"])]
    context = {"assets": json.dumps(assets), "version": json.dumps(" ".join([*assets, *looks]))}
    return render(request, "sw.js", context, content_type="text/javascript")


@require_GET
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the app to phones that install it."""
    return HttpResponse(
        json.dumps(
            {
                "id": "/",
                "name": "Carpool",
                "short_name": "Carpool",
                "description": _("Share the way to work with colleagues."),
                "lang": get_language(),
                "start_url": "/",
                "scope": "/",
                "display": "standalone",
                "background_color": "#faf6ef",
                "theme_color": "#0b5f50",
                "icons": [
                    {"src": static("design/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
                    {"src": static("design/icon-192.png"), "sizes": "192x192", "type": "image/png"},
                    {
                        "src": static("design/icon-512.png"),
                        "sizes": "512x512",
                        "type": "image/png",
                        "purpose": "any maskable",
                    },
                ],
            }
        ),
        content_type="application/manifest+json",
    )
