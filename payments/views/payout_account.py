"""Where one's money is sent."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from carpool.kernel import clock
from carpool.kernel.web import MemberRequest, member_required
from payments import services
from payments.errors import AccountNumberInvalid
from payments.forms.payouts import PayoutAccountForm
from payments.models import PayoutAccount


@never_cache
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def payout_account(request: MemberRequest) -> HttpResponse:
    """Show where one's money is sent, and take another account."""
    member = request.member
    known = PayoutAccount.objects.filter(member=member).first()
    start = {"holder": known.holder if known else member.display_name}
    form = PayoutAccountForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            services.keep_account(member=member, now=clock.now(), **form.cleaned_data)
        except AccountNumberInvalid as error:
            form.add_error("number", str(error.title))
        else:
            messages.success(request, _("What we owe you is sent there from now on."))
            return redirect("payments:payout-account")
    return render(request, "wallet/account.html", {"form": form, "known": known})


@member_required
@require_POST
def forget_payout_account(request: MemberRequest) -> HttpResponse:
    """Send nothing any more."""
    services.forget_account(member=request.member)
    messages.success(request, _("Your account is forgotten. What we owe you waits for you."))
    return redirect("payments:payout-account")
