"""Addresses below /api/v1/."""

from django.urls import path

from payments.api import (
    budgets,
    incentives,
    mergers,
    ride_fares,
    room_actions,
    room_money,
    rooms,
    wallet,
)

app_name = "payments-api"
urlpatterns = [
    path("bookings/<uuid:booking_id>/fare", ride_fares.FareView.as_view(), name="ride-fare"),
    path(
        "bookings/<uuid:booking_id>/leaving",
        ride_fares.LeavingView.as_view(),
        name="ride-leaving",
    ),
    path(
        "bookings/<uuid:booking_id>/fare/objection",
        ride_fares.ObjectionView.as_view(),
        name="ride-contest",
    ),
    path("bookings/<uuid:booking_id>/payment", ride_fares.PayView.as_view(), name="ride-pay"),
    path("rooms", rooms.RoomsView.as_view(), name="rooms"),
    path("rooms/quote", rooms.OpeningQuoteView.as_view(), name="room-opening"),
    path("me/rooms", rooms.OwnRoomsView.as_view(), name="own-rooms"),
    path("rooms/<uuid:room_id>", rooms.RoomView.as_view(), name="room"),
    path("rooms/<uuid:room_id>/quote", rooms.JoinQuoteView.as_view(), name="room-quote"),
    path("rooms/<uuid:room_id>/join", rooms.JoinView.as_view(), name="room-join"),
    path("rooms/<uuid:room_id>/leave", room_actions.LeaveView.as_view(), name="room-leave"),
    path("rooms/<uuid:room_id>/next-host", room_actions.HostView.as_view(), name="room-ask"),
    path(
        "rooms/<uuid:room_id>/take-over", room_actions.TakeOverView.as_view(), name="room-take-over"
    ),
    path("rooms/<uuid:room_id>/lock", room_actions.LockView.as_view(), name="room-lock"),
    path("rooms/<uuid:room_id>/taxi", room_actions.TaxiView.as_view(), name="room-taxi"),
    path("rooms/<uuid:room_id>/board", room_actions.BoardView.as_view(), name="room-board"),
    path(
        "rooms/<uuid:room_id>/seats/<uuid:seat_id>/absent",
        room_actions.AbsentView.as_view(),
        name="room-absent",
    ),
    path("rooms/<uuid:room_id>/depart", room_actions.DepartView.as_view(), name="room-depart"),
    path("rooms/<uuid:room_id>/arrive", room_actions.ArriveView.as_view(), name="room-arrive"),
    path("rooms/<uuid:room_id>/cancel", room_actions.CancelView.as_view(), name="room-cancel"),
    path("rooms/<uuid:room_id>/here", room_money.HereView.as_view(), name="room-here"),
    path("rooms/<uuid:room_id>/money", room_money.RoomMoneyView.as_view(), name="room-money"),
    path("rooms/<uuid:room_id>/fare", room_money.FareView.as_view(), name="room-fare"),
    path("rooms/<uuid:room_id>/absorb", room_money.AbsorbView.as_view(), name="room-absorb"),
    path(
        "rooms/<uuid:room_id>/top-ups/<uuid:top_up_id>",
        room_money.TopUpView.as_view(),
        name="room-top-up",
    ),
    path("rooms/<uuid:room_id>/merger", mergers.MergerView.as_view(), name="room-merger"),
    path("rooms/<uuid:room_id>/dispute", room_money.DisputeView.as_view(), name="room-dispute"),
    path("organization/budgets", budgets.BudgetsView.as_view(), name="budgets"),
    path("organization/budgets/<uuid:budget_id>", budgets.BudgetView.as_view(), name="budget"),
    path(
        "organization/budgets/<uuid:budget_id>/open",
        budgets.OpenBudgetView.as_view(),
        name="budget-open",
    ),
    path(
        "organization/budgets/<uuid:budget_id>/close",
        budgets.CloseBudgetView.as_view(),
        name="budget-close",
    ),
    path("me/incentives", incentives.EarningsView.as_view(), name="earnings"),
    path("me/rewards", incentives.RewardsView.as_view(), name="rewards"),
    path("organization/incentives", incentives.IncentivesView.as_view(), name="incentives"),
    path(
        "organization/incentives/<uuid:incentive_id>",
        incentives.IncentiveView.as_view(),
        name="incentive",
    ),
    path(
        "organization/incentives/<uuid:incentive_id>/trial",
        incentives.TrialView.as_view(),
        name="incentive-trial",
    ),
    path(
        "organization/incentives/<uuid:incentive_id>/state",
        incentives.SwitchView.as_view(),
        name="incentive-state",
    ),
    path(
        "organization/incentives/<uuid:incentive_id>/version",
        incentives.VersionView.as_view(),
        name="incentive-version",
    ),
    path(
        "organization/rewards/<uuid:reward_id>/take-back",
        incentives.TakeBackView.as_view(),
        name="reward-take-back",
    ),
    path("rides/<uuid:ride_id>/seat-terms", ride_fares.TermsView.as_view(), name="seat-terms"),
    path("wallet", wallet.WalletView.as_view(), name="wallet"),
    path("wallet/movements", wallet.MovementsView.as_view(), name="movements"),
    path("wallet/months/<str:month>", wallet.MonthView.as_view(), name="month"),
]
