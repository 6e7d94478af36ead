"""Wiring of maps."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MapsConfig(AppConfig):
    """Maps as a Django app."""

    name = "maps"
    verbose_name = _("Maps")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the map in the health report."""
        from carpool.kernel import health
        from maps.selectors import map_health

        health.register("map", map_health)
