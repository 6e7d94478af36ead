"""Addresses of tracking's pages; what a ride's positions show is a part of the ride's page."""

from django.urls import path

from tracking.views import riding, work_days

app_name = "tracking"
urlpatterns = [
    path("rides/<uuid:ride_id>/position/", riding.share, name="share"),
    path("rides/<uuid:ride_id>/position/stop/", riding.stop, name="stop"),
    path("verdicts/<uuid:verification_id>/appeal/", riding.appeal, name="appeal"),
    path("profile/days/", work_days.own_days, name="own-days"),
    path("profile/days/table.csv", work_days.own_table, name="own-days-table"),
    path("organization/days/", work_days.counted_days, name="counted-days"),
]
