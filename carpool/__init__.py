"""The composition root: settings, urls, asgi, celery.

Owns how the apps are put together; refuses domain rules. Nobody imports it, except
``carpool.kernel``, which everybody may.
"""

from carpool.celery import app as celery_app

__all__ = ["celery_app"]
