"""Pages of rides."""

from django.urls import path

from rides import views

app_name = "rides"
urlpatterns = [
    path("", views.today, name="today"),
    path("offer/", views.offer, name="offer"),
    path("instant/", views.instant, name="instant"),
    path("instant/<str:code>/", views.join_instant, name="instant-join"),
    path("rides/<uuid:ride_id>/", views.ride, name="ride"),
    path("rides/<uuid:ride_id>/change/", views.change, name="change"),
    path("rides/<uuid:ride_id>/cancel/", views.cancel, name="cancel"),
    path("rides/<uuid:ride_id>/start/", views.start, name="start"),
    path("rides/<uuid:ride_id>/visit/", views.visit, name="visit"),
    path("rides/<uuid:ride_id>/finish/", views.finish, name="finish"),
    path("rides/<uuid:ride_id>/board/", views.board, name="board"),
    path("rides/<uuid:ride_id>/person/", views.fellow, name="fellow"),
    path("rides/<uuid:ride_id>/person/block/", views.block_fellow, name="fellow-block"),
    path("rides/<uuid:ride_id>/share/", views.share, name="share"),
    path("rides/<uuid:ride_id>/share/end/", views.stop_sharing, name="share-end"),
    path("rides/<uuid:ride_id>/emergency/", views.emergency, name="emergency"),
    path("repeating/", views.recurring_rides, name="recurring-rides"),
    path("repeating/<uuid:recurring_id>/", views.recurring_ride, name="recurring-ride"),
    path("repeating/<uuid:recurring_id>/end/", views.end_recurring, name="recurring-end"),
    path("repeating/<uuid:recurring_id>/out/", views.leave_out, name="recurring-out"),
    path("repeating/<uuid:recurring_id>/back/", views.take_back, name="recurring-back"),
    path("follow/<str:token>/", views.follow, name="follow"),
    path("bookings/<uuid:booking_id>/confirm/", views.confirm_booking, name="booking-confirm"),
    path("bookings/<uuid:booking_id>/decline/", views.decline_booking, name="booking-decline"),
    path("bookings/<uuid:booking_id>/cancel/", views.cancel_booking, name="booking-cancel"),
    path("bookings/<uuid:booking_id>/missing/", views.mark_missing, name="booking-missing"),
    path("bookings/<uuid:booking_id>/alight/", views.alight, name="booking-alight"),
    path("bookings/<uuid:booking_id>/answer/", views.answer_booking, name="booking-answer"),
    path("bookings/<uuid:booking_id>/rate/", views.rate, name="rate"),
    path("profile/reliability/", views.reliability, name="reliability"),
    path("profile/reliability/<int:deed_id>/", views.object_to_deed, name="deed"),
    path("profile/ratings/<uuid:review_id>/", views.report_review, name="review-report"),
]
