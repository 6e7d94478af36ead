"""Wiring of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackingConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "tracking"
    verbose_name = _("Positions")

    def ready(self) -> None:
        """Subscribe to rides that end; say what is held about people."""
        from carpool.kernel import frames, outbox, personal_data
        from rides.events import BookingDisputed, ProofWithdrawn, RideStateChanged, TripProven
        from tracking import handlers
        from tracking.consumers import hear_positions
        from tracking.selectors.personal import export_positions
        from tracking.services.forgetting import erase_positions
        from tracking.services.uniting import unite_positions

        holder = personal_data.Holder(
            "tracking", export_positions, erase_positions, unite_positions
        )
        personal_data.register(holder)
        frames.listen("positions", hear_positions)
        outbox.subscribe(RideStateChanged, handlers.on_ride_changed)
        outbox.subscribe(BookingDisputed, handlers.on_disputed)
        outbox.subscribe(TripProven, handlers.on_trip_proven)
        outbox.subscribe(ProofWithdrawn, handlers.on_proof_withdrawn)
