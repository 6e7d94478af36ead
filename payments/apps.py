"""Wiring of the app: which facts move money, and what is held about people."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Subscribe to seats, hosts and what providers say; say what is held about people."""
        from carpool.kernel import outbox, personal_data
        from payments import handlers
        from payments.events import FeeLifted, PaymentCaptured, PaymentFailed, TopUpEnded
        from payments.selectors.personal import export_payments
        from payments.services.forgetting import erase_payments
        from payments.services.ride_fares import RideCashier
        from payments.services.uniting import unite_payments
        from rides.events import (
            BookingDisputed,
            BookingStateChanged,
            MergerChanged,
            ProofWithdrawn,
            RoomHostChanged,
            RoomStateChanged,
            SeatStateChanged,
            TripCounted,
        )
        from rides.services import register_cashier

        register_cashier(RideCashier())

        holder = personal_data.Holder("payments", export_payments, erase_payments, unite_payments)
        personal_data.register(holder)
        outbox.subscribe(PaymentCaptured, handlers.on_payment_captured)
        outbox.subscribe(PaymentFailed, handlers.on_payment_failed)
        outbox.subscribe(SeatStateChanged, handlers.on_seat_changed)
        outbox.subscribe(BookingStateChanged, handlers.on_booking_changed)
        outbox.subscribe(BookingDisputed, handlers.on_booking_disputed)
        outbox.subscribe(RoomHostChanged, handlers.on_host_changed)
        outbox.subscribe(RoomStateChanged, handlers.on_room_changed)
        outbox.subscribe(TopUpEnded, handlers.on_top_up_ended)
        outbox.subscribe(FeeLifted, handlers.on_fee_lifted)
        outbox.subscribe(MergerChanged, handlers.on_merger_changed)
        outbox.subscribe(TripCounted, handlers.on_trip_counted)
        outbox.subscribe(BookingStateChanged, handlers.reward_settled_trip)
        outbox.subscribe(ProofWithdrawn, handlers.on_proof_withdrawn)
