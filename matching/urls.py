"""Pages of matching."""

from django.urls import path

from matching.views import find

app_name = "matching"
urlpatterns = [
    path("find/", find.find_ride, name="find"),
    path("find/book/", find.book, name="book"),
    path("find/keep/", find.keep_request, name="request"),
    path("requests/<uuid:request_id>/close/", find.close_request, name="request-close"),
]
