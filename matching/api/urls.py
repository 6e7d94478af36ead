"""Addresses below /api/v1/."""

from django.urls import path

from matching.api import views

app_name = "matching-api"
urlpatterns = [
    path("searches", views.SearchView.as_view(), name="search"),
    path("bookings", views.BookView.as_view(), name="book"),
]
