"""Addresses of payments."""

from django.urls import path

from payments.views import (
    fund,
    incentives,
    mergers,
    paying,
    payout_account,
    ride_fares,
    room_actions,
    rooms,
    sponsors,
    wallet,
    webhooks,
)

app_name = "payments"
urlpatterns = [
    path("payments/<uuid:payment_id>/", paying.pay, name="pay"),
    path("payments/<uuid:payment_id>/back/<str:key>/<slug:end>/", paying.back, name="back"),
    path("organization/fund/", fund.fund, name="fund"),
    path("organization/sponsor/", sponsors.sponsor, name="sponsor"),
    path("organization/sponsor/new/", sponsors.new_budget, name="budget-new"),
    path("organization/sponsor/<uuid:budget_id>/", sponsors.budget, name="budget"),
    path("organization/sponsor/<uuid:budget_id>/open/", sponsors.open_budget, name="budget-open"),
    path(
        "organization/sponsor/<uuid:budget_id>/close/", sponsors.close_budget, name="budget-close"
    ),
    path("wallet/rewards/", incentives.earnings, name="earnings"),
    path("organization/incentives/", incentives.incentives, name="incentives"),
    path("organization/incentives/new/", incentives.new_incentive, name="incentive-new"),
    path("organization/incentives/<uuid:incentive_id>/", incentives.incentive, name="incentive"),
    path(
        "organization/incentives/<uuid:incentive_id>/try/",
        incentives.try_incentive,
        name="incentive-try",
    ),
    path(
        "organization/incentives/<uuid:incentive_id>/switch/",
        incentives.switch_incentive,
        name="incentive-switch",
    ),
    path(
        "organization/incentives/<uuid:incentive_id>/revise/",
        incentives.revise_incentive,
        name="incentive-revise",
    ),
    path(
        "organization/rewards/<uuid:reward_id>/take-back/",
        incentives.take_back,
        name="reward-take-back",
    ),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/account/", payout_account.payout_account, name="payout-account"),
    path(
        "wallet/account/forget/",
        payout_account.forget_payout_account,
        name="payout-account-forget",
    ),
    path("wallet/receipts/<uuid:trip_id>.pdf", wallet.receipt, name="receipt"),
    path("wallet/<str:month>/", wallet.month, name="month"),
    path("wallet/<str:month>/statement.pdf", wallet.month_paper, name="month-paper"),
    path("webhooks/<slug:provider>/", webhooks.webhook, name="webhook"),
    path("bookings/<uuid:booking_id>/pay/", ride_fares.pay_for_booking, name="ride-pay"),
    path("bookings/<uuid:booking_id>/object/", ride_fares.contest_fee, name="ride-contest"),
    path("rooms/open/", rooms.open_room, name="room-open"),
    path("rooms/<uuid:room_id>/", rooms.room, name="room"),
    path("rooms/<uuid:room_id>/join/", rooms.join, name="room-join"),
    path("rooms/<uuid:room_id>/leave/", room_actions.leave, name="room-leave"),
    path("rooms/<uuid:room_id>/ask/", room_actions.ask_to_host, name="room-ask"),
    path("rooms/<uuid:room_id>/take-over/", room_actions.take_over, name="room-take-over"),
    path("rooms/<uuid:room_id>/lock/", room_actions.lock, name="room-lock"),
    path("rooms/<uuid:room_id>/call/", room_actions.call_taxi, name="room-call"),
    path("rooms/<uuid:room_id>/board/", room_actions.board, name="room-board"),
    path("rooms/<uuid:room_id>/absent/", room_actions.mark_absent, name="room-absent"),
    path("rooms/<uuid:room_id>/depart/", room_actions.depart, name="room-depart"),
    path("rooms/<uuid:room_id>/arrive/", room_actions.arrive, name="room-arrive"),
    path("rooms/<uuid:room_id>/here/", room_actions.check_in, name="room-here"),
    path(
        "rooms/<uuid:room_id>/top-ups/<uuid:top_up_id>/",
        room_actions.answer_top_up,
        name="room-top-up",
    ),
    path("rooms/<uuid:room_id>/absorb/", room_actions.absorb, name="room-absorb"),
    path("rooms/<uuid:room_id>/fare/", room_actions.enter_fare, name="room-fare"),
    path("rooms/<uuid:room_id>/dispute/", room_actions.dispute, name="room-dispute"),
    path("rooms/<uuid:room_id>/merger/", mergers.answer_merger, name="room-merger"),
    path("rooms/<uuid:room_id>/cancel/", room_actions.cancel, name="room-cancel"),
]
