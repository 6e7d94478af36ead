"""Wiring of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackingConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "tracking"
    verbose_name = _("Positions")
