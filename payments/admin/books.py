"""Money at the operators' desk."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Organization, User
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from carpool.kernel.templatetags.ui import money
from payments import services
from payments.engine.chart import AccountKind
from payments.forms.tariffs import PREVIEW, ProposalForm, TariffForm
from payments.models import (
    Journal,
    JournalEntry,
    LedgerAccount,
    LegalTerms,
    ManualJournal,
    StatementBreak,
    StatementRun,
    TaxiTariff,
)
from payments.models.manual import ACCOUNT_LABELS
from payments.selectors.desk import balances_by_kind, list_alarms
from payments.selectors.exports import write_beancount, write_csv
from payments.services.statements import BREAK_PROMISE


@admin.register(TaxiTariff)
class TaxiTariffAdmin(admin.ModelAdmin):
    """Dated rows. A new decree is a new row; the one before ends when it begins."""

    form = TariffForm
    change_form_template = "admin/payments/tariff.html"
    list_display = (
        "region", "vehicle", "currency", "valid_from", "valid_to", "base", "checked_on", "source",
    )  # fmt: skip
    list_filter = ("region", "vehicle", "is_invented")
    date_hierarchy = "valid_from"
    save_as = True
    fieldsets = (
        (None, {"fields": ("region", "vehicle", "currency", "zone", "valid_from", "valid_to")}),
        (
            _("The meter"),
            {"fields": ("base", "base_m", "step", "step_m", "step_s", "round_to", "call_fee")},
        ),
        (_("Surcharges"), {"fields": ("bands", "outside_percent", "stacking", "most_percent")}),
        (_("Where this is from"), {"fields": ("source", "checked_on", "is_invented")}),
        (
            _("Try it on a way"),
            {"fields": (("sample_km", "sample_minutes", "sample_slow"), "sample_at")},
        ),
    )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Show the estimate beside the form; a preview is no error."""
        form = context["adminform"].form
        context["preview_name"] = PREVIEW
        if getattr(form, "estimate", None) is not None:
            context |= {"estimate": form.estimate, "errors": None}
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: TaxiTariff, form: Any, change: bool) -> None:
        """Save, so that every process estimates by it."""
        services.save_tariff(tariff=obj)

    def delete_model(self, request: HttpRequest, obj: TaxiTariff) -> None:
        """Take out, so that no process estimates by it."""
        services.remove_tariff(tariff=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TaxiTariff]) -> None:
        """The same for several."""
        for tariff in queryset:
            services.remove_tariff(tariff=tariff)


@admin.register(LegalTerms)
class LegalTermsAdmin(admin.ModelAdmin):
    """Under which law an organization's drivers are paid."""

    list_display = ("organization", "profile")
    list_select_related = ("organization",)
    autocomplete_fields = ("organization",)


class ReadOnly:
    """The books are looked at; they change by journals only."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


class EntryInline(ReadOnly, admin.TabularInline):
    """A journal's legs."""

    model = JournalEntry
    fields = readonly_fields = ("where", "debit", "credit", "after")

    @admin.display(description=_("account"))
    def where(self, entry: JournalEntry) -> str:
        """Name the account."""
        return name_of(entry.account)

    @admin.display(description=_("debit"))
    def debit(self, entry: JournalEntry) -> str:
        """Show what was debited."""
        return money(entry.amount, entry.currency) if entry.amount > 0 else ""

    @admin.display(description=_("credit"))
    def credit(self, entry: JournalEntry) -> str:
        """Show what was credited."""
        return money(-entry.amount, entry.currency) if entry.amount < 0 else ""

    @admin.display(description=_("balance"))
    def after(self, entry: JournalEntry) -> str:
        """Show what stood on the account then."""
        return money(entry.balance_after, entry.currency)

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        """Read the accounts along."""
        return super().get_queryset(request).select_related("account")


