"""Addresses of the sockets, and of the poll that stands in for them."""

from django.urls import path

from chat.consumers import LiveConsumer, PollConsumer

websocket_urlpatterns = [path("ws/live/", LiveConsumer.as_asgi())]
http_urlpatterns = [path("live/poll/", PollConsumer.as_asgi())]
