"""Addresses of maps."""

from django.urls import path

from maps import views

app_name = "maps"
urlpatterns = [path("<slug:slug>/<int:z>/<int:x>/<int:y>.mvt", views.tile, name="tile")]
