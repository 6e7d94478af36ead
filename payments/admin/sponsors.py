"""What organizations pay of their members' fares: budgets, and the money that has come in."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from carpool.kernel import clock
from carpool.kernel.templatetags.ui import money
from payments import services
from payments.engine.chart import sponsor
from payments.models import SponsorBudget, SponsorDeposit
from payments.selectors import balance_of


@admin.register(SponsorBudget)
class SponsorBudgetAdmin(admin.ModelAdmin):
    """What organizations pay of their members' fares, and by which rules."""

    list_display = ("name", "organization", "percent", "left", "first_day", "last_day", "is_on")
    list_select_related = ("organization",)
    autocomplete_fields = ("organization",)
    search_fields = ("name",)

    @admin.display(description=_("left of it"))
    def left(self, budget: SponsorBudget) -> str:
        """Show what stands on its account."""
        currency = budget.organization.currency
        account = sponsor(str(budget.pk), currency)
        return money(balance_of(budget.organization_id, account).posted, currency)


@admin.register(SponsorDeposit)
class SponsorDepositAdmin(admin.ModelAdmin):
    """Money of sponsors that has come in."""

    list_display = ("at", "budget", "amount", "reference")
    list_select_related = ("budget",)
    autocomplete_fields = ("budget",)

    def has_change_permission(
        self, request: HttpRequest, obj: SponsorDeposit | None = None
    ) -> bool:
        """What is booked stays."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: SponsorDeposit | None = None
    ) -> bool:
        """What is booked stays."""
        return False

    def save_model(
        self, request: HttpRequest, obj: SponsorDeposit, form: Any, change: bool
    ) -> None:
        """Book."""
        services.deposit(row=obj, now=clock.now())
