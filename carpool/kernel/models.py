"""Tables of the kernel: the outbox, its deliveries, and the answers kept for repeated requests."""

from django.conf import settings
from django.db import models


class OutboxEvent(models.Model):
    """A published fact that waits for its subscribers; also the log of what happened."""

    name = models.CharField(max_length=100)
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
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

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=200)
    delivered_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "outbox deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="one_delivery_per_handler"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} ← {self.event_id}"


class IdempotentRequest(models.Model):
    """A POST that was answered, kept so that sending it again changes nothing twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_idempotency_key"),
        ]

    def __str__(self) -> str:
        return self.key
