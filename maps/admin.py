"""Maps in the admin: regions with their outline, what can be found, what is drawn."""

from __future__ import annotations

from functools import partial

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from leaflet.admin import LeafletGeoAdmin

from maps.models import Address, MapFeature, Region
from maps.tasks import import_map


@admin.register(Region)
class RegionAdmin(LeafletGeoAdmin):
    """Adding a region hands its import to a worker; the list shows how far it is."""

    list_display = ("name", "slug", "status", "progress", "network_version", "imported_at", "error")
    list_filter = ("status",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("network_version", "status", "progress", "error", "imported_at")
    modifiable = False
    actions = ("import_again",)

    def get_fields(self, request: HttpRequest, obj: Region | None = None) -> list[str]:
        """Ask for a name and a source first; show the rest once there is something to show."""
        first = ["name", "slug", "source", "attribution"]
        return first if obj is None else [*first, *self.readonly_fields, "boundary", "centre"]

    def save_model(
        self, request: HttpRequest, obj: Region, form: ModelForm[Region], change: bool
    ) -> None:
        """Start the import of a new region once it is saved."""
        super().save_model(request, obj, form, change)
        if not change:
            self._hand_over(obj)

    @admin.action(description=_("Import again"))
    def import_again(self, request: HttpRequest, queryset: QuerySet[Region]) -> None:
        """Renew the regions chosen; each stays in use meanwhile."""
        for region in queryset:
            self._hand_over(region)
        self.message_user(request, _("The import has begun."), messages.SUCCESS)

    def _hand_over(self, region: Region) -> None:
        transaction.on_commit(partial(import_map.delay, region.source, region.name, region.slug))


class ReadOnlyGeoAdmin(LeafletGeoAdmin):
    """Rows that only an import makes."""

    modifiable = False
    list_select_related = ("region",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from imports only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Look, do not touch: the next import would undo it."""
        return False


@admin.register(Address)
class AddressAdmin(ReadOnlyGeoAdmin):
    """What people can search for."""

    list_display = ("label", "context", "kind", "region")
    list_filter = ("kind", "region")
    search_fields = ("label",)


@admin.register(MapFeature)
class MapFeatureAdmin(ReadOnlyGeoAdmin):
    """What the basemap shows."""

    list_display = ("__str__", "layer", "kind", "min_zoom", "region")
    list_filter = ("layer", "kind", "region")
    search_fields = ("name",)
