"""What managers see of cancellations: why, in counts."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.errors import ManagersOnly
from accounts.permissions import is_manager
from carpool.kernel import clock
from carpool.kernel.web import MemberRequest, member_required
from rides import selectors


@never_cache
@member_required
@require_safe
def cancellations(request: MemberRequest) -> HttpResponse:
    """Show why people gave up rides and seats in the last full months."""
    if not is_manager(request.member):
        raise ManagersOnly
    context = {
        "reasons": selectors.count_reasons(request.member.organization, now=clock.now()),
        "few": selectors.FEWEST,
    }
    return render(request, "rides/cancellations.html", context)
