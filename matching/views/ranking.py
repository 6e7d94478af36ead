"""What an organization's weights mean, shown with two typical rides."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import RULES
from accounts.selectors import require_manager
from carpool.kernel.web import MemberRequest, member_required
from matching.models import RankingPolicy
from matching.selectors.ranking import compare_examples


@member_required
@require_safe
def ranking(request: MemberRequest) -> HttpResponse:
    """Compare a ride at the door, at the wrong time, with a walk to a punctual one."""
    require_manager(request.member)
    near, far = compare_examples(RankingPolicy.of(request.member.organization))
    rows = [
        (_("Price") if name == "price_minor_per_km" else RULES[name].label, near[name], far[name])
        for name in near
    ]
    totals = (sum(near.values()), sum(far.values()))
    context = {"rows": rows, "totals": totals, "near_wins": totals[0] <= totals[1]}
    return render(request, "matching/ranking.html", context)
