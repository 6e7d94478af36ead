"""Addresses below /api/v1/."""

from django.urls import path

from accounts.api import views

app_name = "accounts-api"
urlpatterns = [
    path("me", views.MeView.as_view(), name="me"),
    path("me/cars", views.CarsView.as_view(), name="cars"),
    path("me/cars/<uuid:car_id>", views.CarView.as_view(), name="car"),
    path("me/places", views.PlacesView.as_view(), name="places"),
    path("me/places/<uuid:place_id>", views.PlaceView.as_view(), name="place"),
]
