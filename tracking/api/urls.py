"""Addresses below /api/v1/."""

from django.urls import path

from tracking.api import views, work_days

app_name = "tracking-api"
urlpatterns = [
    path("rides/<uuid:ride_id>/positions", views.RidePositionsView.as_view(), name="positions"),
    path("rides/<uuid:ride_id>/sharing", views.RideSharingView.as_view(), name="sharing"),
    path("rides/<uuid:ride_id>/car", views.RideCarView.as_view(), name="car"),
    path("rides/<uuid:ride_id>/verdicts", views.RideVerdictsView.as_view(), name="verdicts"),
    path(
        "verdicts/<uuid:verification_id>/appeal", views.AppealView.as_view(), name="verdict-appeal"
    ),
    path("me/work-days", work_days.OwnDaysView.as_view(), name="work-days"),
    path("organization/work-days", work_days.DayCountsView.as_view(), name="work-day-counts"),
]
