"""The page on which managers decide in numbers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import selectors, services
from accounts.forms import PoliciesForm
from accounts.models import RULES, PolicyChange
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.web import MemberRequest, add_error, member_required


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def policies(request: MemberRequest) -> HttpResponse:
    """Show the rules under their headings with their history; change or reset them."""
    selectors.require_manager(request.member)
    reset = request.POST.get("reset")
    if reset is not None:
        services.change_own_policies(by=request.member, values={reset: None}, now=clock.now())
        messages.success(request, _("The default holds again."))
        return redirect("accounts:policies")
    organization = request.member.organization
    form = PoliciesForm(organization, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_own_policies(
                by=request.member,
                values=form.values,
                reason=form.cleaned_data["reason"],
                now=clock.now(),
            )
        except DomainError as error:
            add_error(form, error, {})
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:policies")
    grouped = [
        (group, [form[decided.rule.name] for decided in rules])
        for group, rules in selectors.group_policies(organization)
    ]
    changes = [(change, _label(change)) for change in selectors.list_policy_changes(request.member)]
    context = {"form": form, "groups": grouped, "changes": changes}
    return render(request, "organization/policies.html", context)


def _label(change: PolicyChange) -> str:
    """Return what the rule is called, also when it is no more."""
    rule = RULES.get(change.name)
    return str(rule.label) if rule else change.name
