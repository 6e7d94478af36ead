"""Addresses of the REST API of maps."""

from django.urls import path

from maps.api import views

app_name = "maps-api"
urlpatterns = [
    path("regions", views.RegionsView.as_view(), name="regions"),
    path("addresses", views.AddressesView.as_view(), name="addresses"),
    path("route", views.RouteView.as_view(), name="route"),
    path("place", views.PlaceView.as_view(), name="place"),
]
