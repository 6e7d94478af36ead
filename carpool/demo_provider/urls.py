"""All addresses of the provider."""

from django.urls import include, path

from carpool.demo_provider import views

urlpatterns = [
    path("", views.sign_in, name="account_login"),
    path("again/", views.sign_in, name="account_reauthenticate"),
    path("healthz", views.healthz),
    path("style.css", views.stylesheet, name="style"),
    path("", include("allauth.idp.urls")),
]
