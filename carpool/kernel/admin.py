"""The outbox in the admin: what waits, what failed, and why."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from carpool.kernel import clock
from carpool.kernel.models import IdempotentRequest, OutboxDelivery, OutboxEvent


class DeliveryInline(admin.TabularInline):
    """Who was served."""

    model = OutboxDelivery
    extra = 0
    can_delete = False
    readonly_fields = ("handler", "delivered_at")


@admin.register(OutboxEvent)
class OutboxEventAdmin(admin.ModelAdmin):
    """Events are facts: readable, never editable; a failed one can be tried again at once."""

    list_display = ("id", "name", "occurred_at", "attempts", "delivered_at", "last_error")
    list_filter = ("name", ("delivered_at", admin.EmptyFieldListFilter))
    readonly_fields = tuple(field.name for field in OutboxEvent._meta.fields)
    inlines = (DeliveryInline,)
    actions = ("retry_now",)

    @admin.action(description=_("Try again now"))
    def retry_now(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> None:
        """Make undelivered events due."""
        queryset.filter(delivered_at=None).update(next_attempt_at=clock.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Events are published by services only."""
        return False


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(admin.ModelAdmin):
    """Answers kept for repeated requests; what was answered is between the API and its user."""

    list_display = ("key", "user", "status", "created_at")
    list_select_related = ("user",)
    exclude = ("body",)
    readonly_fields = ("key", "user", "fingerprint", "status", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Answers come from the API only."""
        return False
