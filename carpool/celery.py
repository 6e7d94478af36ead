"""The Celery application, and the signs of life of its processes."""

import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carpool.settings")

app = Celery("carpool")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.heartbeat_sent.connect
def worker_is_alive(sender: Any, **kwargs: Any) -> None:
    """Say which worker lives: its node name begins with its part, as in ``relay@host``."""
    from carpool.kernel import health

    part = str(sender.eventer.hostname).split("@")[0]
    health.mark_alive(part, ttl_s=health.WORKER_TTL_S)


@signals.beat_init.connect
@signals.after_task_publish.connect(sender="kernel.heartbeat")
def beat_is_alive(**kwargs: Any) -> None:
    """Beat has started, or has sent the task that only beat sends."""
    from carpool.kernel import health

    health.mark_alive("beat", ttl_s=health.BEAT_TTL_S)
