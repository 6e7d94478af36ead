"""Pages about oneself: profile, cars, places."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors, services
from accounts.forms import CarForm, PlaceForm, ProfileForm
from accounts.models import PlaceKind
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.geo import from_point
from carpool.kernel.web import MemberRequest, add_error, basemap, member_required
from maps.selectors import list_regions


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: MemberRequest) -> HttpResponse:
    """Show and change what a member says of themselves."""
    member = request.member
    form = ProfileForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid():
        services.update_profile(member=member, **form.cleaned_data)
        with translation.override(member.language or member.organization.language):
            messages.success(request, _("Saved."))
        response = redirect("accounts:profile")
        # The choice made before signing in would win over the one made here.
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response
    places = {place.kind: place for place in selectors.list_places(member)}
    context = {
        "form": form,
        "cars": selectors.list_cars(member),
        "home": places.get(PlaceKind.HOME),
        "work": places.get(PlaceKind.WORK),
        "others": [p for p in selectors.list_places(member) if p.kind == PlaceKind.OTHER],
        "sites": selectors.list_sites(member),
    }
    return render(request, "accounts/profile.html", context)


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def car(request: MemberRequest, car_id: UUID | None = None) -> HttpResponse:
    """Add a car, or change one."""
    instance = selectors.get_car_for(request.member, car_id) if car_id else None
    form = CarForm(request.POST or None, instance=instance)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_car(member=request.member, car=instance, **form.cleaned_data)
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("Your car is saved."))
            return redirect(_next_page(request))
    context = {"form": form, "car": instance, "next": request.GET.get("next", "")}
    return render(request, "accounts/car.html", context)


def _next_page(request: HttpRequest) -> str:
    """Go back to the offer that was waiting for a car, else to the profile."""
    return "rides:offer" if request.GET.get("next") == "offer" else "accounts:profile"


@member_required
@require_POST
def remove_car(request: MemberRequest, car_id: UUID) -> HttpResponse:
    """Retire a car."""
    services.remove_car(car=selectors.get_car_for(request.member, car_id), now=clock.now())
    messages.success(request, _("The car is removed. Rides made with it keep showing it."))
    return redirect("accounts:profile")


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: MemberRequest, kind: str) -> HttpResponse:
    """Set home or work, or add another place."""
    if kind not in PlaceKind.values:
        raise Http404
    saved = selectors.list_places(request.member).filter(kind=kind).first()
    initial = {}
    if saved is not None and kind != PlaceKind.OTHER:
        initial = {"place_label": saved.label, "place": from_point(saved.location)}
    form = PlaceForm(request.member, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_place(
                member=request.member,
                kind=kind,
                label=form.cleaned_data["place_label"],
                location=form.cleaned_data["place"],
            )
        except DomainError as error:
            add_error(form, error, {"location": "place_label", "place": "place_label"})
        else:
            messages.success(request, _("Your place is saved. Nobody else sees it."))
            return redirect("accounts:profile")
    context = {
        "form": form,
        "kind": kind,
        "saved": saved if initial else None,
        "basemap": basemap(list_regions()),
    }
    return render(request, "accounts/place.html", context)


@member_required
@require_POST
def remove_place(request: MemberRequest, place_id: UUID) -> HttpResponse:
    """Forget a place."""
    services.remove_place(place=selectors.get_place_for(request.member, place_id))
    messages.success(request, _("The place is forgotten."))
    return redirect("accounts:profile")
