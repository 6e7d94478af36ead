"""Pages about whom one travels with and where one does not stop."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors, services
from accounts.forms import AvoidForm, CompanyForm
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, basemap, member_required
from maps.selectors import list_regions


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def safety(request: MemberRequest) -> HttpResponse:
    """Show whom a member keeps away and what they avoid; take their same-gender wish."""
    member = request.member
    stated = {"gender": member.gender, "same_gender_only": member.same_gender_only}
    form = CompanyForm(request.POST or None, initial=stated)
    if request.method == "POST" and form.is_valid():
        try:
            services.choose_company(member=member, now=clock.now(), **form.cleaned_data)
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:safety")
    context = {
        "form": form,
        "blocks": selectors.list_blocks(member),
        "avoided": selectors.list_avoided_places(member),
    }
    return render(request, "accounts/safety.html", context)


@member_required
@require_POST
def unblock(request: MemberRequest, block_id: int) -> HttpResponse:
    """Take a block back."""
    block = selectors.get_block_for(request.member, block_id)
    services.unblock_member(by=request.member, other=block.blocked, now=clock.now())
    messages.success(
        request, _("You may meet %(name)s again.") % {"name": block.blocked.first_name}
    )
    return redirect("accounts:safety")


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def avoid(request: MemberRequest) -> HttpResponse:
    """Add a place to avoid."""
    form = AvoidForm(request.member, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.avoid_place(
                member=request.member,
                label=form.cleaned_data["place_label"],
                location=form.cleaned_data["place"],
                radius_m=form.cleaned_data["radius_m"],
            )
        except DomainError as error:
            add_error(form, error, {"location": "place_label", "place": "place_label"})
        else:
            messages.success(request, _("You will not be picked up or dropped off there."))
            return redirect("accounts:safety")
    context = {"form": form, "basemap": basemap(list_regions())}
    return render(request, "accounts/avoid.html", context)


@member_required
@require_POST
def stop_avoiding(request: MemberRequest, place_id: UUID) -> HttpResponse:
    """Take an avoided place off the list."""
    services.stop_avoiding(place=selectors.get_avoided_place_for(request.member, place_id))
    messages.success(request, _("The place is off your list."))
    return redirect("accounts:safety")
