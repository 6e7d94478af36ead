"""Wiring of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RidesConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "rides"
    verbose_name = _("Rides")

    def ready(self) -> None:
        """Subscribe to what members and moderators do."""
        from accounts.events import MemberWithdrawn, PoliciesChanged, ReviewHidden
        from carpool.kernel import outbox, personal_data
        from rides import handlers
        from rides.selectors.personal import export_rides
        from rides.services.forgetting import erase_rides
        from rides.services.uniting import unite_rides

        holder = personal_data.Holder("rides", export_rides, erase_rides, unite_rides)
        personal_data.register(holder)
        outbox.subscribe(MemberWithdrawn, handlers.on_member_withdrawn)
        outbox.subscribe(PoliciesChanged, handlers.on_policies_changed)
        outbox.subscribe(ReviewHidden, handlers.on_review_hidden)
