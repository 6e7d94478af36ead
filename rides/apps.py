"""Wiring of the app."""

from django.apps import AppConfig


class RidesConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "rides"

    def ready(self) -> None:
        """Subscribe to members who withdraw or are withdrawn."""
        from accounts.events import MemberWithdrawn
        from carpool.kernel import outbox
        from rides import handlers

        outbox.subscribe(MemberWithdrawn, handlers.on_member_withdrawn)
