"""Messages that a person should look at: only those, never the rest of what people say."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from carpool.kernel import clock
from chat.models import Message
from chat.services import remove_message


@admin.register(Message)
class FlaggedMessageAdmin(admin.ModelAdmin):
    """Flagged messages, to be taken out of sight or left; nobody edits what somebody said."""

    list_display = ("created_at", "flagged_for", "text", "language", "removed_at")
    list_filter = ("flagged_for", ("removed_at", admin.EmptyFieldListFilter))
    ordering = ("-created_at",)
    fields = ("created_at", "flagged_for", "text", "language", "removed_at")
    actions = ("remove",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """List flagged messages only."""
        return super().get_queryset(request).exclude(flagged_for="")

    @admin.action(description=_("Take out of sight"))
    def remove(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Remove the chosen messages; that something stood there remains."""
        for message in queryset:
            remove_message(message_id=message.pk, now=clock.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """Refuse."""
        return False
