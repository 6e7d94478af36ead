"""Where Daphne comes in: HTTP goes to Django, WebSockets to the consumers.

Channels routes ASGI applications by Django's ``re_path``, whose types know views only.
"""

import os

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carpool.settings")
django.setup(set_prefix=False)

from accounts.middleware import TokenDoor  # noqa: E402 (needs the apps to be loaded)
from carpool.bodies import hand_on_unread  # noqa: E402
from carpool.closing import close_with_reasons  # noqa: E402
from carpool.kernel.tenancy import Walled  # noqa: E402
from carpool.memory import settle  # noqa: E402
from carpool.threads import ThreadedHandler  # noqa: E402
from chat.routing import (  # noqa: E402
    http_urlpatterns,
    websocket_urlpatterns,
)
from matching.selectors import fill_supplies_aside  # noqa: E402

polls, sockets = URLRouter(http_urlpatterns), URLRouter(websocket_urlpatterns)
application = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                # Polls wait; here they wait without a thread each.
                re_path(
                    "^(?=live/)",
                    Walled(TokenDoor(polls, by_cookie=AuthMiddlewareStack(polls))),  # type: ignore[arg-type]
                ),
                re_path("", ThreadedHandler()),  # type: ignore[arg-type]
            ]
        ),
        "websocket": Walled(
            TokenDoor(sockets, by_cookie=AllowedHostsOriginValidator(AuthMiddlewareStack(sockets)))
        ),
    }
)

hand_on_unread()
close_with_reasons()
fill_supplies_aside()
settle()
