"""Addresses below /api/v1/."""

from django.urls import path

from matching.api import drawing, views

app_name = "matching-api"
urlpatterns = [
    path("searches", views.SearchView.as_view(), name="search"),
    path("searches/drawing", drawing.DrawingView.as_view(), name="drawing"),
    path("bookings", views.BookView.as_view(), name="book"),
]
