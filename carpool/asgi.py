"""Where Daphne comes in: HTTP goes to Django, WebSockets to the consumers."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carpool.settings")
django_application = get_asgi_application()

from chat.routing import (  # noqa: E402 (needs the apps to be loaded)
    http_urlpatterns,
    websocket_urlpatterns,
)
from matching.selectors import fill_supplies_aside  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                # Polls wait; here they wait without a thread each.
                re_path("^(?=live/)", AuthMiddlewareStack(URLRouter(http_urlpatterns))),
                re_path("", django_application),
            ]
        ),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)

fill_supplies_aside()
