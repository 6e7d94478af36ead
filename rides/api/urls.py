"""Addresses below /api/v1/."""

from django.urls import path

from rides.api import instant, recurring, reviews, safety, views

app_name = "rides-api"
urlpatterns = [
    path("rides", views.RidesView.as_view(), name="rides"),
    path("rides/<uuid:ride_id>", views.RideView.as_view(), name="ride"),
    path("rides/<uuid:ride_id>/cancel", views.RideCancelView.as_view(), name="ride-cancel"),
    path("rides/<uuid:ride_id>/start", views.RideStartView.as_view(), name="ride-start"),
    path("rides/<uuid:ride_id>/finish", views.RideFinishView.as_view(), name="ride-finish"),
    path("rides/<uuid:ride_id>/board", instant.RideBoardView.as_view(), name="ride-board"),
    path("rides/<uuid:ride_id>/reports", safety.RideReportsView.as_view(), name="ride-reports"),
    path("rides/<uuid:ride_id>/blocks", safety.RideBlocksView.as_view(), name="ride-blocks"),
    path("rides/<uuid:ride_id>/shares", safety.RideSharesView.as_view(), name="ride-shares"),
    path(
        "rides/<uuid:ride_id>/stops/<int:stop_id>/visit",
        views.StopVisitView.as_view(),
        name="stop-visit",
    ),
    path("rides/<uuid:ride_id>/replace", recurring.RideReplaceView.as_view(), name="ride-replace"),
    path("me/recurring-rides", recurring.RecurringRidesView.as_view(), name="recurring-rides"),
    path(
        "recurring-rides/<uuid:recurring_id>",
        recurring.RecurringRideView.as_view(),
        name="recurring-ride",
    ),
    path(
        "recurring-rides/<uuid:recurring_id>/days",
        recurring.RecurringDaysView.as_view(),
        name="recurring-days",
    ),
    path(
        "recurring-rides/<uuid:recurring_id>/end",
        recurring.RecurringEndView.as_view(),
        name="recurring-end",
    ),
    path(
        "recurring-rides/<uuid:recurring_id>/days-out",
        recurring.DaysOutView.as_view(),
        name="recurring-out",
    ),
    path(
        "recurring-rides/<uuid:recurring_id>/day-back",
        recurring.DayBackView.as_view(),
        name="recurring-back",
    ),
    path("instant", instant.InstantView.as_view(), name="instant"),
    path("instant/<str:code>", instant.InstantCodeView.as_view(), name="instant-code"),
    path("instant/<str:code>/join", instant.InstantJoinView.as_view(), name="instant-join"),
    path("me/bookings", views.BookingsView.as_view(), name="bookings"),
    path("bookings/<uuid:booking_id>", views.BookingView.as_view(), name="booking"),
    path(
        "bookings/<uuid:booking_id>/cancel",
        views.BookingCancelView.as_view(),
        name="booking-cancel",
    ),
    path(
        "bookings/<uuid:booking_id>/confirm",
        views.BookingConfirmView.as_view(),
        name="booking-confirm",
    ),
    path(
        "bookings/<uuid:booking_id>/decline",
        views.BookingDeclineView.as_view(),
        name="booking-decline",
    ),
    path(
        "bookings/<uuid:booking_id>/alight",
        instant.BookingAlightView.as_view(),
        name="booking-alight",
    ),
    path(
        "bookings/<uuid:booking_id>/answer",
        views.BookingAnswerView.as_view(),
        name="booking-answer",
    ),
    path(
        "bookings/<uuid:booking_id>/missing",
        views.BookingMissingView.as_view(),
        name="booking-missing",
    ),
    path(
        "bookings/<uuid:booking_id>/rating",
        reviews.BookingRatingView.as_view(),
        name="booking-rating",
    ),
    path("me/reliability", reviews.OwnReliabilityView.as_view(), name="reliability"),
    path("me/deeds", reviews.DeedsView.as_view(), name="deeds"),
    path(
        "me/deeds/<int:deed_id>/objection",
        reviews.DeedObjectionView.as_view(),
        name="deed-objection",
    ),
    path("me/ratings", reviews.ReceivedView.as_view(), name="ratings"),
    path(
        "me/ratings/<uuid:review_id>/reports",
        reviews.ReceivedReportView.as_view(),
        name="rating-reports",
    ),
    path("requests", views.RequestsView.as_view(), name="requests"),
    path(
        "requests/<uuid:request_id>/close", views.RequestCloseView.as_view(), name="request-close"
    ),
]
