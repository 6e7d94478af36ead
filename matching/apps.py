"""Wiring of the app: which facts make matching look again."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MatchingConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "matching"
    verbose_name = _("Matching")

    def ready(self) -> None:
        """Subscribe to what makes a ride fit, or no longer fit, and to new requests."""
        from accounts.events import CompanyChanged, MemberWithdrawn
        from carpool.kernel import outbox, personal_data
        from matching import handlers
        from matching.events import PartReady, RunQueued, StudyQueued
        from matching.selectors.personal import export_matching
        from matching.services.forgetting import erase_matching
        from matching.services.uniting import unite_matching
        from rides.events import (
            BookingStateChanged,
            RequestPosted,
            RideAltered,
            RideOffered,
            RideStateChanged,
        )

        holder = personal_data.Holder("matching", export_matching, erase_matching, unite_matching)
        personal_data.register(holder)
        for event in (RideOffered, RideAltered, RideStateChanged, BookingStateChanged):
            outbox.subscribe(event, handlers.on_ride_changed)
        outbox.subscribe(BookingStateChanged, handlers.on_booking_changed)
        outbox.subscribe(RequestPosted, handlers.on_request_posted)
        outbox.subscribe(CompanyChanged, handlers.on_company_changed)
        outbox.subscribe(MemberWithdrawn, handlers.on_member_withdrawn)
        outbox.subscribe(StudyQueued, handlers.on_study_queued)
        outbox.subscribe(RunQueued, handlers.on_run_queued)
        outbox.subscribe(PartReady, handlers.on_part_ready)
