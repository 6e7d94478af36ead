"""Tables of the kernel: the outbox, its deliveries, and the answers kept for repeated requests."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxEvent(models.Model):
    """A published fact that waits for its subscribers; also the log of what happened."""

    name = models.CharField(_("name"), max_length=100)
    payload = models.JSONField(_("content"))
    occurred_at = models.DateTimeField(_("occurred at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="outbox_undelivered",
                condition=models.Q(delivered_at=None),
            ),
            models.Index(fields=["delivered_at"], name="outbox_delivered_at"),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class OutboxDelivery(models.Model):
    """That one handler has dealt with one event; the unique key makes handling idempotent."""

    event = models.ForeignKey(
        OutboxEvent, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("event")
    )
    handler = models.CharField(_("handler"), max_length=200)
    delivered_at = models.DateTimeField(_("delivered at"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="one_delivery_per_handler"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} ← {self.event_id}"


class IdempotentRequest(models.Model):
    """A POST that was answered, kept so that sending it again changes nothing twice."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, verbose_name=_("user")
    )
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, help_text=_("SHA-256 of method, path and body")
    )
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(_("created at"), db_index=True)

    class Meta:
        verbose_name = _("repeatable request")
        verbose_name_plural = _("repeatable requests")
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_idempotency_key"),
        ]

    def __str__(self) -> str:
        return self.key
