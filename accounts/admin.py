"""People in the admin, with maps."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.utils.translation import gettext_lazy as _
from leaflet.admin import LeafletGeoAdmin, LeafletGeoAdminMixin

from accounts.models import Car, EmailDomain, Member, Organization, Place, Site, User


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

    list_display = ("name", "time_zone", "currency", "language")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    inlines = (EmailDomainInline, SiteInline)


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
    readonly_fields = ("joined_at",)
    inlines = (CarInline,)


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
