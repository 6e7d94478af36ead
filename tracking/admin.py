"""Traces, verdicts, objections and the rules in the admin. Where anybody was is in no page."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from tracking import selectors, services
from tracking.models import Appeal, ProofRules, Trace, Verification
from tracking.services.rules import check_thresholds


class ReadOnly:
    """Facts are looked at, not edited."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


@admin.register(Trace)
class TraceAdmin(ReadOnly, admin.ModelAdmin):
    """That somebody shared positions, and when they go; the positions are for the verifier only."""

    list_display = ("member", "day", "positions_count", "flagged_count", "purge_at", "purged_at")
    list_filter = ("is_disputed",)
    list_select_related = ("member",)
    date_hierarchy = "day"
    fields = (
        *("member", "ride", "day", "begun_at", "stopped_at", "positions_count", "flagged_count"),
        *("line_error_m", "is_disputed", "purge_at", "purged_at"),
    )


@admin.register(Verification)
class VerificationAdmin(ReadOnly, admin.ModelAdmin):
    """Verdicts with their reasons. A proof that a person finds wrong is withdrawn from the list."""

    actions = ("overturn",)
    list_display = ("judged_at", "booking", "strategy", "proof_class", "accepted", "held")
    list_filter = ("proof_class", "accepted", "held", "eligible", "rules")
    list_select_related = ("booking__rider",)
    date_hierarchy = "judged_at"
    fields = (
        *("booking", "ride", "judge_at", "judged_at", "rules", "strategy", "proof_class"),
        *("accepted", "held", "eligible", "why", "overruled_at"),
    )
    readonly_fields = ("why",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let the list show its action; a verdict itself is only read."""
        return obj is None and admin.ModelAdmin.has_change_permission(self, request)

    @admin.display(description=_("reasons"))
    def why(self, verification: Verification) -> SafeString:
        """Tell the reasons as the people of the trip read them."""
        return tell(verification)

    @admin.action(description=_("The trip does not count"), permissions=["change"])
    def overturn(self, request: HttpRequest, queryset: QuerySet[Verification]) -> None:
        """Withdraw proofs: what was given for them goes back, as far as it is there."""
        for verification in queryset:
            try:
                done = services.overturn_verdict(verification_id=verification.pk, now=clock.now())
            except DomainError as error:
                self.message_user(request, error.detail, messages.ERROR)
            else:
                self.log_change(request, done, str(_("The trip does not count")))


def tell(verification: Verification) -> SafeString:
    """Return the reasons of a verdict as a list."""
    told = selectors.tell_reasons(verification)
    lines = (
        (" · ".join(filter(None, (one.meaning, one.whose, one.text))), _figures(one))
        for one in told
    )
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {}</li>", lines))


def _figures(told: selectors.Told) -> str:
    return f"{told.measured} ({told.limit})" if told.limit else told.measured


@admin.register(Appeal)
class AppealAdmin(admin.ModelAdmin):
    """The queue of objections: a person looks at the reasons and decides. Who decided is kept."""

    list_display = ("asked_at", "state", "by", "reason", "verdict", "decided_by")
    list_filter = ("state",)
    list_select_related = ("by", "verification", "decided_by")
    ordering = ("decided_at", "asked_at")
    date_hierarchy = "asked_at"
    actions = ("grant", "refuse")
    fields = (*("state", "by", "reason", "verdict", "why", "asked_at", "decided_at", "decided_by"),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Members object."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Appeal | None = None) -> bool:
        """Let the list show its actions; an objection itself is only read."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Appeal | None = None) -> bool:
        """Nobody."""
        return False

    @admin.display(description=_("verdict"))
    def verdict(self, appeal: Appeal) -> str:
        """Say what the verdict comes to."""
        return selectors.tell_verdict(appeal.verification)

    @admin.display(description=_("reasons"))
    def why(self, appeal: Appeal) -> SafeString:
        """Tell the reasons."""
        return tell(appeal.verification)

    @admin.action(description=_("The trip counts"))
    def grant(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> None:
        """Decide for the member."""
        self._decide(request, queryset, granted=True)

    @admin.action(description=_("The verdict stands"))
    def refuse(self, request: HttpRequest, queryset: QuerySet[Appeal]) -> None:
        """Let it stand."""
        self._decide(request, queryset, granted=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Appeal], *, granted: bool) -> None:
        assert isinstance(request.user, User)
        for appeal in queryset:
            try:
                done = services.decide_appeal(
                    appeal_id=appeal.pk, granted=granted, by=request.user, now=clock.now()
                )
            except DomainError as error:
                self.message_user(request, error.detail, messages.ERROR)
            else:
                self.log_change(request, done, str(done.get_state_display()))


class ProofRulesForm(forms.ModelForm):
    """A version of the rules; thresholds that do not exist are refused."""

    class Meta:
        model = ProofRules
        fields: ClassVar[list[str]] = ["strategy", "thresholds", "note"]

    def clean(self) -> dict[str, Any] | None:
        """Compare the names and values with what the strategy knows."""
        said = super().clean() or {}
        try:
            check_thresholds(said.get("strategy", ""), said.get("thresholds") or {})
        except DomainError as error:
            self.add_error("thresholds", error.detail)
        return said


@admin.register(ProofRules)
class ProofRulesAdmin(admin.ModelAdmin):
    """Versions of the rules: a new one counts from now on, the old ones stay as they were."""

    form = ProofRulesForm
    list_display = ("id", "created_at", "strategy", "differs", "note")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Verdicts refer to it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Verdicts refer to it."""
        return False

    @admin.display(description=_("thresholds"))
    def differs(self, rules: ProofRules) -> str:
        """Say what differs from the defaults."""
        return json.dumps(rules.thresholds) if rules.thresholds else "–"
