"""Incentives and what they gave, to look at. A proof is withdrawn where verdicts are."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from carpool.kernel.templatetags.ui import money
from payments.admin.books import ReadOnly
from payments.models import Incentive, IncentiveStep, Reward


class StepInline(ReadOnly, admin.TabularInline):
    """Who switched it, and when."""

    model = IncentiveStep
    extra = 0
    fields = ("at", "before", "after", "by_id")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the incentive."""
        return True


@admin.register(Incentive)
class IncentiveAdmin(ReadOnly, admin.ModelAdmin):
    """The rules of organizations; those who steer them write and switch them."""

    list_display = (
        "name", "version", "organization", "budget", "state", "given_to", "first_day", "last_day",
    )  # fmt: skip
    list_filter = ("state", "organization")
    list_select_related = ("organization", "budget")
    search_fields = ("name",)
    exclude = ("told_percent",)
    inlines = (StepInline,)


@admin.register(Reward)
class RewardAdmin(ReadOnly, admin.ModelAdmin):
    """What was given for trips, and taken back. Persons are numbers here, as in the books."""

    list_display = (
        "at", "incentive", "role", "sum", "proof_class", "limit", "back", "back_for", "back_at",
    )  # fmt: skip
    list_filter = ("limit", "back_for", "incentive__organization")
    list_select_related = ("incentive",)
    date_hierarchy = "at"
    search_fields = ("=booking_id", "=member_id")
    fields = (
        "incentive", "role", "day", "proof_class", "distance_m", "worth", "amount", "limit", "at",
        "back", "back_at", "back_for", "back_why",
    )  # fmt: skip

    @admin.display(description=_("amount"))
    def sum(self, reward: Reward) -> str:
        """Show it with its currency."""
        return money(reward.amount, reward.currency)
