"""Serve each request in one thread, from its first middleware to its view.

All our views and middlewares are plain functions. Django's own ASGI handler would nevertheless go
back to the event loop between the two, and into a thread again: two changes of thread in every
request, which under load wait for each other.
"""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ThreadedHandler(ASGIHandler):
    """Django's ASGI handler around the chain that it builds for WSGI."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the request's own thread."""
        return await sync_to_async(self.get_response)(request)
