"""What moderators made of messages that the word lists flagged."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.conversations import LONGEST_TEXT, Message


class ReviewStep(models.TextChoices):
    """What a moderator does about a message."""

    KEEP = "keep", _("Leave it")
    REMOVE = "remove", _("Take out of sight")
    WARN = "warn", _("Take out of sight and warn the person")


class MessageReview(models.Model):
    """One decision about a flagged message: the audit trail, written once."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reviews")
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("moderator"),
    )
    step = models.CharField(_("step"), max_length=6, choices=ReviewStep.choices)
    excerpt = models.CharField(
        _("excerpt"), max_length=LONGEST_TEXT, blank=True, help_text=_("The message as it was")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("moderation step")
        verbose_name_plural = _("moderation steps")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return str(self.get_step_display())