def name_of(account: LedgerAccount) -> str:
    """Name an account as operators read it: what it is for, and its key."""
    return f"{ACCOUNT_LABELS[AccountKind(account.kind)]} {account.key}".strip()


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly, admin.ModelAdmin):
    """Accounts with what stands on them. Whose they are, is a number here."""

    list_display = ("what", "whose", "posted", "held")
    list_filter = ("kind", "currency", "organization")
    list_select_related = ("organization", "balance")
    search_fields = ("key",)
    fields = readonly_fields = ("what", "whose", "posted", "held", "entries")
    show_full_result_count = False

    @admin.display(description=_("account"), ordering="kind")
    def what(self, account: LedgerAccount) -> str:
        """Name it."""
        return name_of(account)

    @admin.display(description=_("organization"), ordering="organization")
    def whose(self, account: LedgerAccount) -> str:
        """Name whose books it is in."""
        return account.organization.name

    @admin.display(description=_("balance"), ordering="balance__posted")
    def posted(self, account: LedgerAccount) -> str:
        """Show what stands on it."""
        return money(account.balance.posted, account.currency)

    @admin.display(description=_("of this held"))
    def held(self, account: LedgerAccount) -> str:
        """Show what open holds reserve of it."""
        return money(account.balance.pending_out, account.currency)

    @admin.display(description=_("number of entries"))
    def entries(self, account: LedgerAccount) -> int:
        """Count its entries."""
        return int(account.balance.version)


@admin.register(Journal)
class JournalAdmin(ReadOnly, admin.ModelAdmin):
    """Journals with their legs; and the desk, where all of it comes together."""

    change_list_template = "admin/payments/journals.html"
    list_display = ("key", "what", "whose", "at")
    list_filter = ("kind", "organization")
    list_select_related = ("organization",)
    search_fields = ("op_key", "trip_id")
    date_hierarchy = "created_at"
    fields = readonly_fields = ("key", "what", "whose", "at", "trip", "taken_back")
    inlines = (EntryInline,)
    show_full_result_count = False

    @admin.display(description=_("key of the operation"), ordering="op_key")
    def key(self, journal: Journal) -> str:
        """Name the operation."""
        return journal.op_key

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, journal: Journal) -> str:
        """Name what it is."""
        return journal.kind

    @admin.display(description=_("organization"), ordering="organization")
    def whose(self, journal: Journal) -> str:
        """Name whose books it is in."""
        return journal.organization.name

    @admin.display(description=_("posted at"), ordering="created_at")
    def at(self, journal: Journal) -> datetime:
        """Show when it was posted."""
        return journal.created_at

    @admin.display(description=_("trip"))
    def trip(self, journal: Journal) -> str:
        """Show its trip's number."""
        return str(journal.trip_id or "–")

    @admin.display(description=_("takes back"))
    def taken_back(self, journal: Journal) -> str:
        """Show which operation it takes back."""
        return journal.reverses or "–"

    def get_urls(self) -> list[Any]:
        """Add the desk and the exports."""
        desk = path("desk/", self.admin_site.admin_view(self.desk), name="payments_journal_desk")
        export = path(
            "desk/<uuid:organization_id>.<str:form>",
            self.admin_site.admin_view(self.export),
            name="payments_journal_export",
        )
        return [desk, export, *super().get_urls()]

    def desk(self, request: HttpRequest) -> HttpResponse:
        """Show each organization's trial balance, and what lies where it must not stay."""
        self._let_in(request)
        organizations = Organization.objects.filter(
            pk__in=LedgerAccount.objects.values("organization")
        )
        books = []
        for organization in organizations:
            rows = balances_by_kind(organization)
            off = {row.currency: 0 for row in rows}
            for row in rows:
                off[row.currency] += row.signed
            books.append({"organization": organization, "rows": rows, "off": off.items()})
        context = {
            **self.admin_site.each_context(request),
            "title": _("Books"),
            "books": books,
            "alarms": list_alarms(clock.now()),
            "opts": self.model._meta,
        }
        return render(request, "admin/payments/desk.html", context)

    def export(self, request: HttpRequest, organization_id: UUID, form: str) -> HttpResponseBase:
        """Give an organization's books to another program."""
        self._let_in(request)
        if form not in WRITERS:
            raise Http404
        organization = get_object_or_404(Organization, pk=organization_id)
        write, content_type = WRITERS[form]
        answer = StreamingHttpResponse(
            write(organization, clock.now()), content_type=f"{content_type}; charset=utf-8"
        )
        name = f"carpool-{organization.slug}.{form}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _let_in(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


