"""Stored matches and ranking policies in the admin."""

from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from carpool.kernel import clock
from matching.models import Match, RankingChange, RankingPolicy
from matching.selectors.ranking import compare_examples
from matching.services.ranking import change_ranking

WEIGHTS = ("riding", "walking", "shift", "detour")
MONEY_AND_TRUST = ("price_minor_per_km", "time_value_minor_per_h", "unreliable_s")


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


class RankingChangeInline(admin.TabularInline):
    """Who changed what, newest first."""

    model = RankingChange
    extra = 0
    can_delete = False
    readonly_fields = ("at", "by", "field", "before", "after")

    def has_add_permission(self, request: HttpRequest, obj: RankingPolicy | None = None) -> bool:
        """Changes are noted, not made up."""
        return False


@admin.register(RankingPolicy)
class RankingPolicyAdmin(admin.ModelAdmin):
    """How an organization ranks rides, and what that means for two of them."""

    list_display = ("organization", "riding", "walking", "shift", "detour", "unreliable_s")
    list_select_related = ("organization",)
    autocomplete_fields = ("organization",)
    readonly_fields = ("preview",)
    inlines = (RankingChangeInline,)
    fieldsets = (
        (
            None,
            {
                "fields": ("organization", *WEIGHTS),
                "description": _(
                    "Rides are ranked by what they cost a rider, in seconds aboard. A weight says "
                    "how many of them one second of a kind is worth."
                ),
            },
        ),
        (
            _("Price and reliability"),
            {"fields": MONEY_AND_TRUST},
        ),
        (_("Preview"), {"fields": ("preview",)}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: RankingPolicy | None = None
    ) -> tuple[str, ...]:
        """A policy stays with its organization."""
        return ("preview",) if obj is None else ("preview", "organization")

    @admin.display(description=_("Two rides"))
    def preview(self, policy: RankingPolicy) -> str:
        """Compare a ride at the door, at the wrong time, with a walk to a punctual one."""
        if policy._state.adding:
            return str(_("Save to see it."))
        near, far = compare_examples(policy)
        rows: list[tuple[object, str, str]] = [
            (
                label_for_field(name, RankingPolicy),
                f"{near[name] / 60:.1f}",
                f"{far[name] / 60:.1f}",
            )
            for name in near
        ]
        in_all = [f"{sum(ride.values()) / 60:.1f}" for ride in (near, far)]
        rows.append((_("In all"), in_all[0], in_all[1]))
        return format_html(
            "<table><thead><tr><th></th><th>{}</th><th>{}</th></tr></thead>{}</table>",
            _("At the door, 20 min too early, a new driver"),
            _("8 min on foot, on time, 3 min of detour, a driver who kept 25 of 25"),
            format_html_join("", "<tr><th>{}</th><td>{} min</td><td>{} min</td></tr>", rows),
        )

    def save_model(
        self, request: HttpRequest, obj: RankingPolicy, form: ModelForm, change: bool
    ) -> None:
        """Change the policy as everybody does, so that it is noted who did."""
        change_ranking(
            organization=obj.organization,
            values={name: form.cleaned_data[name] for name in (*WEIGHTS, *MONEY_AND_TRUST)},
            by=request.user if isinstance(request.user, User) else None,
            now=clock.now(),
        )
