"""All writes about rides. Each takes ``now`` and who acts, and publishes what happened."""

from rides.services.bookings import (
    BookingTerms,
    PlannedInsertion,
    book_ride,
    cancel_booking,
    check_may_book,
    confirm_booking,
    decline_booking,
)
from rides.services.calling_off import cancel_ride, replace_ride
from rides.services.cashier import PayBy, collect_price, register_cashier
from rides.services.change_answers import answer_change
from rides.services.changes import Change, change_ride
from rides.services.held import decide_booking, lock_booking, take_booking
from rides.services.instant import InstantTerms, join_instant, open_instant
from rides.services.kerb import alight, let_in
from rides.services.lateness import (
    CODES_OF_DRIVERS,
    CODES_OF_RIDERS,
    Lateness,
    check_code,
    look_at_lateness,
)
from rides.services.mergers import (
    agree_to_merger,
    expire_mergers,
    find_merger,
    lapse_merger,
    lapse_mergers_of,
    lock_merger,
    merge_rooms,
    plan_merger,
    propose_merger,
    refuse_merger,
    seats_of,
)
from rides.services.objections import decide_objection, lift_deed, object_to_deed
from rides.services.offers import (
    OfferTerms,
    TripEnd,
    offer_ride,
    touch_rides,
)
from rides.services.progress import finish_ride, start_ride, visit_stop
from rides.services.proof import state_proof, withdraw_proof
from rides.services.recurring import (
    RecurringTerms,
    change_recurring_ride,
    end_recurring_ride,
    leave_out_days,
    offer_recurring_ride,
    take_back_day,
)
from rides.services.recurring_days import generate_due
from rides.services.request_offers import offer_to_request, withdraw_request_offer
from rides.services.requests import RequestTerms, close_request, post_request
from rides.services.reviews import (
    Stars,
    announce_review,
    look_at_review,
    report_review,
    write_review,
)
from rides.services.room_progress import (
    arrive,
    ask_to_host,
    board,
    call_taxi,
    cancel_room,
    check_in,
    depart,
    excuse_seat,
    lock_room,
    look_at_room,
    mark_absent,
    settle_room,
    take_over,
)
from rides.services.room_routes import Part, RoomRoute, check_belongs_together, plan_room
from rides.services.rooms import (
    RoomTerms,
    hold_seat,
    leave_room,
    lock_seat,
    open_room,
    queue_for_seat,
    release_seat,
    take_seat,
)
from rides.services.shares import follow_ride, share_ride, stop_sharing
from rides.services.validation import answer_validation, mark_missing
from rides.services.watcher import watch
from rides.services.withdrawal import withdraw_member

__all__ = [
    "CODES_OF_DRIVERS",
    "CODES_OF_RIDERS",
    "BookingTerms",
    "Change",
    "InstantTerms",
    "Lateness",
    "OfferTerms",
    "Part",
    "PayBy",
    "PlannedInsertion",
    "RecurringTerms",
    "RequestTerms",
    "RoomRoute",
    "RoomTerms",
    "Stars",
    "TripEnd",
    "agree_to_merger",
    "alight",
    "announce_review",
    "answer_change",
    "answer_validation",
    "arrive",
    "ask_to_host",
    "board",
    "book_ride",
    "call_taxi",
    "cancel_booking",
    "cancel_ride",
    "cancel_room",
    "change_recurring_ride",
    "change_ride",
    "check_belongs_together",
    "check_code",
    "check_in",
    "check_may_book",
    "close_request",
    "collect_price",
    "confirm_booking",
    "decide_booking",
    "decide_objection",
    "decline_booking",
    "depart",
    "end_recurring_ride",
    "excuse_seat",
    "expire_mergers",
    "find_merger",
    "finish_ride",
    "follow_ride",
    "generate_due",
    "hold_seat",
    "join_instant",
    "lapse_merger",
    "lapse_mergers_of",
    "leave_out_days",
    "leave_room",
    "let_in",
    "lift_deed",
    "lock_booking",
    "lock_merger",
    "lock_room",
    "lock_seat",
    "look_at_lateness",
    "look_at_review",
    "look_at_room",
    "mark_absent",
    "mark_missing",
    "merge_rooms",
    "object_to_deed",
    "offer_recurring_ride",
    "offer_ride",
    "offer_to_request",
    "open_instant",
    "open_room",
    "plan_merger",
    "plan_room",
    "post_request",
    "propose_merger",
    "queue_for_seat",
    "refuse_merger",
    "register_cashier",
    "release_seat",
    "replace_ride",
    "report_review",
    "seats_of",
    "settle_room",
    "share_ride",
    "start_ride",
    "state_proof",
    "stop_sharing",
    "take_back_day",
    "take_booking",
    "take_over",
    "take_seat",
    "touch_rides",
    "visit_stop",
    "watch",
    "withdraw_member",
    "withdraw_proof",
    "withdraw_request_offer",
    "write_review",
]
