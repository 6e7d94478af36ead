"""Wiring of the app: which facts people hear of."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    """See the package's docstring for what it owns."""

    name = "chat"
    verbose_name = _("Messages")

    def ready(self) -> None:
        """Subscribe to what open pages show."""
        from django.contrib.auth.signals import user_logged_out

        from accounts.events import CompanyChanged, MemberWithdrawn, MessageHidden
        from carpool.kernel import outbox, personal_data
        from chat import handlers
        from chat.selectors.personal import export_chat
        from chat.services.forgetting import erase_chat
        from chat.services.uniting import unite_chat
        from rides import events as rides

        outbox.subscribe(rides.RideStateChanged, handlers.on_ride_changed)
        outbox.subscribe(rides.StopVisited, handlers.on_ride_changed)
        outbox.subscribe(rides.BookingStateChanged, handlers.on_booking_changed)
        outbox.subscribe(rides.RiderBoarded, handlers.on_rider_moved)
        outbox.subscribe(rides.RiderAlighted, handlers.on_rider_moved)
        outbox.subscribe(rides.RideStateChanged, handlers.on_travellers_changed)
        outbox.subscribe(rides.BookingStateChanged, handlers.on_travellers_changed)
        outbox.subscribe(rides.SeatStateChanged, handlers.on_party_changed)
        outbox.subscribe(rides.RoomStateChanged, handlers.on_party_changed)
        outbox.subscribe(rides.RoomHostChanged, handlers.on_party_changed)
        outbox.subscribe(rides.RequestStateChanged, handlers.on_request_changed)
        outbox.subscribe(rides.RequestMatched, handlers.on_request_changed)
        outbox.subscribe(rides.ProposalChanged, handlers.on_proposal_changed)
        outbox.subscribe(rides.RoomStateChanged, handlers.on_room_changed)
        outbox.subscribe(rides.SeatStateChanged, handlers.on_seat_changed)
        outbox.subscribe(rides.RoomHostChanged, handlers.on_host_changed)
        outbox.subscribe(rides.RoomHostAsked, handlers.on_host_changed)
        outbox.subscribe(rides.RoomMoneyChanged, handlers.on_room_money_changed)
        outbox.subscribe(rides.MergerChanged, handlers.on_merger_changed)
        outbox.subscribe(rides.RideMoneyChanged, handlers.on_ride_money_changed)

        outbox.subscribe(MessageHidden, handlers.on_message_hidden)
        outbox.subscribe(CompanyChanged, handlers.on_company_changed)
        outbox.subscribe(MemberWithdrawn, handlers.on_member_withdrawn)
        holder = personal_data.Holder("chat", export_chat, erase_chat, unite_chat)
        personal_data.register(holder)

        self._notify()
        user_logged_out.connect(handlers.on_signed_out, dispatch_uid="chat.devices")

    def _notify(self) -> None:
        """Subscribe to what members are told of, wherever they are."""
        from accounts.events import BudgetNearlyUsed
        from carpool.kernel import outbox
        from chat import handlers
        from rides import events as rides

        outbox.subscribe(rides.BookingStateChanged, handlers.notify_of_booking)
        outbox.subscribe(rides.ReviewOpened, handlers.notify_of_review)
        outbox.subscribe(rides.RideStateChanged, handlers.notify_of_ride)
        outbox.subscribe(rides.StopVisited, handlers.notify_of_stop)
        outbox.subscribe(rides.RecurringDaysSkipped, handlers.notify_of_days)
        outbox.subscribe(rides.RequestMatched, handlers.notify_of_match)
        outbox.subscribe(rides.RequestStateChanged, handlers.notify_of_request)
        outbox.subscribe(rides.RequestOfferChanged, handlers.notify_of_request_offer)
        outbox.subscribe(rides.ProposalChanged, handlers.notify_of_proposal)
        outbox.subscribe(rides.SeatStateChanged, handlers.notify_of_seat)
        outbox.subscribe(rides.RoomStateChanged, handlers.notify_of_room)
        outbox.subscribe(rides.RoomHostAsked, handlers.notify_of_next_host)
        outbox.subscribe(rides.RoomMoneyChanged, handlers.notify_of_money)
        outbox.subscribe(rides.MergerChanged, handlers.notify_of_merger)
        outbox.subscribe(rides.RideMoneyChanged, handlers.notify_of_price)
        for event, handler in (
            (rides.RideAltered, handlers.on_ride_altered),
            (rides.RideAltered, handlers.notify_of_change),
            (rides.ChangeQuestionMoved, handlers.on_ride_altered),
            (rides.ChangeQuestionMoved, handlers.notify_of_question),
            (rides.DeedObjectionDecided, handlers.notify_of_objection),
            (rides.TripJudged, handlers.on_trip_judged),
            (rides.TripJudged, handlers.notify_of_verdict),
        ):
            outbox.subscribe(event, handler)
        outbox.subscribe(BudgetNearlyUsed, handlers.notify_of_budget)
