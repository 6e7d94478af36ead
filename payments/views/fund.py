"""What an organization's managers see of its money: the penalty fund."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.errors import ManagersOnly
from accounts.permissions import is_manager
from carpool.kernel.web import MemberRequest, member_required
from payments.selectors.desk import FEW, fund_balances, fund_months


@never_cache
@member_required
@require_safe
def fund(request: MemberRequest) -> HttpResponse:
    """Show what lies in the penalty fund, and month by month what came and went."""
    if not is_manager(request.member):
        raise ManagersOnly
    organization = request.member.organization
    context = {
        "balances": fund_balances(organization),
        "months": fund_months(organization),
        "few": FEW,
    }
    return render(request, "wallet/fund.html", context)
