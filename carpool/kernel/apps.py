"""Wiring of the kernel."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class KernelConfig(AppConfig):
    """The kernel as a Django app: it owns the outbox tables."""

    name = "carpool.kernel"
    label = "kernel"
    verbose_name = _("Engine room")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of what every app needs."""
        from carpool.kernel import health, tenancy, timekeeping

        health.register("database", health.check_database)
        health.register("redis", health.check_redis)
        health.register("worker", health.check_worker)
        health.register("beat", health.check_beat)
        health.register("clock", timekeeping.check_clock)
        health.register("job_clocks", timekeeping.check_job_clocks)
        post_migrate.connect(tenancy.grant, sender=self)
