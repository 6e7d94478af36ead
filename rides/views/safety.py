"""Pages for when something feels wrong: a person to block or report, a link to follow, help."""

from uuid import UUID

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services as accounts
from accounts.models import Member, ReportSubject
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required
from rides import permissions, selectors, services
from rides.errors import LinkOver
from rides.forms import FellowForm, ReportForm
from rides.selectors import RideView

# A contact's page asks twice a minute; this leaves room for many behind one address.
FOLLOWS_PER_MINUTE = 120


def _fellow(request: MemberRequest, ride_id: UUID) -> tuple[RideView, Member, UUID | None]:
    form = FellowForm(request.GET)
    booking_id = form.cleaned_data["booking"] if form.is_valid() else None
    return *selectors.get_fellow(request.member, ride_id, booking_id), booking_id


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def fellow(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Show what can be done about a person in a ride; take a report of them."""
    view, person, booking_id = _fellow(request, ride_id)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.report_member(
                by=request.member,
                reported=person,
                subject=ReportSubject.RIDE,
                subject_id=str(ride_id),
                now=clock.now(),
                **form.cleaned_data,
            )
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("Thank you. A moderator looks into it; nobody else knows."))
            return redirect("rides:ride", ride_id)
    context = {"view": view, "ride": view.ride, "person": person, "form": form}
    context["query"] = f"?booking={booking_id}" if booking_id else ""
    return render(request, "rides/fellow.html", context)


@member_required
@require_POST
def block_fellow(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Keep a person away from now on."""
    _view, person, _booking = _fellow(request, ride_id)
    accounts.block_member(by=request.member, other=person, now=clock.now())
    messages.success(
        request,
        _("You and %(name)s will not be brought together again. They are not told.")
        % {"name": person.first_name},
    )
    return redirect("accounts:safety")


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Make a link for a trusted contact; it is shown once."""
    view, now, link = selectors.view_ride(request.member, ride_id), clock.now(), ""
    if request.method == "POST":
        try:
            token = services.share_ride(ride_id=ride_id, by=request.member, now=now)
        except DomainError as error:
            messages.error(request, error.detail)
        else:
            link = request.build_absolute_uri(reverse("rides:follow", args=[token]))
    context = {
        "view": view,
        "ride": view.ride,
        "link": link,
        "alive": selectors.count_links(request.member, view.ride, now=now),
        "can_share": permissions.can_share(request.member, view.ride, view.bookings, now),
    }
    return render(request, "rides/share.html", context)


@member_required
@require_POST
def stop_sharing(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """End all links to a ride."""
    services.stop_sharing(ride_id=ride_id, by=request.member, now=clock.now())
    messages.success(request, _("Your links to this ride show nothing any more."))
    return redirect("rides:share", ride_id)


@never_cache
@member_required
@require_safe
def emergency(request: MemberRequest, ride_id: UUID) -> HttpResponse:
    """Show whom to call and what to say. A plain link dials, so no script is needed."""
    view = selectors.view_ride(request.member, ride_id)
    context = {"view": view, "ride": view.ride, "emergency": selectors.get_emergency(view)}
    return render(request, "rides/emergency.html", context)


@never_cache
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Show a ride to whoever has its link; nobody is signed in here, and nothing leads on."""
    limited: HttpResponse | None = ratelimit.consume_or_429(
        request,
        action="follow",
        config={"follow": f"{FOLLOWS_PER_MINUTE}/m/ip"},
        limit_get=True,
    )
    if limited:
        return limited
    try:
        followed = services.follow_ride(token=token, now=clock.now())
    except LinkOver:
        answer = render(request, "rides/follow.html", {"followed": None}, status=404)
    else:
        with timezone.override(followed.zone):  # the clocks of where the car is
            answer = render(request, "rides/follow.html", {"followed": followed})
    answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
