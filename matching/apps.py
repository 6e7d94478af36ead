"""Wiring of the app: which facts make matching look again."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "matching"

    def ready(self) -> None:
        """Subscribe to what makes a ride fit, or no longer fit, and to new requests."""
        from accounts.events import CompanyChanged
        from carpool.kernel import outbox
        from matching import handlers
        from matching.events import PartReady, RunQueued, StudyQueued
        from rides.events import (
            BookingStateChanged,
            RequestPosted,
            RideOffered,
            RideStateChanged,
        )

        for event in (RideOffered, RideStateChanged, BookingStateChanged):
            outbox.subscribe(event, handlers.on_ride_changed)
        outbox.subscribe(RequestPosted, handlers.on_request_posted)
        outbox.subscribe(CompanyChanged, handlers.on_company_changed)
        outbox.subscribe(StudyQueued, handlers.on_study_queued)
        outbox.subscribe(RunQueued, handlers.on_run_queued)
        outbox.subscribe(PartReady, handlers.on_part_ready)
