"""All writes about money. One call to the ledger in a transaction, after every other lock."""

from payments.services.arrivals import payment_arrived, payment_failed
from payments.services.chargebacks import charge_back, return_chargeback
from payments.services.deposits import enter_deposit, post_deposit, refuse_deposit
from payments.services.disputes import decide_by_silence, decide_dispute, open_dispute
from payments.services.fares import after_top_up, enter_fare, settle_due_fares, settle_fare
from payments.services.fee_contests import (
    contest_fee,
    decide_contest,
    decide_contests_by_silence,
)
from payments.services.holds import capture_hold, expire_holds, place_hold, release_hold
from payments.services.incentives import (
    revise_incentive,
    save_incentive,
    switch_incentive,
    try_incentive,
)
from payments.services.intents import record_outcome, send_intents, sweep_intents
from payments.services.ledger import close_trip, post_journal, post_journals, reverse_journal
from payments.services.manual import post_proposed, propose_journal, refuse_proposed
from payments.services.mergers import (
    answer_merger,
    give_back_after_merger,
    look_at_merger,
    merge_if_agreed,
    pay_for_merger,
    record_merger_answer,
)
from payments.services.notices import process_notices, receive_notice
from payments.services.openings import open_room
from payments.services.paying import End, close_unpaid, payer_returned
from payments.services.payments import request_owed_refunds, request_payment, request_refund
from payments.services.payout_accounts import forget_account, keep_account
from payments.services.payouts import end_payout, move_play_money, pay_out
from payments.services.rewards import (
    proof_withdrawn,
    take_back_reward,
    trip_counted,
    trip_settled,
)
from payments.services.ride_fares import (
    RideCashier,
    decide_price,
    decide_prices_by_silence,
    dispute_price,
    pay_for_booking,
    settle_booking,
)
from payments.services.rooms import (
    Joining,
    give_back,
    give_back_to_host,
    join_room,
    pay_for_seat,
    reserve_seat,
)
from payments.services.sponsors import save_budget, switch_budget
from payments.services.statements import reconcile_provider, reconcile_providers
from payments.services.sweeping import sweep
from payments.services.tariffs import remove_tariff, save_tariff
from payments.services.top_ups import (
    absorb,
    answer_top_up,
    expire_top_ups,
    look_at_party,
    pay_top_up,
    record_answer,
)

__all__ = [
    "End",
    "Joining",
    "RideCashier",
    "absorb",
    "after_top_up",
    "answer_merger",
    "answer_top_up",
    "capture_hold",
    "charge_back",
    "close_trip",
    "close_unpaid",
    "contest_fee",
    "decide_by_silence",
    "decide_contest",
    "decide_contests_by_silence",
    "decide_dispute",
    "decide_price",
    "decide_prices_by_silence",
    "dispute_price",
    "end_payout",
    "enter_deposit",
    "enter_fare",
    "expire_holds",
    "expire_top_ups",
    "forget_account",
    "give_back",
    "give_back_after_merger",
    "give_back_to_host",
    "join_room",
    "keep_account",
    "look_at_merger",
    "look_at_party",
    "merge_if_agreed",
    "move_play_money",
    "open_dispute",
    "open_room",
    "pay_for_booking",
    "pay_for_merger",
    "pay_for_seat",
    "pay_out",
    "pay_top_up",
    "payer_returned",
    "payment_arrived",
    "payment_failed",
    "place_hold",
    "post_deposit",
    "post_journal",
    "post_journals",
    "post_proposed",
    "process_notices",
    "proof_withdrawn",
    "propose_journal",
    "receive_notice",
    "reconcile_provider",
    "reconcile_providers",
    "record_answer",
    "record_merger_answer",
    "record_outcome",
    "refuse_deposit",
    "refuse_proposed",
    "release_hold",
    "remove_tariff",
    "request_owed_refunds",
    "request_payment",
    "request_refund",
    "reserve_seat",
    "return_chargeback",
    "reverse_journal",
    "revise_incentive",
    "save_budget",
    "save_incentive",
    "save_tariff",
    "send_intents",
    "settle_booking",
    "settle_due_fares",
    "settle_fare",
    "sweep",
    "sweep_intents",
    "switch_budget",
    "switch_incentive",
    "take_back_reward",
    "trip_counted",
    "trip_settled",
    "try_incentive",
]
