"""Wiring of the app: which facts people hear of."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "chat"

    def ready(self) -> None:
        """Subscribe to what open pages show."""
        from django.contrib.auth.signals import user_logged_out

        from accounts.events import CompanyChanged, MemberWithdrawn, MessageHidden
        from carpool.kernel import outbox, personal_data
        from chat import handlers
        from chat.selectors.personal import export_chat
        from chat.services.forgetting import erase_chat
        from rides import events as rides

        outbox.subscribe(rides.RideStateChanged, handlers.on_ride_changed)
        outbox.subscribe(rides.StopVisited, handlers.on_ride_changed)
        outbox.subscribe(rides.BookingStateChanged, handlers.on_booking_changed)
        outbox.subscribe(rides.RideStateChanged, handlers.on_travellers_changed)
        outbox.subscribe(rides.BookingStateChanged, handlers.on_travellers_changed)
        outbox.subscribe(rides.RequestStateChanged, handlers.on_request_changed)
        outbox.subscribe(rides.RequestMatched, handlers.on_request_changed)
        outbox.subscribe(rides.ProposalChanged, handlers.on_proposal_changed)

        outbox.subscribe(MessageHidden, handlers.on_message_hidden)
        outbox.subscribe(CompanyChanged, handlers.on_company_changed)
        outbox.subscribe(MemberWithdrawn, handlers.on_member_withdrawn)
        personal_data.register(personal_data.Holder("chat", export_chat, erase_chat))

        outbox.subscribe(rides.BookingStateChanged, handlers.notify_of_booking)
        outbox.subscribe(rides.RideStateChanged, handlers.notify_of_ride)
        outbox.subscribe(rides.StopVisited, handlers.notify_of_stop)
        outbox.subscribe(rides.RequestMatched, handlers.notify_of_match)
        outbox.subscribe(rides.RequestStateChanged, handlers.notify_of_request)
        outbox.subscribe(rides.ProposalChanged, handlers.notify_of_proposal)
        user_logged_out.connect(handlers.on_signed_out, dispatch_uid="chat.devices")
