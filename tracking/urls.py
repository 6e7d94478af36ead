"""Addresses of tracking's pages; what they show is a part of the ride's page."""

from django.urls import path

from tracking import views

app_name = "tracking"
urlpatterns = [
    path("rides/<uuid:ride_id>/position/", views.share, name="share"),
    path("rides/<uuid:ride_id>/position/stop/", views.stop, name="stop"),
    path("verdicts/<uuid:verification_id>/appeal/", views.appeal, name="appeal"),
]
