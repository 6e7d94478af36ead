"""The floor: Channels alone. A consumer that joins a group and sends on what it hears; no database.

Served by Daphne beside the product in ``script/bench chat``.
"""

import json
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carpool.settings")

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402


class EchoConsumer(AsyncWebsocketConsumer):
    """``{"room", "join"}`` joins; anything else goes to the room as it is."""

    room = ""

    async def receive(self, text_data: str | None = None, bytes_data: Any = None) -> None:  # noqa: ARG002
        """Join, or hand on."""
        said = json.loads(text_data or "{}")
        if said.get("join"):
            self.room = f"echo.{said['room']}"
            await self.channel_layer.group_add(self.room, self.channel_name)
            await self.send(text_data='{"subscribed":true}')
        else:
            message = {"type": "echo.message", "text": text_data}
            await self.channel_layer.group_send(self.room, message)

    async def echo_message(self, message: dict[str, Any]) -> None:
        """Send on."""
        await self.send(text_data=message["text"])


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/echo/", EchoConsumer.as_asgi())]),
    }
)