WRITERS = {"csv": (write_csv, "text/csv"), "beancount": (write_beancount, "text/plain")}


@admin.register(ManualJournal)
class ManualJournalAdmin(admin.ModelAdmin):
    """Corrections: one proposes, another posts."""

    form = ProposalForm
    list_display = (
        "proposed_at", "organization", "amount", "currency", "debit_kind", "credit_kind", "why",
        "state", "proposed_by", "decided_by",
    )  # fmt: skip
    list_filter = ("state", "organization")
    list_select_related = ("organization", "proposed_by", "decided_by")
    autocomplete_fields = ("organization",)
    actions = ("post_them", "refuse_them")

    def has_change_permission(self, request: HttpRequest, obj: ManualJournal | None = None) -> bool:
        """What was proposed stays as it was; the list is for deciding."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ManualJournal | None = None) -> bool:
        """Refuse: also what was refused is history."""
        return False

    def save_model(self, request: HttpRequest, obj: ManualJournal, form: Any, change: bool) -> None:
        """Propose."""
        assert isinstance(request.user, User)
        services.propose_journal(proposal=obj, by=request.user, now=clock.now())

    @admin.action(description=_("Post what somebody else has proposed"), permissions=["change"])
    def post_them(self, request: HttpRequest, queryset: QuerySet[ManualJournal]) -> None:
        """Post."""
        self._decide(request, queryset, services.post_proposed)

    @admin.action(description=_("Refuse"), permissions=["change"])
    def refuse_them(self, request: HttpRequest, queryset: QuerySet[ManualJournal]) -> None:
        """Refuse."""
        self._decide(request, queryset, services.refuse_proposed)

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[ManualJournal],
        decide: Callable[..., ManualJournal],
    ) -> None:
        assert isinstance(request.user, User)
        for proposal in queryset:
            try:
                decide(proposal_id=proposal.pk, by=request.user, now=clock.now())
            except DomainError as error:
                self.message_user(request, f"{proposal}: {error.title}", messages.ERROR)
            else:
                self.message_user(request, str(proposal), messages.SUCCESS)


class OpenFilter(admin.SimpleListFilter):
    """What has to be looked at, first of all what is older than was promised."""

    title = _("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the choices."""
        return [("open", _("Open")), ("old", _("Open for more than 48 hours")), ("gone", _("Gone"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StatementBreak]
    ) -> QuerySet[StatementBreak]:
        """Show the chosen ones."""
        if self.value() == "gone":
            return queryset.filter(gone_at__isnull=False)
        if self.value() in {"open", "old"}:
            queryset = queryset.filter(gone_at=None)
        if self.value() == "old":
            queryset = queryset.filter(found_at__lt=clock.now() - BREAK_PROMISE)
        return queryset


@admin.register(StatementBreak)
class StatementBreakAdmin(ReadOnly, admin.ModelAdmin):
    """Where a provider's list says another thing than our books."""

    list_display = (
        "reference", "provider", "kind", "we_say", "they_say", "found_at", "age", "gone_at",
    )  # fmt: skip
    list_filter = (OpenFilter, "provider", "kind")
    search_fields = ("reference", "provider_ref")
    ordering = ("gone_at", "found_at")

    @admin.display(description=_("we say"))
    def we_say(self, row: StatementBreak) -> str:
        """Write the amount."""
        return money(row.ours, row.currency)

    @admin.display(description=_("they say"))
    def they_say(self, row: StatementBreak) -> str:
        """Write the amount."""
        return money(row.theirs, row.currency)

    @admin.display(description=_("age"))
    def age(self, row: StatementBreak) -> str:
        """Say how long it has been open, or was."""
        hours = int(((row.gone_at or clock.now()) - row.found_at).total_seconds() // 3_600)
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


@admin.register(StatementRun)
class StatementRunAdmin(ReadOnly, admin.ModelAdmin):
    """When was compared with whom; a comparison that could not be made is none that agreed."""

    list_display = ("at", "provider", "payments", "breaks", "failed")
    list_filter = ("provider",)
