"""Where an organization's people prove who they are: its own OpenID Connect issuer."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.organizations import Organization


class IdentityIssuer(models.Model):
    """An organization's identity provider, set up by its manager.

    ``key`` names it in addresses and in linked accounts, so it never changes; linked accounts go
    when the issuer's address changes, because the same subject may be somebody else there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, related_name="identity_issuer"
    )
    key = models.SlugField(unique=True, editable=False)
    address = models.CharField(_("issuer"), max_length=255)
    authorization_endpoint = models.CharField(max_length=500, editable=False)
    client_id = models.CharField(_("client ID"), max_length=191)
    sealed_secret = models.TextField(editable=False)
    domains = ArrayField(
        models.CharField(max_length=253),
        verbose_name=_("allowed e-mail domains"),
        default=list,
        blank=True,
    )
    is_on = models.BooleanField(_("people may sign in with it"), default=True)
    is_listed = models.BooleanField(_("shown on the sign-in page"), default=True)
    checked_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("identity issuer")
        verbose_name_plural = _("identity issuers")

    def __str__(self) -> str:
        return self.address

    @property
    def origin(self) -> str:
        """Where the browser is sent to: scheme, host and port."""
        parts = urlsplit(self.authorization_endpoint)
        return f"{parts.scheme}://{parts.netloc}"
