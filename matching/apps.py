"""Wiring of the app: which facts make matching look again."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "matching"

    def ready(self) -> None:
        """Subscribe to new rides and new requests."""
        from carpool.kernel import outbox
        from matching import handlers
        from rides.events import RequestPosted, RideOffered

        outbox.subscribe(RideOffered, handlers.on_ride_offered)
        outbox.subscribe(RequestPosted, handlers.on_request_posted)
