"""Stored matches in the admin."""

from django.contrib import admin
from django.http import HttpRequest

from matching.models import Match


@admin.register(Match)
class MatchAdmin(admin.ModelAdmin):
    """What matching remembered, with its numbers."""

    list_display = ("request", "ride", "pickup_at", "detour_s", "cost_s", "created_at")
    list_select_related = ("request", "ride")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Matches are found, not made."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Match | None = None) -> bool:
        """Matches are found, not edited."""
        return False
