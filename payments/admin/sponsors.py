"""What organizations pay of their members' fares: budgets, and the money that has come in."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.templatetags.ui import money
from payments import services
from payments.engine.chart import sponsor
from payments.models import SponsorBudget, SponsorDeposit
from payments.selectors import balance_of


@admin.register(SponsorBudget)
class SponsorBudgetAdmin(admin.ModelAdmin):
    """What organizations pay of their members' fares, and by which rules."""

    list_display = (
        "name", "organization", "percent", "left", "pays_rooms", "pays_rides", "given_to",
        "first_day", "last_day", "is_on",
    )  # fmt: skip
    list_select_related = ("organization",)
    autocomplete_fields = ("organization",)
    exclude = ("sites", "people")  # those who steer the organization choose them, on its own page
    search_fields = ("name",)

    @admin.display(description=_("left of it"))
    def left(self, budget: SponsorBudget) -> str:
        """Show what stands on its account."""
        currency = budget.organization.currency
        account = sponsor(str(budget.pk), currency)
        return money(balance_of(budget.organization_id, account).posted, currency)


@admin.register(SponsorDeposit)
class SponsorDepositAdmin(admin.ModelAdmin):
    """Money of sponsors that has come in: one enters it, another one posts it."""

    list_display = (
        "entered_at", "budget", "amount", "reference", "state", "entered_by", "decided_by", "at",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("budget", "entered_by", "decided_by")
    autocomplete_fields = ("budget",)
    fields = ("budget", "amount", "reference")
    actions = ("post_them", "refuse_them")

    def has_change_permission(
        self, request: HttpRequest, obj: SponsorDeposit | None = None
    ) -> bool:
        """What was entered stays as it was; the list is for deciding."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: SponsorDeposit | None = None
    ) -> bool:
        """Refuse: also what was refused is history."""
        return False

    def save_model(
        self, request: HttpRequest, obj: SponsorDeposit, form: Any, change: bool
    ) -> None:
        """Enter it."""
        assert isinstance(request.user, User)
        services.enter_deposit(row=obj, by=request.user, now=clock.now())

    @admin.action(description=_("Post what somebody else has entered"), permissions=["change"])
    def post_them(self, request: HttpRequest, queryset: QuerySet[SponsorDeposit]) -> None:
        """Post."""
        self._decide(request, queryset, services.post_deposit)

    @admin.action(description=_("Refuse"), permissions=["change"])
    def refuse_them(self, request: HttpRequest, queryset: QuerySet[SponsorDeposit]) -> None:
        """Refuse."""
        self._decide(request, queryset, services.refuse_deposit)

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[SponsorDeposit],
        decide: Callable[..., SponsorDeposit],
    ) -> None:
        assert isinstance(request.user, User)
        for row in queryset:
            try:
                decide(deposit_id=row.pk, by=request.user, now=clock.now())
            except DomainError as error:
                self.message_user(request, f"{row}: {error.title}", messages.ERROR)
            else:
                self.message_user(request, str(row), messages.SUCCESS)
