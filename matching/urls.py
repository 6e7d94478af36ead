"""Pages of finding a ride."""

from django.urls import path

from matching import views

app_name = "matching"
urlpatterns = [
    path("find/", views.find, name="find"),
    path("find/book/", views.book, name="book"),
    path("find/keep/", views.keep_request, name="request"),
    path("requests/<uuid:request_id>/close/", views.close_request, name="request-close"),
]
