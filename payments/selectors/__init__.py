"""All reads about money."""

from payments.selectors.audit import BooksError, audit_books, trial_balance
from payments.selectors.balances import balance_of, escrow_of, list_movements
from payments.selectors.mergers import MergerPrice, ProposedMerger, merger_for, price_merger
from payments.selectors.money import RoomMoney, room_money
from payments.selectors.paying import PaymentStanding, Standing, get_payment, standing_of
from payments.selectors.ride_fares import (
    Leaving,
    OwnFare,
    RideMoney,
    SeatPrices,
    SeatTerms,
    get_fare,
    is_prepaid,
    leaving_of,
    own_fare,
    ride_money,
    rules_of_ride,
    seat_prices,
)
from payments.selectors.room_prices import (
    JoinPreview,
    OpeningPreview,
    Prepaid,
    RoomPrice,
    as_stop,
    find_price,
    late_fee,
    prepaid_for,
    preview_joining,
    preview_opening,
    price_room,
)
from payments.selectors.rooms import quote_room, quote_seat, rules_of
from payments.selectors.sponsors import Shortfall, Support, TripKind, support_of
from payments.selectors.tariffs import list_tariffs, tariff_of, why_unpaid
from payments.selectors.ways import BY_SPONSOR, WayToPay, is_play_money, ways_to_pay

__all__ = [
    "BY_SPONSOR",
    "BooksError",
    "JoinPreview",
    "Leaving",
    "MergerPrice",
    "OpeningPreview",
    "OwnFare",
    "PaymentStanding",
    "Prepaid",
    "ProposedMerger",
    "RideMoney",
    "RoomMoney",
    "RoomPrice",
    "SeatPrices",
    "SeatTerms",
    "Shortfall",
    "Standing",
    "Support",
    "TripKind",
    "WayToPay",
    "as_stop",
    "audit_books",
    "balance_of",
    "escrow_of",
    "find_price",
    "get_fare",
    "get_payment",
    "is_play_money",
    "is_prepaid",
    "late_fee",
    "leaving_of",
    "list_movements",
    "list_tariffs",
    "merger_for",
    "own_fare",
    "prepaid_for",
    "preview_joining",
    "preview_opening",
    "price_merger",
    "price_room",
    "quote_room",
    "quote_seat",
    "ride_money",
    "room_money",
    "rules_of",
    "rules_of_ride",
    "seat_prices",
    "standing_of",
    "support_of",
    "tariff_of",
    "trial_balance",
    "ways_to_pay",
    "why_unpaid",
]
