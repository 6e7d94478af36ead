"""The wallet: what is mine, why, and the papers about it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from carpool.kernel import clock
from carpool.kernel.pdf import pdf_answer
from carpool.kernel.web import MemberRequest, member_required
from payments.forms.rooms import TopUpForm
from payments.selectors import ways_to_pay
from payments.selectors.receipts import receipt_of
from payments.selectors.statements import list_months, read_month, statement_of
from payments.selectors.wallet import (
    Own,
    list_asked,
    list_kept,
    page_of_movements,
    purses_of,
)


@never_cache
@member_required
@require_safe
def wallet(request: MemberRequest) -> HttpResponse:
    """Show what is the member's, and what moved."""
    own = Own(request.member)
    before, ways = request.GET.get("before", ""), ways_to_pay(request.member.organization)
    context = {
        "purses": purses_of(own),
        "asked": [(one, TopUpForm(ways, auto_id=f"{one.top_up.pk}-%s")) for one in list_asked(own)],
        "kept": list_kept(own),
        "page": page_of_movements(own, before=before),
        "months": list_months(own),
        "is_first": not before,
    }
    return render(request, "wallet/wallet.html", context)


@never_cache
@member_required
@require_safe
def month(request: MemberRequest, month: str) -> HttpResponse:
    """Show a month's statement."""
    statement = statement_of(Own(request.member), read_month(month))
    return render(request, "wallet/month.html", {"statement": statement})


@never_cache
@member_required
@require_safe
def month_paper(request: MemberRequest, month: str) -> HttpResponse:
    """Give a month's statement to keep."""
    statement = statement_of(Own(request.member), read_month(month))
    context = {"statement": statement, "member": request.member, "now": clock.now()}
    return pdf_answer("wallet/statement_paper.html", context, name=f"carpool-{month}")


@never_cache
@member_required
@require_safe
def receipt(request: MemberRequest, trip_id: UUID) -> HttpResponse:
    """Give the receipt of a trip."""
    paper = receipt_of(Own(request.member), trip_id)
    context = {"receipt": paper, "member": request.member, "now": clock.now()}
    return pdf_answer("wallet/receipt_paper.html", context, name=f"carpool-receipt-{trip_id}")
