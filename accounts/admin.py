"""People in the admin, with maps."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from leaflet.admin import LeafletGeoAdmin, LeafletGeoAdminMixin

from accounts import services
from accounts.forms import PolicyChangeForm
from accounts.models import (
    Car,
    EmailDomain,
    Member,
    ModerationAct,
    ModerationStep,
    Organization,
    Place,
    PolicyChange,
    Report,
    Site,
    User,
)
from carpool.kernel import clock
from carpool.kernel.errors import DomainError

# Secrets, and tables that we do not use: issuers are the organizations' own, tokens are not kept.
for hidden in (Authenticator, SocialApp, SocialToken, UserSession):
    admin.site.unregister(hidden)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Sign-in identities."""

    ordering = ("email",)
    list_display = ("email", "is_active", "is_staff", "date_joined")
    search_fields = ("email",)
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)


class EmailDomainInline(admin.TabularInline):
    """Domains whose addresses belong to the organization."""

    model = EmailDomain
    extra = 0


class SiteInline(LeafletGeoAdminMixin, admin.StackedInline):
    """Sites on the map."""

    model = Site
    extra = 0


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """Organizations and their policies."""

    list_display = ("name", "kind", "is_open", "time_zone", "currency", "language")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    inlines = (EmailDomainInline, SiteInline)


@admin.register(PolicyChange)
class PolicyChangeAdmin(admin.ModelAdmin):
    """Who changed which rule of an organization; adding one changes the rule."""

    form = PolicyChangeForm
    list_display = ("at", "organization", "name", "before", "after", "by", "reason")
    list_select_related = ("organization", "by")
    list_filter = ("organization",)
    autocomplete_fields = ("organization",)

    def has_change_permission(self, request: HttpRequest, obj: PolicyChange | None = None) -> bool:
        """History is not rewritten."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PolicyChange | None = None) -> bool:
        """History is not erased."""
        return False

    def save_model(
        self, request: HttpRequest, obj: PolicyChange, form: ModelForm, change: bool
    ) -> None:
        """Change the rule as its managers do."""
        services.change_policies(
            organization=obj.organization,
            values={obj.name: form.cleaned_data["after"]},
            by=request.user if isinstance(request.user, User) else None,
            reason=obj.reason,
            now=clock.now(),
        )
        obj.pk = PolicyChange.objects.filter(organization=obj.organization).latest("at", "pk").pk


class CarInline(admin.TabularInline):
    """A member's cars."""

    model = Car
    extra = 0


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin):
    """Members of organizations."""

    list_display = ("display_name", "user", "organization", "role", "joined_at", "left_at")
    list_filter = ("organization", "role")
    list_select_related = ("user", "organization")
    search_fields = ("display_name", "user__email")
    autocomplete_fields = ("user", "organization")
    readonly_fields = ("joined_at", "left_at", "suspended_at")
    exclude = ("gender", "same_gender_only")  # stated for matching, and for nothing else
    inlines = (CarInline,)
    actions = ("readmit",)

    @admin.action(description=_("Let suspended members in again"))
    def readmit(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        """End a suspension."""
        for member in queryset:
            services.readmit_member(member=member)


@admin.register(Site)
class SiteAdmin(LeafletGeoAdmin):
    """Sites on the map."""

    list_display = ("name", "organization", "address")
    list_filter = ("organization",)
    search_fields = ("name", "address")


@admin.register(Car)
class CarAdmin(admin.ModelAdmin):
    """Cars."""

    list_display = ("plate", "make", "model", "colour", "seats", "member", "removed_at")
    list_select_related = ("member",)
    search_fields = ("plate", "member__display_name")
    autocomplete_fields = ("member",)


@admin.register(Place)
class PlaceAdmin(admin.ModelAdmin):
    """Saved places. Where somebody lives is their own business: operators see no point."""

    list_display = ("member", "kind")
    list_filter = ("kind",)
    list_select_related = ("member",)
    exclude = ("location", "label")
    autocomplete_fields = ("member",)

    def has_add_permission(self, request: object) -> bool:
        """Members save their own places."""
        return False


class ModerationActInline(admin.TabularInline):
    """Who did what about a report, and when."""

    model = ModerationAct
    extra = 0
    can_delete = False
    readonly_fields = ("step", "moderator", "at")

    def has_add_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        """Steps are taken by the actions of the list."""
        return False


@admin.register(Report)
class ReportAdmin(admin.ModelAdmin):
    """The moderators' queue: what is open comes first to hand; nothing is edited, only decided."""

    list_display = ("created_at", "state", "reason", "subject", "reported", "reporter", "text")
    list_filter = ("state", "reason", "subject", "organization")
    list_select_related = ("reported", "reporter", "organization")
    search_fields = ("reported__display_name", "reporter__display_name", "text")
    date_hierarchy = "created_at"
    inlines = (ModerationActInline,)
    actions = ("dismiss", "warn", "suspend", "hide_message")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Members report."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        """Let the list show its actions; a report itself is only read."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        """Retention deletes, nobody else."""
        return False

    @admin.action(description=_("Dismiss"))
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Leave everything as it is."""
        self._moderate(request, queryset, ModerationStep.DISMISS)

    @admin.action(description=_("Warn the person"))
    def warn(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Write to the person."""
        self._moderate(request, queryset, ModerationStep.WARN)

    @admin.action(description=_("Suspend the person"))
    def suspend(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Shut the person out, and cancel what lies ahead of them."""
        self._moderate(request, queryset, ModerationStep.SUSPEND)

    @admin.action(description=_("Hide the message, or what a rating says"))
    def hide_message(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Take the message out of sight."""
        self._moderate(request, queryset, ModerationStep.HIDE_MESSAGE)

    def _moderate(
        self, request: HttpRequest, queryset: QuerySet[Report], step: ModerationStep
    ) -> None:
        assert isinstance(request.user, User)
        for report in queryset:
            try:
                services.moderate(report_id=report.pk, step=step, by=request.user, now=clock.now())
            except DomainError as error:
                self.message_user(request, f"{report}: {error.detail}", messages.ERROR)
