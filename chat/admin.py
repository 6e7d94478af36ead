"""Messages that a person should look at: only those, never the rest of what people say."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from carpool.kernel import clock
from carpool.kernel.errors import DomainError
from chat.models import Message, MessageReview, ReviewStep
from chat.services import review_message


class MessageReviewInline(admin.TabularInline):
    """Who decided what, and when."""

    model = MessageReview
    extra = 0
    can_delete = False
    readonly_fields = ("step", "moderator", "excerpt", "at")

    def has_add_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """Steps are taken by the actions of the list."""
        return False


class WaitingFilter(admin.SimpleListFilter):
    """What still waits for a decision comes first to hand."""

    title = _("decision")
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        """Offer what else there is to see."""
        return [("made", _("Decided")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Say that without a choice it is what waits."""
        first, *others = super().choices(changelist)
        yield from [{**first, "display": _("Waiting")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        """Show what waits unless asked otherwise."""
        if self.value() == "all":
            return queryset
        if self.value() == "made":
            return queryset.exclude(reviewed_at=None)
        return queryset.filter(reviewed_at=None, removed_at=None)


@admin.register(Message)
class FlaggedMessageAdmin(admin.ModelAdmin):
    """The moderators' queue of flagged messages; nobody edits what somebody said."""

    list_display = ("created_at", "flagged_for", "text", "language", "reviewed_at", "removed_at")
    list_filter = (WaitingFilter, "flagged_for", "language")
    ordering = ("-created_at",)
    fields = ("created_at", "flagged_for", "text", "language", "reviewed_at", "removed_at")
    readonly_fields: ClassVar[tuple[str, ...]] = fields
    inlines = (MessageReviewInline,)
    actions = ("keep", "remove", "warn")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """List flagged messages only."""
        return super().get_queryset(request).exclude(flagged_for="")

    @admin.action(description=_("Leave it"))
    def keep(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Find nothing wrong with the chosen messages."""
        self._review(request, queryset, ReviewStep.KEEP)

    @admin.action(description=_("Take out of sight"))
    def remove(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Remove the chosen messages; that something stood there remains."""
        self._review(request, queryset, ReviewStep.REMOVE)

    @admin.action(description=_("Take out of sight and warn the person"))
    def warn(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Remove the chosen messages and write to who wrote them."""
        self._review(request, queryset, ReviewStep.WARN)

    def _review(self, request: HttpRequest, chosen: QuerySet[Message], step: ReviewStep) -> None:
        assert isinstance(request.user, User)
        for message in chosen:
            try:
                review_message(message_id=message.pk, step=step, by=request.user, now=clock.now())
            except DomainError as error:
                self.message_user(request, f"{message}: {error.detail}", messages.ERROR)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Members say things, nobody else."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """Let the list show its actions; a message itself is only read."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """Its number stays, so that nothing is missing between two others."""
        return False
