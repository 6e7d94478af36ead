"""Payments that payers' banks took back: read here, booked by the providers' own word."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from carpool.kernel.templatetags.ui import money
from payments.admin.books import ReadOnly
from payments.models import Chargeback


@admin.register(Chargeback)
class ChargebackAdmin(ReadOnly, admin.ModelAdmin):
    """Chargebacks, the newest first."""

    list_display = ("taken_at", "provider", "name", "taken", "returned_at")
    list_filter = ("payment__provider", "organization")
    list_select_related = ("payment",)
    search_fields = ("name",)
    date_hierarchy = "taken_at"
    ordering = ("-taken_at",)
    fields = ("provider", "name", "taken", "taken_at", "returned_at")

    @admin.display(description=_("Provider"))
    def provider(self, row: Chargeback) -> str:
        """Say who took it back."""
        return row.payment.provider

    @admin.display(description=_("Amount"))
    def taken(self, row: Chargeback) -> str:
        """Say how much."""
        return money(row.amount, row.payment.currency)
