"""Redis, and what runs beside the web: Celery's queues and its clock."""

from urllib.parse import urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from carpool.settings.environment import env

REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "carpool.kernel.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "carpool",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "carpool-live"},
    }
}


def _broker(url: str) -> str:
    """Spell a Redis address as Celery's transport wants it; a socket has a scheme of its own."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host=0"
    if parts.scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured(f"REDIS_URL: unknown scheme {parts.scheme!r}")
    return url


CELERY_BROKER_URL = _broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "carpool-celery:",
    "socket_connect_timeout": 2,
    "visibility_timeout": 600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "kernel.relay_outbox": {"queue": "outbox"},
    # What computes for minutes has workers of its own, so that no search waits for it.
    "matching.begin_run": {"queue": "batch"},
    "matching.solve_part": {"queue": "batch"},
    "matching.run_study": {"queue": "batch"},
    "matching.*": {"queue": "matching"},
    # A mail server that thinks for a minute holds up nothing but mails.
    "chat.send_deliveries": {"queue": "deliveries"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
# Messages that nobody fetched in time are dropped: the next sweep finds the same rows.
CELERY_BEAT_SCHEDULE = {
    "relay-outbox": {
        "task": "kernel.relay_outbox",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "heartbeat": {"task": "kernel.heartbeat", "schedule": 10.0, "options": {"expires": 10}},
    "watch-rides": {"task": "rides.watch_rides", "schedule": 15.0, "options": {"expires": 15}},
    "generate-recurring-rides": {
        "task": "rides.generate_recurring",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "pay-out": {"task": "payments.pay_out", "schedule": 3600.0, "options": {"expires": 600}},
    "reconcile-payments": {
        "task": "payments.reconcile",
        "schedule": crontab(hour=3, minute=17),
        "options": {"expires": 3600},
    },
    "sweep-payments": {"task": "payments.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "watch-proposals": {
        "task": "matching.watch_proposals",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "look-again": {
        "task": "matching.look_again",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "find-mergers": {
        "task": "matching.find_mergers",
        "schedule": 120.0,
        "options": {"expires": 120},
    },
    "watch-studies": {
        "task": "matching.watch_studies",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "send-deliveries": {
        "task": "chat.send_deliveries",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "tell-of-messages": {
        "task": "chat.tell_of_messages",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "flag-messages": {
        "task": "chat.flag_messages",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "forget-live": {
        "task": "chat.forget_live",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget-notifications": {
        "task": "chat.forget_notifications",
        "schedule": 86400.0,
        "options": {"expires": 3600},
    },
    "forget": {"task": "kernel.forget", "schedule": 3600.0, "options": {"expires": 3600}},
    "keep-terms-of-people": {
        "task": "accounts.keep_terms",
        "schedule": 900.0,
        "options": {"expires": 900},
    },
    "verify-trips": {
        "task": "tracking.verify_due",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "make-partitions": {
        "task": "tracking.make_partitions",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "keep-terms-of-positions": {
        "task": "tracking.keep_terms",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "keep-terms-of-rides": {
        "task": "rides.keep_terms",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
